namespace Spendra.Gateway.Tests.Golden;

/// <summary>What a provider says that a call used, in its own way of counting.</summary>
/// <param name="Input">OpenAI's and Google's totals; at Anthropic what stands beside the cache.</param>
/// <param name="Output">At Google without thoughts, which stand beside it.</param>
internal sealed record Told(long Input, long Output = 0)
{
    public long Cached { get; init; }

    /// <summary>Written to the cache, for five minutes at Anthropic.</summary>
    public long Written { get; init; }

    /// <summary>Written to Anthropic's cache for an hour.</summary>
    public long WrittenLong { get; init; }

    public long Reasoning { get; init; }

    /// <summary>OpenAI's format: a total that is not the sum.</summary>
    public long? Total { get; init; }

    /// <summary>OpenAI's and Anthropic's tier, or Google's kind of traffic.</summary>
    public string? Tier { get; init; }

    public string? Speed { get; init; }

    public string? Geo { get; init; }

    /// <summary>OpenRouter: what it bills.</summary>
    public string? Cost { get; init; }

    /// <summary>More members of the usage.</summary>
    public string More { get; init; } = "";

    /// <summary>Google: more members of each candidate.</summary>
    public string Candidate { get; init; } = "";

    private string Bill => Cost is { } cost ? $",\"cost\":{cost},\"is_byok\":false,\"cost_details\":{{\"upstream_inference_cost\":null}}" : "";

    public string AsChat(long? output = null) =>
        $$"""{"prompt_tokens":{{Input}},"completion_tokens":{{output ?? Output}},"total_tokens":{{Total ?? Input + (output ?? Output)}},"prompt_tokens_details":{"cached_tokens":{{Cached}},"cache_write_tokens":{{Written}}},"completion_tokens_details":{"reasoning_tokens":{{Reasoning}}}{{Bill}}}""";

    public string AsResponse() =>
        $$"""{"input_tokens":{{Input}},"input_tokens_details":{"cached_tokens":{{Cached}},"cache_write_tokens":{{Written}}},"output_tokens":{{Output}},"output_tokens_details":{"reasoning_tokens":{{Reasoning}}},"total_tokens":{{Input + Output}}{{Bill}}}""";

    public string AsEmbedding() => $$"""{"prompt_tokens":{{Input}},"total_tokens":{{Input}}{{Bill}}}""";

    public string AsMessage(long? output = null)
    {
        var writes = Written + WrittenLong;
        var served = (Tier is null ? "" : $",\"service_tier\":\"{Tier}\"") + (Geo is null ? "" : $",\"inference_geo\":\"{Geo}\"") + (Speed is null ? "" : $",\"speed\":\"{Speed}\"");
        return $$"""{"input_tokens":{{Input}},"cache_creation_input_tokens":{{writes}},"cache_read_input_tokens":{{Cached}},"cache_creation":{"ephemeral_5m_input_tokens":{{Written}},"ephemeral_1h_input_tokens":{{WrittenLong}}},"output_tokens":{{output ?? Output}}{{served}}{{Bill}}{{More}}}""";
    }

    /// <summary>The totals at the end of Anthropic's stream.</summary>
    public string AsDelta() => $$"""{"output_tokens":{{Output}}{{Bill}}{{More}}}""";

    public string AsMetadata()
    {
        var thoughts = Reasoning > 0 ? $",\"thoughtsTokenCount\":{Reasoning}" : "";
        var cached = Cached > 0 ? $",\"cachedContentTokenCount\":{Cached}" : "";
        var traffic = Tier is null ? "" : $",\"trafficType\":\"{Tier}\"";
        return $"\"promptTokenCount\":{Input},\"candidatesTokenCount\":{Output}{thoughts}{cached}{traffic},\"totalTokenCount\":{Input + Output + Reasoning}{More}";
    }
}
