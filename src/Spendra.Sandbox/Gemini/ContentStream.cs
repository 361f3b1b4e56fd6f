using System.Text.Json;
using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary>
/// Generated content in chunks: one for each word of all candidates, then one with the reason, the calls and the
/// sources. The Gemini API tells the usage so far in each of them, Vertex AI the whole in the last one. With
/// <c>alt=sse</c> they are events without a name, otherwise the items of one JSON array. No mark ends the
/// events: the knob <c>no_done</c> leaves out the last chunk.
/// </summary>
internal sealed class ContentStream
{
    private readonly Exchange _exchange;
    private readonly ContentCall _call;
    private readonly string _id;
    private readonly EventStream? _events;
    private readonly ArrayStream? _array;

    private ContentStream(Exchange exchange, ContentCall call, EventStream? events, ArrayStream? array)
    {
        _exchange = exchange;
        _call = call;
        _id = exchange.Sandbox.Ids.Next("");
        _events = events;
        _array = array;
    }

    public static bool IsSse(Exchange exchange) => exchange.Context.Request.Query["alt"] == "sse";

    public static async Task AnswerAsync(Exchange exchange, ContentCall call)
    {
        if (IsSse(exchange))
        {
            await using var events = new EventStream(exchange, call.Knobs);
            await new ContentStream(exchange, call, events, null).SendAsync();
            return;
        }
        await using var array = new ArrayStream(exchange, call.Knobs);
        await new ContentStream(exchange, call, null, array).SendAsync();
        await array.EndAsync();
    }

    private async Task SendAsync()
    {
        var isFailing = _call.Knobs.ErrorMidstream;
        var words = isFailing ? (_call.Words + 1) / 2 : _call.Words;
        for (var word = 0; word < words; word++)
        {
            var piece = new ContentJson.Piece(Words.Piece(word), word == 0 && ContentAnswer.HasThought(_call), IsLast: false);
            await SendAsync(piece, SoFar(word + 1), word == 0 ? _call.Knobs.LineBytes : null);
        }
        if (isFailing)
            await SendAsync(GeminiErrors.OfStatus(503), GeminiErrors.WriteError);
        else if (!_call.Knobs.NoDone)
            await SendAsync(LastPiece(), ContentUsage.Of(_call), null);
    }

    private ContentUsage? SoFar(int words) => _exchange.Match.Dialect is Dialect.Vertex ? null : ContentUsage.After(_call, words);

    /// <summary>When thoughts took the whole limit, they are all there is to tell.</summary>
    private ContentJson.Piece LastPiece() => new("", _call.Words == 0 && ContentAnswer.HasThought(_call), IsLast: true);

    private ValueTask SendAsync(ContentJson.Piece piece, ContentUsage? usage, int? lineBytes) =>
        SendAsync(
            (this, piece, usage),
            static (json, at) => ContentJson.Write(json, at.Item1._exchange, at.Item1._call, at.Item1._id, at.piece, at.usage),
            lineBytes);

    private ValueTask SendAsync<T>(T state, Action<Utf8JsonWriter, T> write, int? lineBytes = null) =>
        _events is not null ? _events.SendAsync(null, state, write, lineBytes) : _array!.SendAsync(state, write, lineBytes);
}
