using System.Globalization;
using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.OpenRouter;

/// <summary>
/// What OpenRouter says a call cost, each a JSON number in USD as text. With the caller's own provider key
/// (<see cref="IsByok"/>) <see cref="Charged"/> is only OpenRouter's fee, and the rest is <see cref="Upstream"/>.
/// </summary>
internal readonly record struct CallCost(
    string Charged, string? Upstream, string Prompt, string Completions, bool IsByok, bool AsStrings)
{
    private const long NanosPerUsd = 1_000_000_000;
    private const int ByokFeeDivisor = 20;

    // Beyond this many tokens a cost would be no number that anyone charges.
    private static readonly Int128 s_maxTokens = 1_000_000_000_000;

    public static CallCost Of(Knobs knobs, Usage usage) => Of(knobs, usage.Input, usage.Output, usage.AsStrings);

    public static CallCost Of(Knobs knobs, Int128 input, Int128 output, bool asStrings)
    {
        var prompt = NanosOf(input, SandboxUsage.OpenRouterInputNanos);
        var completions = NanosOf(output, SandboxUsage.OpenRouterOutputNanos);
        var whole = prompt + completions;
        return new CallCost(
            knobs.Cost ?? UsdOf(knobs.IsByok ? whole / ByokFeeDivisor : whole),
            knobs.UpstreamCost ?? (knobs.IsByok ? UsdOf(whole) : null),
            UsdOf(prompt),
            UsdOf(completions),
            knobs.IsByok,
            asStrings);
    }

    public void WriteMembers(Utf8JsonWriter json)
    {
        Write(json, "cost"u8, Charged);
        json.WriteBoolean("is_byok"u8, IsByok);
        json.WriteStartObject("cost_details"u8);
        Write(json, "upstream_inference_cost"u8, Upstream);
        Write(json, "upstream_inference_prompt_cost"u8, Prompt);
        Write(json, "upstream_inference_completions_cost"u8, Completions);
        json.WriteEndObject();
    }

    public void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? usd)
    {
        if (usd is null || AsStrings)
        {
            json.WriteString(name, usd);
            return;
        }
        json.WritePropertyName(name);
        json.WriteRawValue(usd, skipInputValidation: true);
    }

    public static string UsdOf(long nanos) =>
        ((decimal)nanos / NanosPerUsd).ToString("0.#########", CultureInfo.InvariantCulture);

    private static long NanosOf(Int128 tokens, long nanosPerToken) =>
        (long)Int128.Clamp(tokens, -s_maxTokens, s_maxTokens) * nanosPerToken;
}
