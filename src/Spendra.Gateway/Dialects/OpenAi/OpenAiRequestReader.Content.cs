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
        else if (IsOfFilm())
        {
            if (HasValueNext()) TakeUnknown(isElsewhere: true);
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
        else if (_json.ValueTextEquals("url"u8))
        {
            item.HoldsImage |= HasValueNext();
        }
    }

    /// <summary>Films, and Google's own names of data: in no format of OpenAI's, and what passes may be read all the same.</summary>
    private readonly bool IsOfFilm() =>
        _json.ValueTextEquals("video_url"u8) || _json.ValueTextEquals("input_video"u8)
        || _json.ValueTextEquals("inline_data"u8) || _json.ValueTextEquals("inlineData"u8);

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
        else if (IsText("compaction"u8) || IsText("compaction_summary"u8) || IsText("context_compaction"u8)) item.Kind = ItemKind.Compaction;
        else if (IsText("code_interpreter_call"u8)) item.Kind = ItemKind.Code;
        else if (IsText("web_search_call"u8)) item.Kind = ItemKind.WebSearch;
        else if (IsText("file_search_call"u8)) item.Kind = ItemKind.FileSearch;
        else if (IsText("image_generation_call"u8)) item.Kind = ItemKind.Image;
        else if (IsText("message"u8)) item.Kind = ItemKind.Message;
        else if (IsText("mcp_call"u8)) item.Kind = ItemKind.RemoteCall;
        else if (IsText("mcp_list_tools"u8)) item.Kind = ItemKind.ToolList;
        else if (IsText("tool_search_output"u8)) item.Kind = ItemKind.ToolList;
        else if (_json.TokenType == JsonTokenType.String && _json.GetString()!.EndsWith("_output", StringComparison.Ordinal)) item.Kind = ItemKind.Output;
        _mayReuseContainer |= item.Kind == ItemKind.Code;
        if (IsText("compaction_trigger"u8)) Refuse(Compaction);
    }

    private void ReadItemField(ref InputItem item, ref readonly Utf8JsonReader startOfItem)
    {
        if (_body == OpenAiBody.Responses && _json.ValueTextEquals("tools"u8))
        {
            item.Note(ItemMembers.Tools, HasListNext());
            ReadToolsOfItem();
        }
        else if (_json.ValueTextEquals("content"u8)) item.Note(ItemMembers.Content, HasSomethingNext());
        else if (_json.ValueTextEquals("output"u8)) item.Note(ItemMembers.Output, HasValueNext());
        else if (IsOfCall()) item.Brings(ItemMembers.Call, HasValueNext());
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

    /// <summary>At a property name, without leaving it: whether its value has anything in it.</summary>
    private readonly bool HasSomethingNext()
    {
        var value = _json;
        if (!value.Read()) return false;
        return value.TokenType switch
        {
            JsonTokenType.String => !value.ValueSpan.IsEmpty,
            JsonTokenType.StartArray => value.Read() && value.TokenType != JsonTokenType.EndArray,
            JsonTokenType.StartObject => true,
            _ => false,
        };
    }

    /// <summary>At a property name, without leaving it: false for null.</summary>
    private readonly bool HasValueNext()
    {
        var value = _json;
        return value.Read() && value.TokenType != JsonTokenType.Null;
    }

    private readonly bool IsText(ReadOnlySpan<byte> text) => _json.TokenType == JsonTokenType.String && _json.ValueTextEquals(text);
}
