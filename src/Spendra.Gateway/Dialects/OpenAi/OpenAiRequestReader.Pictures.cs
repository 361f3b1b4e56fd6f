using System.Text.Json;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>The images among the content: whether their data is in the body, and how closely they are to be looked at.</summary>
internal ref partial struct OpenAiRequestReader
{
    private void BeginPart()
    {
        _part = _json;
        _partDepth = _json.CurrentDepth;
        _partDetail = null;
    }

    /// <summary>From the name <c>image_url</c>. Responses have an address there, chat completions an object that has one.</summary>
    private void ReadImage()
    {
        var owner = _json.CurrentDepth - 1;
        if (!ReadsValue()) return;
        if (_json.TokenType == JsonTokenType.String) TakeImage(_json.ValueSpan, (int)_json.TokenStartIndex + 1, DetailOf(owner));
        else if (_json.TokenType == JsonTokenType.StartObject && _json.TokenStartIndex >= _readForImages) ReadImageObject();
        else TakeUnknown(isElsewhere: true);
    }

    /// <summary>The walk goes on inside of the object, where a file may be named.</summary>
    private void ReadImageObject()
    {
        var inner = _json;
        var addresses = 0;
        var details = 0;
        var detail = ImageDetail.Any;
        var start = 0;
        ReadOnlySpan<byte> address = default;
        while (inner.Read() && inner.TokenType == JsonTokenType.PropertyName)
        {
            var isAddress = inner.ValueTextEquals("url"u8);
            var isDetail = inner.ValueTextEquals("detail"u8);
            inner.Read();
            if (isDetail) detail = details++ == 0 ? DetailAt(in inner) : ImageDetail.Any;
            if (isAddress) addresses += inner.TokenType == JsonTokenType.String ? 1 : 2;
            if (isAddress && inner.TokenType == JsonTokenType.String)
            {
                address = inner.ValueSpan;
                start = (int)inner.TokenStartIndex + 1;
            }
            inner.Skip();
        }
        _readForImages = inner.BytesConsumed;
        if (addresses == 1) TakeImage(address, start, detail);
        else TakeUnknown(isElsewhere: true);
    }

    private readonly void TakeImage(ReadOnlySpan<byte> address, int start, ImageDetail detail)
    {
        var isData = address.StartsWith("data:"u8);
        // Some clients write every slash with an escape.
        if (address.StartsWith("data:image/"u8) || address.StartsWith("data:image\\/"u8))
        {
            _facts.ContentKinds |= TokenKinds.ImageInput;
            _facts.Images.Add(new InputImage(detail, new ByteSpan(start, address.Length)));
        }
        else if (!isData && detail != ImageDetail.Any)
        {
            _facts.ContentKinds |= TokenKinds.ImageInput | TokenKinds.AudioInput;
            _facts.HasContentElsewhere = true;
            _facts.Images.Add(new InputImage(detail, default));
        }
        else
        {
            TakeUnknown(isElsewhere: !isData);
        }
    }

    /// <summary>Content of any length, and of any kind.</summary>
    private readonly void TakeUnknown(bool isElsewhere)
    {
        _facts.ContentKinds |= TokenKinds.ImageInput | TokenKinds.AudioInput;
        _facts.HasUnseenContent = true;
        _facts.HasContentElsewhere |= isElsewhere;
    }

    /// <summary>Of the object at a depth; in doubt when another one was opened since, or when it says it twice.</summary>
    private ImageDetail DetailOf(int depth)
    {
        if (depth != _partDepth) return ImageDetail.Any;
        if (_partDetail is { } known) return known;
        var part = _part;
        var details = 0;
        var detail = ImageDetail.Any;
        while (part.Read() && part.TokenType == JsonTokenType.PropertyName)
        {
            var isDetail = part.ValueTextEquals("detail"u8);
            part.Read();
            if (isDetail) detail = details++ == 0 ? DetailAt(in part) : ImageDetail.Any;
            part.Skip();
        }
        _partDetail = detail;
        return detail;
    }

    private static ImageDetail DetailAt(ref readonly Utf8JsonReader json) =>
        json.TokenType != JsonTokenType.String ? ImageDetail.Any
        : json.ValueTextEquals("low"u8) ? ImageDetail.Low
        : json.ValueTextEquals("high"u8) ? ImageDetail.High
        : ImageDetail.Any;
}
