using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Pricing;

public sealed class BoundBasisTests
{
    // These names are stored and exported: another spelling would orphan rows.
    [Theory]
    [InlineData(BoundBasis.Bytes, "bytes")]
    [InlineData(BoundBasis.ContextWindow, "context_window")]
    [InlineData(BoundBasis.Tokenizer, "tokenizer")]
    [InlineData(BoundBasis.Counted, "counted")]
    public void Every_basis_has_a_name_that_leads_back_to_it(BoundBasis basis, string name)
    {
        BoundBases.NameOf(basis).Should().Be(name);
        BoundBases.Find(name).Should().Be(basis);
    }

    [Fact]
    public void No_basis_is_without_a_name() =>
        BoundBases.All.Select(b => b.Basis).Should().Equal(Enum.GetValues<BoundBasis>());

    [Theory]
    [InlineData("Bytes")]
    [InlineData("")]
    public void Other_names_are_of_no_basis(string name) => BoundBases.Find(name).Should().BeNull();

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public void What_is_no_basis_has_no_name(int basis) =>
        FluentActions.Invoking(() => BoundBases.NameOf((BoundBasis)basis)).Should().Throw<ArgumentOutOfRangeException>();
}
