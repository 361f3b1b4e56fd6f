namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>What an answer must say so that its usage can be believed.</summary>
/// <param name="Kind">The kind of call: the same names count other things in each.</param>
/// <param name="HasSources">Images came in, so that tokens of input are of two kinds.</param>
/// <param name="IsBySecond">The price is for seconds: tokens would be priced at nothing.</param>
internal sealed record MediaUsageRules(MediaKind Kind, bool HasSources, bool IsBySecond);
