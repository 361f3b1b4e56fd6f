using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Keys;

namespace Spendra.Control.Shell;

/// <summary>
/// The framework's ring of keys that protect cookies, kept in the database and sealed by the master key: processes share it,
/// a restart signs nobody out, and a copy of the database alone forges nothing.
/// </summary>
internal static class KeyRing
{
    public static void AddKeyRing(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("spendra");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(options =>
        {
            options.XmlRepository = new StoredKeys(provider.GetRequiredService<Database>(), provider.GetRequiredService<TimeProvider>());
            options.XmlEncryptor = new KeySealer(provider.GetRequiredService<MasterKey>());
        }));
    }

    // The framework reads its ring once a day, and not asynchronously.
    private sealed class StoredKeys(Database database, TimeProvider time) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements() =>
            [.. Task.Run(() => ProtectionKeys.ReadAsync(database, CancellationToken.None)).GetAwaiter().GetResult().Select(XElement.Parse)];

        public void StoreElement(XElement element, string friendlyName) => Task.Run(() => ProtectionKeys.AddAsync(
            database, friendlyName, element.ToString(SaveOptions.DisableFormatting), Micros.Now(time), CancellationToken.None)).GetAwaiter().GetResult();
    }

    private sealed class KeySealer(MasterKey masterKey) : IXmlEncryptor
    {
        public EncryptedXmlInfo Encrypt(XElement plaintextElement) => new(
            new XElement("sealed", Convert.ToBase64String(masterKey.Seal(Guid.Empty, SealedKeyOpener.RowId, plaintextElement.ToString(SaveOptions.DisableFormatting)))),
            typeof(SealedKeyOpener));
    }
}

/// <summary>Opens what the key ring sealed; the framework makes one by the name that it stored beside each key.</summary>
internal sealed class SealedKeyOpener(IServiceProvider services) : IXmlDecryptor
{
    /// <summary>Stands where the row's id stands in what is sealed: keys of the ring are opened as nothing else.</summary>
    public static Guid RowId { get; } = new("5e7c1b7e-52d4-4b64-9c36-6b657972696e");

    public XElement Decrypt(XElement encryptedElement) => XElement.Parse(
        services.GetRequiredService<MasterKey>().Open(Guid.Empty, RowId, Convert.FromBase64String(encryptedElement.Value)));
}
