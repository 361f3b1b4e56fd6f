using System.Collections.Immutable;
using CsCheck;
using Spendra.Storage.Pricing;

namespace Spendra.Storage.Tests;

public sealed class PriceFileTests
{
    private static readonly string Header = string.Join(',', PriceFile.Columns);

    [Fact]
    public void A_line_becomes_a_version_with_everything_that_it_says()
    {
        var price = Read("openai,m,,2026-12-01,2027-01-01T00:00:00+01:00,2,0.2,2.5,10,audio_input=32;images=40000,1000,4,0.4,5,15,audio_input=64,flex=50;fast=200,2000,500,Somebody's list,2026-11-25").Single();
        var version = price.Price;
        price.IsDated.Should().BeTrue();
        (version.Provider, version.Model, version.ContextWindow, version.MaxOutput, version.Source).Should().Be(("openai", "m", 2_000, 500, "Somebody's list, 2026-11-25"));
        (InstantText.Of(version.EffectiveFrom), InstantText.Of(version.EffectiveTo!.Value)).Should().Be(("2026-12-01T00:00:00Z", "2026-12-31T23:00:00Z"));
        (version.Rates.Output.ToString(), version.Rates.Others.ToString()).Should().Be(("10", "audio_input 32, images 40000"));
        version.LongContext!.AboveInputUnits.Should().Be(1_000);
        version.LongContext.Rates.Others.ToString().Should().Be("audio_input 64, images 40000", "a fee by the piece does not depend on the context");
        version.TierPercents.Should().Equal(KeyValuePair.Create("fast", 200), KeyValuePair.Create("flex", 50));
    }

    [Fact]
    public void An_alias_is_a_price_of_its_own_under_its_exact_name()
    {
        var prices = Read("openai,m-2026-01-01,m;m-latest,,,1,1,1,1,,,,,,,,,,,list,");
        prices.Select(p => p.Price.Model).Should().Equal("m-2026-01-01", "m", "m-latest");
        prices.Should().OnlyContain(p => !p.IsDated && p.Price.Rates.Input.NanosPerMillion == 1_000_000_000 && p.Price.Source == "list");
    }

    [Fact]
    public void A_cell_may_hold_commas_and_quotes_between_quotes() =>
        Read("openai,\"a,\"\"b\"\"\",,,,1,1,1,1,,,,,,,,,,,\"x, y\",").Single().Price.Should()
            .BeEquivalentTo(new { Model = "a,\"b\"", Source = "x, y" });

    [Theory]
    [InlineData("openai,m,,,,1,1,1,1,,,,,,,,,,,list", "line 2: expected 21 cells")]
    [InlineData("openai,\"m,,,,1,1,1,1,,,,,,,,,,,list,", "line 2: expected 21 cells")]
    [InlineData("openai,\"m\"x,,,,1,1,1,1,,,,,,,,,,,list,", "line 2: expected 21 cells")]
    [InlineData(",m,,,,1,1,1,1,,,,,,,,,,,list,", "line 2: provider is not plain text")]
    [InlineData("openai,,,,,1,1,1,1,,,,,,,,,,,list,", "line 2: model is not plain text")]
    [InlineData("openai,m,,,,1,1,1,1,,,,,,,,,,,,", "line 2: source is not plain text")]
    [InlineData("openai,m,,tomorrow,,1,1,1,1,,,,,,,,,,,list,", "line 2: effective_from is 'tomorrow'")]
    [InlineData("openai,m,,2026-13-01,,1,1,1,1,,,,,,,,,,,list,", "line 2: effective_from is '2026-13-01'")]
    [InlineData("openai,m,,2026-12-01,2026-12-01,1,1,1,1,,,,,,,,,,,list,", "line 2: effective_to is not after effective_from")]
    [InlineData("openai,m,,,,1e-3,1,1,1,,,,,,,,,,,list,", "line 2: input is '1e-3'")]
    [InlineData("openai,m,,,,1,-1,1,1,,,,,,,,,,,list,", "line 2: cached_input is '-1'")]
    [InlineData("openai,m,,,,1,1,,1,,,,,,,,,,,list,", "line 2: cache_write is ''")]
    [InlineData("openai,m,,,,1,1,1,0.0000000001,,,,,,,,,,,list,", "line 2: output is '0.0000000001'")]
    [InlineData("openai,m,,,,1,1,1,1,pages=1,,,,,,,,,,list,", "line 2: 'pages' is no unit class: expected one of cache_write_long")]
    [InlineData("openai,m,,,,1,1,1,1,tool_charges=1,,,,,,,,,,list,", "line 2: 'tool_charges' is no unit class: expected one of cache_write_long")]
    [InlineData("openai,m,,,,1,1,1,1,images,,,,,,,,,,list,", "line 2: other_rates holds 'images': expected name=value")]
    [InlineData("openai,m,,,,1,1,1,1,images=x,,,,,,,,,,list,", "line 2: images is 'x'")]
    [InlineData("openai,m,,,,1,1,1,1,images=1;images=2,,,,,,,,,,list,", "line 2: other_rates has 'images' twice")]
    [InlineData("openai,m,,,,1,1,1,1,,,2,,,,,,,,list,", "line 2: long_input without long_context_above")]
    [InlineData("openai,m,,,,1,1,1,1,,0,2,2,2,2,,,,,list,", "line 2: long_context_above is '0'")]
    [InlineData("openai,m,,,,1,1,1,1,,9,2,2,,2,,,,,list,", "line 2: long_cache_write is ''")]
    [InlineData("openai,m,,,,1,1,1,1,,,,,,,,flex=0,,,list,", "line 2: tier flex is '0'")]
    [InlineData("openai,m,,,,1,1,1,1,,,,,,,,flex=10001,,,list,", "line 2: tier flex is '10001'")]
    [InlineData("openai,m,,,,1,1,1,1,,,,,,,,a+b=50,,,list,", "line 2: 'a+b' is not a tier's name")]
    [InlineData("openai,m,,,,1,1,1,1,,,,,,,,,-1,,list,", "line 2: context_window is '-1'")]
    [InlineData("openai,m,,,,1,1,1,1,,,,,,,,,,1.5,list,", "line 2: max_output is '1.5'")]
    // It would be kept for ever, as if a contract said it.
    [InlineData("openai,m,,,,1,1,1,1,,,,,,,,,,,declared,", "line 2: source is 'declared'")]
    [InlineData("openai,m,,,,1,1,1,1,,,,,,,,,,,declared,2026-11-25", "line 2: source is 'declared'")]
    public void A_line_that_is_wrong_says_where_and_nothing_of_the_file_is_used(string line, string error)
    {
        var read = PriceFile.Read($"{Header}\n{line}\nopenai,other,,,,1,1,1,1,,,,,,,,,,,list,\n");
        read.Errors.Should().ContainSingle(e => e.StartsWith(error));
        read.Prices.Should().BeEmpty();
    }

    [Fact]
    public void What_an_error_quotes_is_cut_and_cannot_rewrite_a_terminal()
    {
        var read = PriceFile.Read($"{Header}\nopenai,m,,,,\u001b[2J{new string('9', 100)},1,1,1,,,,,,,,,,,list,\n");
        read.Errors.Should().ContainSingle().Which.Should().StartWith("line 2: input is '\u00b7[2J999").And.HaveLength(166).And.NotContain("\u001b");
    }

    [Fact]
    public void Two_prices_for_one_time_are_refused()
    {
        const string rest = "1,1,1,1,,,,,,,,,,,list,";
        Errors($"openai,m,,,,{rest}\nopenai,m,,,,{rest}").Should().ContainSingle(e => e.StartsWith("openai/m has two prices for one time"));
        Errors($"openai,m,,,2026-12-02,{rest}\nopenai,m,,2026-12-01,,{rest}").Should().ContainSingle(e => e.StartsWith("openai/m has two prices for 2026-12-01T00:00:00Z"));
        Errors($"openai,m,m,,,{rest}").Should().HaveCount(1, "an alias that is the model itself");
        Errors($"openai,m,,2026-12-01,,{rest}\nopenai,m,,,2026-12-01,{rest}\nazure,m,,,,{rest}").Should().BeEmpty();
    }

    [Fact]
    public void Another_header_is_refused_whole() =>
        PriceFile.Read("model,price\nx,1\n").Errors.Should().Equal($"line 1: expected the columns {Header}");

    [Fact]
    public void What_is_written_is_read_as_it_was()
    {
        var all = PriceCatalog.All.Select(p => new OfferedPrice(p, p.EffectiveFrom > 0)).ToList();
        var read = PriceFile.Read(PriceFile.Write(all));
        read.Errors.Should().BeEmpty();
        read.Prices.Length.Should().Be(all.Count);
        foreach (var (before, after) in all.Zip(read.Prices))
        {
            after.IsDated.Should().Be(before.IsDated);
            (after.Price with { TierPercents = before.Price.TierPercents }).Should().Be(before.Price, before.Price.Model);
            after.Price.TierPercents.Should().Equal(before.Price.TierPercents);
        }
    }

    [Fact]
    public void No_text_makes_the_reader_fail() =>
        Gen.String[Gen.Char["aé,;=\"\n\r0123.-"], 0, 60].Sample(text =>
        {
            PriceFile.Read(text);
            PriceFile.Read($"{Header}\n{text}");
            PriceFile.Read($"{Header}\nopenai,m,,,,1,1,1,1,{text},,,,,,,,,,list,");
        }, iter: 3_000);

    private static ImmutableArray<OfferedPrice> Read(string line)
    {
        var read = PriceFile.Read($"{Header}\n{line}\n");
        read.Errors.Should().BeEmpty();
        return read.Prices;
    }

    private static ImmutableArray<string> Errors(string lines) => PriceFile.Read($"{Header}\r\n{lines}\r\n").Errors;
}
