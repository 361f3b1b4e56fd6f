using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Spendra.Cli;

/// <summary>
/// What a command prints: tables for people, or one JSON document when <c>--json</c> was given. Failures go to the
/// error stream as one line, and with <c>--json</c> to the output as well, so that a program reads only one stream.
/// </summary>
internal sealed class CommandOutput(TextWriter output, TextWriter error, bool isJson)
{
    // Wide enough that rows do not wrap in a pipe or a log, where no terminal says how wide it is.
    private const int WidthWithoutTerminal = 200;

    // Quotes stay quotes: nothing embeds this in HTML. Control characters are still escaped.
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly IAnsiConsole _console = Open(output);

    public bool IsJson { get; } = isJson;

    /// <summary>One line for people; nothing with <c>--json</c>.</summary>
    public void Line(string text = "")
    {
        if (!IsJson) output.WriteLine(text);
    }

    /// <summary>Something laid out for people; nothing with <c>--json</c>.</summary>
    public void Show(IRenderable shape)
    {
        if (!IsJson) _console.Write(shape);
    }

    /// <summary>Something that takes long, with a bar for people; a share from 0 to 1 is reported.</summary>
    public Task ProgressAsync(string what, Func<IProgress<double>, Task> work) => IsJson
        ? work(new Bar(null))
        : _console.Progress().StartAsync(context => work(new Bar(context.AddTask(Markup.Escape(what), maxValue: 1))));

    private sealed class Bar(ProgressTask? task) : IProgress<double>
    {
        public void Report(double value) => task?.Value(value);
    }

    /// <summary>The document of <c>--json</c>; nothing without.</summary>
    public void Json<T>(T document, JsonTypeInfo<T> type)
    {
        if (!IsJson) return;
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable)) JsonSerializer.Serialize(writer, document, type);
        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    public void Fail(Failure failure)
    {
        error.WriteLine($"spendra: {failure.Line}");
        if (IsJson) Json(new ErrorDocument(new ErrorDetail(failure.Code, failure.Line)), CliJson.Default.ErrorDocument);
    }

    public void Debug(Exception exception) => error.WriteLine(exception);

    /// <summary>A table in the one style of every command.</summary>
    public static Table NewTable(params ReadOnlySpan<string> columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns) table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))));
        return table;
    }

    /// <summary>A cell with text from anywhere: never markup, never a terminal's control sequence.</summary>
    public static Text Cell(string? text) => new(text is null ? "" : string.Create(text.Length, text, static (span, source) =>
    {
        for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) ? '\u00b7' : source[i];
    }));

    private static IAnsiConsole Open(TextWriter output)
    {
        var isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!isTerminal) console.Profile.Width = WidthWithoutTerminal;
        return console;
    }
}
