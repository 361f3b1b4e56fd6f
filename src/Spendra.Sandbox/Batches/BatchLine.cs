namespace Spendra.Sandbox.Batches;

/// <summary>One line of a batch and the answer to it.</summary>
/// <param name="CustomId">The caller's name for it.</param>
/// <param name="Id">The provider's name for it.</param>
/// <param name="Status">The status of the answer; errors go to a file of their own.</param>
/// <param name="RequestId">The answer's request id.</param>
/// <param name="Body">The answer's JSON.</param>
internal sealed record BatchLine(string CustomId, string Id, int Status, string RequestId, byte[] Body)
{
    public bool IsAnswered => Status < 400;
}
