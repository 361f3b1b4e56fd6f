namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>The items of a response's input: what of them the provider may read back from where it keeps them.</summary>
internal ref partial struct OpenAiRequestReader
{
    private const string Compaction = "compaction at the provider is a further pass that is billed";
    private const string ReferencedItem = "a referenced item's content cannot be seen here";
    private const string ItemInDoubt = "an item that gives one of its members twice could be either. Send each once";
    private const string KeptImage = "an image that the provider keeps under an id may be somebody else's. Send the 'image_generation_call' with its 'result'";

    /// <summary>
    /// In the Responses API an id may stand for an item that the provider keeps: what an answer's item does not bring along
    /// when it is sent back is read from there, or may be, and is as long as it was.
    /// </summary>
    private readonly void JudgeItem(in InputItem item)
    {
        if (_body != OpenAiBody.Responses) return;
        if (item.IsInDoubt) Refuse(ItemInDoubt);
        // A conversation that the provider has compacted is as long as the provider makes it again, and an image as large as
        // its measures, whatever its bytes.
        if (item.Kind is ItemKind.Compaction or ItemKind.Image || item is { Kind: ItemKind.Code, HoldsImage: true }) _facts.HasUnseenContent = true;
        if (!item.Has(ItemMembers.Id)) return;
        // The type of a reference may be left out (openai-openapi, ItemReferenceParam); that of a message too, but it has a role.
        if (!item.Has(ItemMembers.Type) && !item.Has(ItemMembers.Role)) Refuse(ReferencedItem);
        // Images are made again from their id alone (OpenAI's guide "Image generation", "Using image ID").
        if (item.Kind == ItemKind.Image && !item.Has(ItemMembers.Result)) Refuse(KeptImage);
        _facts.HasUnseenContent |= item.Kind switch
        {
            ItemKind.Reasoning => !item.Has(ItemMembers.Sealed),
            ItemKind.FileSearch => !item.Has(ItemMembers.Results),
            ItemKind.Code => !item.Has(ItemMembers.Outputs),
            // No member of it has what was found.
            ItemKind.WebSearch => true,
            ItemKind.Message => !item.Has(ItemMembers.Content),
            ItemKind.Output or ItemKind.RemoteCall => !item.Has(ItemMembers.Output),
            ItemKind.ToolList => !item.Has(ItemMembers.Tools),
            // Without a type it can only be a message.
            ItemKind.Other => !item.Has(item.Has(ItemMembers.Type) ? ItemMembers.Content | ItemMembers.Output | ItemMembers.Tools | ItemMembers.Call : ItemMembers.Content),
            _ => false,
        };
    }

    /// <summary>What a call to a tool is, in the words of its several kinds.</summary>
    private readonly bool IsOfCall() =>
        _json.ValueTextEquals("arguments"u8) || _json.ValueTextEquals("input"u8) || _json.ValueTextEquals("action"u8) || _json.ValueTextEquals("actions"u8)
        || _json.ValueTextEquals("operation"u8) || _json.ValueTextEquals("approve"u8);

    private enum ItemKind
    {
        Other,
        Reasoning,
        Compaction,
        Code,
        WebSearch,
        FileSearch,
        Image,
        Message,
        Output,
        RemoteCall,
        ToolList,
    }

    [Flags]
    private enum ItemMembers
    {
        None = 0,
        Id = 1 << 0,
        Type = 1 << 1,
        Role = 1 << 2,
        Sealed = 1 << 3,
        Result = 1 << 4,
        Results = 1 << 5,
        Outputs = 1 << 6,
        Content = 1 << 7,
        Output = 1 << 8,
        Tools = 1 << 9,
        Call = 1 << 10,
    }

    private record struct InputItem
    {
        private ItemMembers _seen;
        private ItemMembers _has;

        public ItemKind Kind { get; set; }

        /// <summary>Something inside of it is an image, or has an address where one may be.</summary>
        public bool HoldsImage { get; set; }

        /// <summary>Null until it matters: the type may stand after what it decides.</summary>
        public bool? IsFileSearch { get; set; }

        /// <summary>Something that decides what it is stands there twice, and which one the provider heeds is not known.</summary>
        public bool IsInDoubt { get; private set; }

        public void Note(ItemMembers member, bool hasValue)
        {
            IsInDoubt |= (_seen & member) != 0;
            _seen |= member;
            if (hasValue) _has |= member;
        }

        /// <summary>One of several members that say the same.</summary>
        public void Brings(ItemMembers member, bool hasValue)
        {
            if (hasValue) _has |= member;
        }

        public readonly bool Has(ItemMembers member) => (_has & member) != 0;
    }
}
