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
        while (_fault is null && _json.Read() && _json.CurrentDepth > depth)
        {
            var isItem = _json.CurrentDepth == depth + 1;
            if (isItem && _json.TokenType == JsonTokenType.StartObject) item = default;
            else if (isItem && _json.TokenType == JsonTokenType.EndObject) JudgeItem(item);
            else if (_json.TokenType == JsonTokenType.PropertyName) ReadContentField(ref item, _json.CurrentDepth == depth + 2);
        }
    }

    private void ReadContentField(ref InputItem item, bool isOfItem)
    {
        if (_json.ValueTextEquals("file_id"u8))
        {
            if (_json.Read() && _json.TokenType == JsonTokenType.String) Refer(ObjectKind.File, "file_id");
        }
        else if (_json.ValueTextEquals("image_url"u8) || _json.ValueTextEquals("file_url"u8) || _json.ValueTextEquals("file_data"u8))
        {
            var isData = _json.ValueTextEquals("file_data"u8);
            if (!ReadsValue()) return;
            _facts.HasUnseenContent = true;
            // Data may stand in an address as well.
            _facts.HasContentElsewhere |= !isData && !(_json.TokenType == JsonTokenType.String && _json.ValueSpan.StartsWith("data:"u8));
        }
        else if (_json.ValueTextEquals("input_audio"u8) || _json.ValueTextEquals("audio"u8))
        {
            if (ReadsValue()) Refuse("audio has rates of its own that are not in the price book");
        }
        else if (_json.ValueTextEquals("type"u8))
        {
            var hasType = ReadsValue();
            if (hasType && IsText("item_reference"u8)) Refuse(ReferencedItem);
            if (!isOfItem) return;
            item.HasType = hasType;
            item.IsReasoning = hasType && IsText("reasoning"u8);
            item.IsCompaction |= hasType && IsText("compaction"u8);
            if (hasType && IsText("compaction_trigger"u8)) Refuse(Compaction);
        }
        else if (isOfItem)
        {
            if (_body == OpenAiBody.Responses && _json.ValueTextEquals("tools"u8)) ReadToolsOfItem();
            else if (_json.ValueTextEquals("id"u8)) item.HasId = ReadsValue();
            else if (_json.ValueTextEquals("role"u8)) item.HasRole = ReadsValue();
            else if (_json.ValueTextEquals("encrypted_content"u8)) item.HasEncryptedContent = ReadsValue();
        }
    }

    private const string Compaction = "compaction at the provider is a further pass that is billed";
    private const string ReferencedItem = "a referenced item's content cannot be seen here";

    /// <summary>In the Responses API an id may stand for an item that the provider keeps.</summary>
    private readonly void JudgeItem(InputItem item)
    {
        if (_body != OpenAiBody.Responses) return;
        // A conversation that the provider has compacted is as long as the provider makes it again.
        if (item.IsCompaction) _facts.HasUnseenContent = true;
        if (!item.HasId) return;
        // The type of a reference may be left out (openai-openapi, ItemReferenceParam); that of a message too, but it has a role.
        if (!item.HasType && !item.HasRole) Refuse(ReferencedItem);
        // A reasoning item is loaded by its id unless it brings its content along.
        if (item is { IsReasoning: true, HasEncryptedContent: false }) _facts.HasUnseenContent = true;
    }

    /// <summary>From a property name to the start of its value; false for null.</summary>
    private bool ReadsValue() => _json.Read() && _json.TokenType != JsonTokenType.Null;

    private readonly bool IsText(ReadOnlySpan<byte> text) => _json.TokenType == JsonTokenType.String && _json.ValueTextEquals(text);

    /// <summary>
    /// Since GPT-5.6 a prompt may be cached for longer than the 30 minutes that the price book's cache-write rate is
    /// for, at twice that rate (12 hours).
    /// </summary>
    private void ReadPromptCache()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _json.Skip();
            return;
        }
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isTtl = _json.ValueTextEquals("ttl"u8);
            if (ReadsValue() && isTtl && !IsText("30m"u8)) Refuse("prompts cached for longer than 30 minutes have a rate that is not in the price book");
            _json.Skip();
        }
    }

    private record struct InputItem
    {
        public bool HasId { get; set; }
        public bool HasType { get; set; }
        public bool HasRole { get; set; }
        public bool IsReasoning { get; set; }
        public bool IsCompaction { get; set; }
        public bool HasEncryptedContent { get; set; }
    }
}
