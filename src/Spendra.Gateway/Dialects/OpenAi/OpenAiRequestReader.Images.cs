using System.Text.Json;
using Spendra.Core.Ledger;
using Spendra.Gateway.Dialects.OpenAi.Media;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>The tool that makes images: which model makes them, and what each may be.</summary>
internal ref partial struct OpenAiRequestReader
{
    private const int MaxPartials = 3;

    private void ReadImageTool()
    {
        var start = _json;
        if (_facts.ImageTool is not null) Refuse("two tools 'image_generation' may have two prices, and the answer does not tell which one was used. Offer one");
        // Without a name the provider chooses, and has changed its choice before.
        if (ReadTextOf("model"u8, "") is not { Length: > 0 } model)
        {
            Refuse("which model makes the images is not said. Give the tool 'image_generation' a \"model\" that is in the price book");
            return;
        }
        _json = start;
        var size = ReadTextOf("size"u8, ImageFacts.Auto);
        _json = start;
        var quality = ReadTextOf("quality"u8, ImageFacts.Auto);
        _json = start;
        var isMadeAnew = ReadTextOf("action"u8, ImageFacts.Auto) == "generate";
        _json = start;
        var partials = ReadPartials();
        _json = start;
        if (Enter("input_image_mask"u8))
        {
            isMadeAnew = false;
            ReadMask();
        }
        _facts.ImageTool = new ImageToolFacts(model, new ImageFacts
        {
            Size = size,
            Quality = quality,
            Partials = partials,
            // Whatever images the conversation has may be worked on.
            Sources = isMadeAnew ? 0 : ImageTokens.MaxSources,
        });
    }

    /// <summary>From the start of a tool's object: a text in it, or what holds when it has none.</summary>
    private string ReadTextOf(ReadOnlySpan<byte> name, string absent)
    {
        if (!Enter(name)) return absent;
        if (_json.TokenType == JsonTokenType.String && ReadName() is { Length: > 0 and <= MaxModelLength } text) return text;
        Fail($"has a tool 'image_generation' with a member that is no text of 1 to {MaxModelLength} characters", "tools");
        return absent;
    }

    private int ReadPartials()
    {
        if (!Enter("partial_images"u8)) return 0;
        if (_json.TokenType == JsonTokenType.Number && _json.TryGetInt32(out var partials) && partials is >= 0 and <= MaxPartials) return partials;
        Fail($"has a tool 'image_generation' whose 'partial_images' is no whole number from 0 to {MaxPartials}", "tools");
        return 0;
    }

    private void ReadMask()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            Fail("has a tool 'image_generation' whose mask is no object", "tools");
            return;
        }
        if (!Enter("file_id"u8)) return;
        if (_json.TokenType == JsonTokenType.String) Refer(ObjectKind.File, "file_id");
        else Fail("has a tool 'image_generation' whose mask has no id of a file", "tools");
    }
}
