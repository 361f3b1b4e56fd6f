using Spendra.Core.Metering;

namespace Spendra.Core.Tests.Metering;

public sealed class UnitClassTests
{
    [Fact]
    public void Every_class_without_a_field_has_a_name_that_leads_back_to_it()
    {
        UnitClasses.Others.Select(o => o.Class).Should().Equal(Enum.GetValues<UnitClass>().Where(u => u > UnitClass.Output));
        UnitClasses.Others.Select(o => o.Name).Should().OnlyHaveUniqueItems();
        foreach (var (unit, name) in UnitClasses.Others)
        {
            UnitClasses.NameOf(unit).Should().Be(name);
            UnitClasses.Find(name).Should().Be(unit);
        }
    }

    // These names are stored, declared and exported: another spelling would orphan rows and files.
    [Fact]
    public void Names_are_those_that_rows_and_files_have() =>
        string.Join(' ', UnitClasses.Others.Select(o => o.Name)).Should().Be(
            "cache_write_long audio_input cached_audio_input image_input cached_image_input audio_output image_output images "
            + "seconds characters web_searches grounded_prompts map_queries file_searches code_sessions tool_calls preview_searches tool_charges grounded_map_prompts");

    [Fact]
    public void What_is_money_already_has_no_rate_in_a_price() =>
        UnitClasses.Others.Except(UnitClasses.Rated).Should().Equal((UnitClass.ToolCharges, "tool_charges"));

    [Theory]
    [InlineData("input")]
    [InlineData("Images")]
    [InlineData("")]
    public void Other_names_are_of_no_class(string name) => UnitClasses.Find(name).Should().BeNull();

    [Theory]
    [InlineData(UnitClass.Input)]
    [InlineData(UnitClass.Output)]
    public void Classes_with_a_field_have_no_name(UnitClass unit) =>
        FluentActions.Invoking(() => UnitClasses.NameOf(unit)).Should().Throw<ArgumentOutOfRangeException>();

    [Theory]
    [InlineData(UnitClass.Input, true, true)]
    [InlineData(UnitClass.CachedInput, true, true)]
    [InlineData(UnitClass.CacheWrite, true, true)]
    [InlineData(UnitClass.Output, false, true)]
    [InlineData(UnitClass.CacheWriteLong, true, true)]
    [InlineData(UnitClass.AudioInput, true, true)]
    [InlineData(UnitClass.CachedAudioInput, true, true)]
    [InlineData(UnitClass.ImageInput, true, true)]
    [InlineData(UnitClass.CachedImageInput, true, true)]
    [InlineData(UnitClass.AudioOutput, false, true)]
    [InlineData(UnitClass.ImageOutput, false, true)]
    [InlineData(UnitClass.Images, false, false)]
    [InlineData(UnitClass.Seconds, false, false)]
    [InlineData(UnitClass.Characters, false, false)]
    [InlineData(UnitClass.WebSearches, false, false)]
    [InlineData(UnitClass.GroundedPrompts, false, false)]
    [InlineData(UnitClass.MapQueries, false, false)]
    [InlineData(UnitClass.FileSearches, false, false)]
    [InlineData(UnitClass.CodeSessions, false, false)]
    [InlineData(UnitClass.ToolCalls, false, false)]
    [InlineData(UnitClass.PreviewSearches, false, false)]
    [InlineData(UnitClass.ToolCharges, false, false)]
    [InlineData(UnitClass.GroundedMapPrompts, false, false)]
    public void A_class_is_input_or_output_tokens_or_pieces(UnitClass unit, bool isInput, bool isToken) =>
        (unit.IsInput(), unit.IsToken()).Should().Be((isInput, isToken));
}
