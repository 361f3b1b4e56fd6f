using System.Text.Json;
using Spendra.Core.Ledger;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>What the content of a request names that its bytes do not show.</summary>
internal ref partial struct OpenAiRequestReader
{
    /// <summary>
    /// Walks messages or input for what its bytes do not show. Only names of content parts count, and only where
    /// they carry a value of the right type: the same word in a text is just text.
    /// </summary>
    private void ReadContent()
    {
        if (_json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject)) return;
        var depth = _json.CurrentDepth;
        var item = default(InputItem);
        var startOfItem = _json;
        while (_fault is null && _json.Read() && _json.CurrentDepth > depth)
        {
            var isItem = _json.CurrentDepth == depth + 1;
            if (_json.TokenType == JsonTokenType.StartObject) BeginPart();
            if (isItem && _json.TokenType == JsonTokenType.StartObject)
            {
                item = default;
                startOfItem = _json;
            }
            else if (isItem && _json.TokenType == JsonTokenType.EndObject) JudgeItem(item);
            else if (_json.TokenType == JsonTokenType.PropertyName) ReadContentField(ref item, _json.CurrentDepth == depth + 2, in startOfItem);
        }
    }

    private void ReadContentField(ref InputItem item, bool isOfItem, ref readonly Utf8JsonReader startOfItem)
    {
        if (_json.ValueTextEquals("annotations"u8))
        {
            // What an answer cited, sent back with it: files are named and none is loaded.
            _json.Skip();
        }
        else if (_json.ValueTextEquals("file_id"u8))
        {
            if (_json.Read() && _json.TokenType == JsonTokenType.String) Refer(ObjectKind.File, "file_id");
        }
        else if (_json.ValueTextEquals("image_url"u8))
        {
            ReadImage();
        }
        else if (_json.ValueTextEquals("file_url"u8) || _json.ValueTextEquals("file_data"u8))
        {
            var isData = _json.ValueTextEquals("file_data"u8);
            // Data may stand in an address as well.
            if (ReadsValue()) TakeUnknown(isElsewhere: !isData && !(_json.TokenType == JsonTokenType.String && _json.ValueSpan.StartsWith("data:"u8)));
        }
        else if (_json.ValueTextEquals("input_audio"u8) || _json.ValueTextEquals("audio"u8))
        {
            if (ReadsValue()) Refuse("sound in chats has no bound here, whatever rates its model has. Send text, or use audio/transcriptions");
        }
        else if (_json.ValueTextEquals("prompt_cache_breakpoint"u8))
        {
            _json.Read();
            ReadPromptCache();
        }
        else if (_json.ValueTextEquals("type"u8))
        {
            ReadContentType(ref item, isOfItem);
        }
        else if (isOfItem)
        {
            ReadItemField(ref item, in startOfItem);
        }
    }

    private void ReadContentType(ref InputItem item, bool isOfItem)
    {
        var hasType = ReadsValue();
        if (hasType && IsText("item_reference"u8)) Refuse(ReferencedItem);
        if (!isOfItem)
        {
            item.HoldsImage |= hasType && IsText("image"u8);
            return;
        }
        item.Note(ItemMembers.Type, hasType);
        if (!hasType) return;
        if (IsText("reasoning"u8)) item.Kind = ItemKind.Reasoning;
        else if (IsText("compaction"u8)) item.Kind = ItemKind.Compaction;
        else if (IsText("code_interpreter_call"u8)) item.Kind = ItemKind.Code;
        else if (IsText("web_search_call"u8)) item.Kind = ItemKind.WebSearch;
        else if (IsText("file_search_call"u8)) item.Kind = ItemKind.FileSearch;
        else if (IsText("image_generation_call"u8)) item.Kind = ItemKind.Image;
        _mayReuseContainer |= item.Kind == ItemKind.Code;
        if (IsText("compaction_trigger"u8)) Refuse(Compaction);
    }

    private void ReadItemField(ref InputItem item, ref readonly Utf8JsonReader startOfItem)
    {
        if (_body == OpenAiBody.Responses && _json.ValueTextEquals("tools"u8)) ReadToolsOfItem();
        else if (_json.ValueTextEquals("id"u8)) item.Note(ItemMembers.Id, ReadsValue());
        else if (_json.ValueTextEquals("role"u8)) item.Note(ItemMembers.Role, ReadsValue());
        else if (_json.ValueTextEquals("encrypted_content"u8)) item.Note(ItemMembers.Sealed, ReadsSomeText());
        else if (_json.ValueTextEquals("result"u8)) item.Note(ItemMembers.Result, ReadsSomeText());
        else if (_json.ValueTextEquals("outputs"u8)) item.Note(ItemMembers.Outputs, HasListNext());
        else if (_json.ValueTextEquals("results"u8))
        {
            item.Note(ItemMembers.Results, HasListNext());
            // What a search found is text: files are named and none is loaded.
            if (item.IsFileSearch ??= IsFileSearch(startOfItem)) _json.Skip();
        }
    }

    /// <summary>From the start of an item. One that says twice what it is could be either.</summary>
    private static bool IsFileSearch(Utf8JsonReader item)
    {
        var types = 0;
        var isSearch = false;
        while (item.Read() && item.TokenType == JsonTokenType.PropertyName)
        {
            var isType = item.ValueTextEquals("type"u8);
            item.Read();
            if (isType) types++;
            if (isType) isSearch = item.TokenType == JsonTokenType.String && item.ValueTextEquals("file_search_call"u8);
            item.Skip();
        }
        return isSearch && types == 1;
    }

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
            _ => false,
        };
    }

    /// <summary>From a property name to the start of its value; false for null.</summary>
    private bool ReadsValue() => _json.Read() && _json.TokenType != JsonTokenType.Null;

    /// <summary>From a property name to the start of its value; true for a text that is not empty.</summary>
    private bool ReadsSomeText() => _json.Read() && _json.TokenType == JsonTokenType.String && !_json.ValueSpan.IsEmpty;

    /// <summary>At a property name, without leaving it: whether its value is a list.</summary>
    private readonly bool HasListNext()
    {
        var value = _json;
        return value.Read() && value.TokenType == JsonTokenType.StartArray;
    }

    private readonly bool IsText(ReadOnlySpan<byte> text) => _json.TokenType == JsonTokenType.String && _json.ValueTextEquals(text);

    private enum ItemKind
    {
        Other,
        Reasoning,
        Compaction,
        Code,
        WebSearch,
        FileSearch,
        Image,
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
    }

    private record struct InputItem
    {
        private ItemMembers _seen;
        private ItemMembers _has;

        public ItemKind Kind { get; set; }

        /// <summary>Something inside of it is an image.</summary>
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

        public readonly bool Has(ItemMembers member) => (_has & member) != 0;
    }
}
