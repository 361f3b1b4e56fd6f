namespace Spendra.Sandbox.Directives;

/// <summary>What a content filter objects to. The default value is nothing.</summary>
internal enum FilteredPart
{
    None,

    /// <summary>The prompt: the call is refused with a 400.</summary>
    Prompt,

    /// <summary>The output: it ends there, and is charged.</summary>
    Output,
}
