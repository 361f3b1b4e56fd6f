using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Cli;

namespace Spendra.Demo;

/// <summary>
/// Secrets of the demo's keys, by slug, in a file that only its owner reads. They may be kept because they open
/// nothing but a sandbox on this machine.
/// </summary>
internal sealed class DemoKeys
{
    public const string FileName = "demo-keys.json";

    // No slug begins like these.
    private const string PasswordEntry = "(password)";
    private const string PastEntry = "(past)";
    private const string OrganizationEntry = "(organization)";
    private const string Written = "written";

    private readonly string _path;
    private readonly SortedDictionary<string, string> _secrets;

    private DemoKeys(string path, SortedDictionary<string, string> secrets)
    {
        _path = path;
        _secrets = secrets;
    }

    /// <summary>Of keys.</summary>
    public IReadOnlyDictionary<string, string> Secrets => _secrets.Where(s => s.Key[0] != '(').ToDictionary();

    /// <summary>Of the demo's people; null before there are any.</summary>
    public string? Password
    {
        get => _secrets.GetValueOrDefault(PasswordEntry);
        set => _secrets[PasswordEntry] = value!;
    }

    /// <summary>Whether the demo's past was written.</summary>
    public bool HasPast
    {
        get => _secrets.GetValueOrDefault(PastEntry) == Written;
        set => _secrets[PastEntry] = value ? Written : "";
    }

    /// <summary>The demo's organization; null before there is one.</summary>
    public Guid? OrganizationId
    {
        get => Guid.TryParse(_secrets.GetValueOrDefault(OrganizationEntry), out var id) ? id : null;
        set => _secrets[OrganizationEntry] = value!.Value.ToString();
    }

    /// <summary>No keys yet, whatever is left in the folder of an earlier demo.</summary>
    public static DemoKeys Begin(string folder) => new(Path.Combine(folder, FileName), []);

    public static bool Exist(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Empty when there is no file yet.</summary>
    public static DemoKeys Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return new DemoKeys(path, []);
        try
        {
            return new DemoKeys(path, JsonSerializer.Deserialize(File.ReadAllBytes(path), DemoJson.Default.SortedDictionaryStringString) ?? []);
        }
        catch (JsonException)
        {
            throw new CommandException("demo_keys_damaged", $"{path} is damaged: remove {folder} and start the demo again");
        }
    }

    public void Keep(string slug, string secret) => _secrets[slug] = secret;

    /// <summary>The secret of a key of the demo's declaration.</summary>
    public string Of(string slug) => _secrets.TryGetValue(slug, out var secret) ? secret : throw new CommandException(
        "demo_keys_missing", $"{_path} lacks the key '{slug}': remove {Path.GetDirectoryName(_path)} and start the demo again");

    /// <summary>Writes all or nothing, readable by the owner alone from the first byte on.</summary>
    public void Save()
    {
        var draft = _path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(draft, options))
            JsonSerializer.Serialize(stream, _secrets, DemoJson.Default.SortedDictionaryStringString);
        File.Move(draft, _path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
internal sealed partial class DemoJson : JsonSerializerContext;
