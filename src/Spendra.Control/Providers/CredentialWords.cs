namespace Spendra.Control.Providers;

/// <summary>What may be said about a credential, for people.</summary>
internal static class CredentialWords
{
    public static string Of(CredentialView credential) => credential.Kind switch
    {
        "environment" => $"in {credential.Variable}",
        "sealed" => "kept here, encrypted",
        _ => "none",
    };

    /// <summary>What came of a test call, in a sentence.</summary>
    public static string Of(TestView test) => test switch
    {
        { IsReached: false } => $"There was no answer: {test.Failure}.",
        { Status: >= 200 and < 300 } => $"It works: the answer came after {test.LatencyMs} ms.",
        { Status: 401 or 403 } => $"It was reached after {test.LatencyMs} ms, and refuses the credential ({test.Status}).",
        _ => $"It was reached after {test.LatencyMs} ms, and answered {test.Status}.",
    };
}
