using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Providers;

namespace Spendra.Sandbox;

/// <summary>One request and its answer to be.</summary>
internal readonly struct Exchange(SandboxState sandbox, HttpContext context, RouteMatch match, long startedAt)
{
    private static readonly StringValues s_version = "2020-10-01";
    private static readonly StringValues s_organization = "org-sandbox";
    private static readonly StringValues s_requestLimit = "10000";
    private static readonly StringValues s_requestsLeft = "9999";
    private static readonly StringValues s_requestReset = "6ms";
    private static readonly StringValues s_tokenLimit = "2000000";
    private static readonly StringValues s_tokensLeft = "1999000";
    private static readonly StringValues s_tokenReset = "30ms";

    public SandboxState Sandbox => sandbox;

    public HttpContext Context => context;

    public RouteMatch Match => match;

    /// <summary>Sets the headers that every answer of the provider has.</summary>
    public void StampHeaders()
    {
        if (match.Dialect is not Dialect.OpenAi)
        {
            NativeHeaders.Stamp(this);
            return;
        }
        if (match.Provider is not SandboxProvider.OpenAI)
        {
            ProviderHeaders.Stamp(this);
            return;
        }
        var headers = context.Response.Headers;
        headers["x-request-id"] = sandbox.Ids.Next("req_");
        headers["openai-version"] = s_version;
        headers["openai-organization"] = s_organization;
        headers["openai-processing-ms"] =
            ((long)sandbox.Time.GetElapsedTime(startedAt).TotalMilliseconds).ToString();
        headers["x-ratelimit-limit-requests"] = s_requestLimit;
        headers["x-ratelimit-remaining-requests"] = s_requestsLeft;
        headers["x-ratelimit-reset-requests"] = s_requestReset;
        headers["x-ratelimit-limit-tokens"] = s_tokenLimit;
        headers["x-ratelimit-remaining-tokens"] = s_tokensLeft;
        headers["x-ratelimit-reset-tokens"] = s_tokenReset;
    }
}
