using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Architecture;

public sealed partial class CoreArchitectureTests
{
    private static readonly Assembly Core = typeof(NanoUsd).Assembly;

    [Fact]
    public void No_source_of_core_speaks_of_floating_point()
    {
        var files = SourceFiles();
        files.Length.Should().BeGreaterThan(20, "the source is there to be read");
        var found = from file in files
                    from line in File.ReadLines(file).Index()
                    where FloatingPoint().IsMatch(WithoutCommentsAndText(line.Item))
                    select $"{Path.GetFileName(file)}:{line.Index + 1}: {line.Item.Trim()}";
        found.Should().BeEmpty();
    }

    [Theory]
    [InlineData("private double _x;")]
    [InlineData("(float)x")]
    [InlineData("List<decimal> x")]
    [InlineData("Math.Round(1.5 * x)")]
    [InlineData("var x = 0.5;")]
    [InlineData("var x = 1e9;")]
    [InlineData("var x = 3d;")]
    [InlineData("System.Double x")]
    [InlineData("Half h")]
    public void Scan_finds_floating_point_in_every_guise(string line) =>
        FloatingPoint().IsMatch(WithoutCommentsAndText(line)).Should().BeTrue();

    [Theory]
    [InlineData("var x = 1_000_000;")]
    [InlineData("NanoUsd.HalfEven(x)")]
    [InlineData("public const byte Mask = 0x3F;")]
    [InlineData("digits[..4]")]
    [InlineData("// a double is wrong")]
    [InlineData("throw new(\"0.5 double\")")]
    [InlineData("DecimalText.TryScale(text, decimals: 9, out var x)")]
    public void Scan_passes_what_is_exact(string line) =>
        FloatingPoint().IsMatch(WithoutCommentsAndText(line)).Should().BeFalse();

    [Fact]
    public void No_member_of_core_has_a_floating_point_type()
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
            | BindingFlags.DeclaredOnly;
        Type[] floating = [typeof(float), typeof(double), typeof(decimal), typeof(Half)];
        var found = from type in Core.GetTypes()
                    from member in type.GetMembers(all)
                    where TypesOf(member).Any(floating.Contains)
                    select $"{type.FullName}.{member.Name}";
        found.Should().BeEmpty();
    }

    [Fact]
    public void Core_references_nothing_beyond_the_framework()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var foreign = Core.GetReferencedAssemblies()
            .Where(name => !File.Exists(Path.Combine(framework, name.Name + ".dll"))).Select(name => name.Name);
        foreign.Should().BeEmpty();
        Core.GetReferencedAssemblies().Select(name => name.Name).Should().NotContain(
            ["System.Net.Http", "System.Data.Common", "System.Net.Sockets", "System.IO.FileSystem", "System.Diagnostics.Process"]);
    }

    [Fact]
    public void Core_project_references_no_project_and_ships_no_package()
    {
        var project = File.ReadAllText(Path.Combine(SourceFolder(), "Spendra.Core.csproj"));
        project.Should().NotContain("ProjectReference");
        Regex.Matches(project, "<PackageReference[^>]*>").Should().OnlyContain(m => m.Value.Contains("PrivateAssets=\"all\""));
    }

    [Fact]
    public void Every_class_of_core_is_sealed_static_or_abstract()
    {
        var open = from type in Core.GetTypes()
                   where type.IsClass && !type.IsSealed && !type.IsAbstract
                   where !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
                   select type.FullName;
        open.Should().BeEmpty();
    }

    [Fact]
    public void Closed_unions_cannot_be_extended_from_outside()
    {
        foreach (var union in (Type[])[typeof(Core.Governance.Decision), typeof(Core.Ledger.LedgerOutcome)])
        {
            union.GetConstructors(BindingFlags.Public | BindingFlags.Instance).Should().BeEmpty();
            Core.GetTypes().Where(t => t.BaseType == union).Should().OnlyContain(t => t.DeclaringType == union && t.IsSealed);
        }
    }

    private static string[] SourceFiles() => [.. Directory.EnumerateFiles(SourceFolder(), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))];

    // Not by the compiler's path of this file: reproducible builds write another root into it.
    private static string SourceFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Spendra.slnx"))) return Path.Combine(folder.FullName, "src", "Spendra.Core");
        throw new DirectoryNotFoundException("the tests do not run below the folder of Spendra.slnx");
    }

    private static string WithoutCommentsAndText(string line)
    {
        line = Text().Replace(line, "\"\"");
        var comment = line.IndexOf("//", StringComparison.Ordinal);
        return comment < 0 ? line : line[..comment];
    }

    private static IEnumerable<Type> TypesOf(MemberInfo member) => (member switch
    {
        FieldInfo f => [f.FieldType],
        PropertyInfo p => [p.PropertyType],
        MethodInfo m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType),
        ConstructorInfo c => c.GetParameters().Select(p => p.ParameterType),
        _ => Enumerable.Empty<Type>(),
    }).SelectMany(t => t.IsGenericType ? t.GetGenericArguments().Append(t) : [t]);

    // Keywords and their framework names, and literals: 0.5, 1e9, 3d, 3f, 3m; hexadecimal numbers are none of these.
    [GeneratedRegex(@"\b(float|double|decimal|Single|Double|Decimal|Half)\b|(?<![\w.])\d[\d_]*(\.\d|[eE][+-]?\d|[dDfFmM]\b)")]
    private static partial Regex FloatingPoint();

    [GeneratedRegex("\"(\\\\.|[^\"\\\\])*\"")]
    private static partial Regex Text();
}
