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
        if (_json.ValueTextEquals("annotations"u8) || (isOfItem && _json.ValueTextEquals("results"u8) && (item.IsFileSearch ??= IsFileSearch(startOfItem))))
        {
            // What an answer cited or found, sent back with it: files are named and none is loaded.
            _json.Skip();
        }
        else if (_json.ValueTextEquals("file_id"u8))
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
            if (ReadsValue()) Refuse("sound in chats has no bound here, whatever rates its model has. Send text, or use audio/transcriptions");
        }
        else if (_json.ValueTextEquals("prompt_cache_breakpoint"u8))
        {
            _json.Read();
            ReadPromptCache();
        }
        else if (_json.ValueTextEquals("type"u8))
        {
            var hasType = ReadsValue();
            if (hasType && IsText("item_reference"u8)) Refuse(ReferencedItem);
            if (!isOfItem) return;
            item.HasType = hasType;
            item.IsReasoning = hasType && IsText("reasoning"u8);
            item.IsCompaction |= hasType && IsText("compaction"u8);
            _mayReuseContainer |= hasType && IsText("code_interpreter_call"u8);
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

    private record struct InputItem
    {
        public bool HasId { get; set; }
        public bool HasType { get; set; }
        public bool HasRole { get; set; }
        public bool IsReasoning { get; set; }
        public bool IsCompaction { get; set; }
        public bool HasEncryptedContent { get; set; }

        /// <summary>Null until it matters: the type may stand after what it decides.</summary>
        public bool? IsFileSearch { get; set; }
    }
}
