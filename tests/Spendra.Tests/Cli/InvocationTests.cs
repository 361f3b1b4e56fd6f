using Spendra.Cli;
using Spendra.Testing;

namespace Spendra.Tests.Cli;

public sealed class InvocationTests : IDisposable
{
    private readonly TempFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_program_that_dotnet_run_built_is_called_through_dotnet_run()
    {
        var (output, program) = BuiltFromSource();
        Invocation.Of(program, output, _root.Path, "/usr/bin").Should().Be("dotnet run --project src/Spendra --");
        Invocation.Of(program, output, _root.File("src"), "/usr/bin").Should().Be("dotnet run --project ./Spendra --");
    }

    [Fact]
    public void A_published_program_is_called_by_its_path_even_inside_the_repository()
    {
        BuiltFromSource();
        Invocation.Of(_root.File("out/spendra"), _root.File("out/"), _root.Path, "/usr/bin").Should().Be("out/spendra");
        Invocation.Of(_root.File("out/spendra"), _root.File("out/"), _root.File("out"), "/usr/bin").Should().Be("./spendra");
    }

    [Fact]
    public void A_program_that_PATH_leads_to_is_called_by_its_name() =>
        Invocation.Of("/opt/bin/spendra", "/opt/bin/", "/home", "/usr/bin:/opt/bin").Should().Be("spendra");

    [Fact]
    public void An_assembly_that_dotnet_runs_is_called_so_again() =>
        Invocation.Of("/usr/bin/dotnet", "/opt/spendra/", "/opt", null).Should().Be("dotnet spendra/spendra.dll");

    [Fact]
    public void A_path_with_a_space_is_quoted() =>
        Invocation.Of("/opt/my tools/spendra", "/opt/my tools/", "/opt", null).Should().Be("\"my tools/spendra\"");

    private (string Output, string Program) BuiltFromSource()
    {
        Directory.CreateDirectory(_root.File("src/Spendra"));
        File.WriteAllText(_root.File("src/Spendra/Spendra.csproj"), "<Project />");
        var output = _root.File("artifacts/bin/Spendra/debug/");
        return (output, Path.Combine(output, "spendra"));
    }
}
