using Spendra.Control.Reconciliation;
using Spendra.Core.Metering;

namespace Spendra.Control.Tests.Reconciliation;

/// <summary>Documents as the providers' interfaces and exports write them, and what must not pass for one.</summary>
public sealed class BillParserTests
{
    private static readonly Guid Account = Guid.CreateVersion7();

    // 2026-10-01 and 2026-10-02.
    private const long First = 20_727;

    [Fact]
    public void Costs_of_OpenAI_are_read_with_the_units_of_its_usage()
    {
        const string costs = """
            {"object":"page","data":[
              {"object":"bucket","start_time":1790812800,"end_time":1790899200,"results":[
                {"object":"organization.costs.result","amount":{"value":0.06000000000000001,"currency":"usd"},"line_item":"gpt-5.4-2026-03-05, input","project_id":null},
                {"object":"organization.costs.result","amount":{"value":1.5e-03,"currency":"usd"},"line_item":"gpt-5.4-2026-03-05, cached input","project_id":null},
                {"object":"organization.costs.result","amount":{"value":0.4,"currency":"usd"},"line_item":"gpt-5.4-2026-03-05, output","project_id":null,"quantity":25000,"quantity_unit":"tokens"},
                {"object":"organization.costs.result","amount":{"value":0.1,"currency":"usd"},"line_item":"assistants api | file search","project_id":null}]},
              {"object":"bucket","start_time":1790899200,"end_time":1790985600,"results":[]}],
             "has_more":false,"next_page":null}
            """;
        const string usage = """
            {"object":"page","data":[{"object":"bucket","start_time":1790812800,"end_time":1790899200,"results":[
              {"object":"organization.usage.completions.result","model":"gpt-5.4-2026-03-05","input_tokens":23000,"input_cached_tokens":3000,"output_tokens":25000,"num_model_requests":7}]}],"has_more":false}
            """;

        var bill = Read(BillFormats.OpenAiCosts, costs + "\n" + usage);

        Shown(bill).Should().Equal(
            (First, "gpt-5.4-2026-03-05", UnitClass.Input, 20_000, "0.06"), (First, "gpt-5.4-2026-03-05", UnitClass.CachedInput, 3_000, "0.0015"),
            (First, "gpt-5.4-2026-03-05", UnitClass.Output, 25_000, "0.4"), (First, "assistants api | file search", null, null, "0.1"));
        bill.Amount.ToString().Should().Be("0.5615");
    }

    [Fact]
    public void Costs_of_Anthropic_are_decimal_cents()
    {
        const string costs = """
            {"data":[{"starting_at":"2026-10-01T00:00:00Z","ending_at":"2026-10-02T00:00:00Z","results":[
              {"currency":"USD","amount":"123.78912","workspace_id":null,"description":"Claude Sonnet 5 Usage - Input Tokens","cost_type":"tokens","context_window":"0-200k","model":"claude-sonnet-5","service_tier":"standard","token_type":"uncached_input_tokens"},
              {"currency":"USD","amount":"10","workspace_id":null,"description":"Claude Sonnet 5 Usage - Input Tokens, Cache Write","cost_type":"tokens","model":"claude-sonnet-5","service_tier":"standard","token_type":"cache_creation.ephemeral_1h_input_tokens"},
              {"currency":"USD","amount":"0.5","workspace_id":null,"description":"Claude Sonnet 5 Usage - Input Tokens, Cache Read","cost_type":"tokens","model":"claude-sonnet-5","service_tier":"standard","token_type":"cache_read_input_tokens"},
              {"currency":"USD","amount":"75","workspace_id":null,"description":"Claude Sonnet 5 Usage - Output Tokens","cost_type":"tokens","model":"claude-sonnet-5","service_tier":"standard","token_type":"output_tokens"},
              {"currency":"USD","amount":"4","workspace_id":null,"description":"Web Search Usage","cost_type":"web_search","model":null,"token_type":null}]}],
             "has_more":false,"next_page":null}
            """;
        const string usage = """
            {"data":[{"starting_at":"2026-10-01T00:00:00Z","ending_at":"2026-10-02T00:00:00Z","results":[
              {"model":"claude-sonnet-5","uncached_input_tokens":618945,"cache_creation":{"ephemeral_1h_input_tokens":25000,"ephemeral_5m_input_tokens":0},"cache_read_input_tokens":25000,"output_tokens":75000,"server_tool_use":{"web_search_requests":4}}]}],"has_more":false}
            """;

        Shown(Read(BillFormats.AnthropicCosts, costs + usage)).Should().Equal(
            (First, "claude-sonnet-5", UnitClass.Input, 618_945, "1.2378912"), (First, "claude-sonnet-5", UnitClass.CacheWriteLong, 25_000, "0.1"),
            (First, "claude-sonnet-5", UnitClass.CachedInput, 25_000, "0.005"), (First, "claude-sonnet-5", UnitClass.Output, 75_000, "0.75"),
            (First, "", UnitClass.WebSearches, 4, "0.04"));
    }

    [Fact]
    public void Activity_and_generations_of_OpenRouter_have_one_amount_for_a_model()
    {
        const string activity = """
            {"data":[{"date":"2026-10-01","model":"openai/gpt-5.4","model_permaslug":"openai/gpt-5.4-2026-03-05","endpoint_id":"e1","provider_name":"OpenAI","usage":0.0151234567891,"byok_usage_inference":0.012,"requests":5,"prompt_tokens":50,"completion_tokens":125,"reasoning_tokens":25},
                     {"date":"2026-10-02","model":"qwen/qwen4","model_permaslug":"qwen/qwen4","endpoint_id":"e2","provider_name":"X","usage":1,"byok_usage_inference":0,"requests":5,"prompt_tokens":50,"completion_tokens":125,"reasoning_tokens":0}]}
            """;
        const string generation = """{"data":{"id":"gen-1","created_at":"2026-10-02T12:00:00.123456+00:00","model":"qwen/qwen4","total_cost":0.25,"native_tokens_prompt":10}}""";
        Shown(Read(BillFormats.OpenRouterActivity, activity)).Should().Equal((First, "openai/gpt-5.4", null, null, "0.015123457"), (First + 1, "qwen/qwen4", null, null, "1"));
        Shown(Read(BillFormats.OpenRouterGenerations, generation)).Should().Equal((First + 1, "qwen/qwen4", null, null, "0.25"));
    }

    [Fact]
    public void A_cost_export_of_Azure_is_read_by_its_meters()
    {
        const string file = """
            Date,MeterCategory,MeterSubCategory,MeterName,Quantity,UnitOfMeasure,CostInBillingCurrency,BillingCurrencyCode,ResourceId,Tags
            10/01/2026,Foundry Models,Azure OpenAI GPT5,gpt 5.4 Inp glbl Tokens,1200.5,1K,3.6015,USD,/subscriptions/1/accounts/prod,"{""env"":""prod""}"
            10/01/2026,Foundry Models,Azure OpenAI GPT5,gpt 5.4 cchd Inp glbl Tokens,10,1K,0.003,USD,/subscriptions/1/accounts/prod,
            10/01/2026,Foundry Models,Azure OpenAI GPT5,gpt 5.4 Outp glbl Tokens,0.25,1M,4,USD,/subscriptions/1/accounts/prod,
            10/01/2026,Storage,Blob,Hot LRS,3,1 GB/Month,9,USD,/subscriptions/1/storage,
            10/02/2026,Foundry Models,Azure OpenAI GPT5,gpt 5.4 Outp glbl Tokens,0.25,1M,4,USD,/subscriptions/1/accounts/test,
            """;
        var mapping = new BillMapping
        {
            Models = new Dictionary<string, string> { ["gpt 5.4 Inp glbl Tokens"] = "gpt-5.4", ["gpt 5.4 cchd Inp glbl Tokens"] = "gpt-5.4", ["gpt 5.4 Outp glbl Tokens"] = "gpt-5.4" },
            Only = new Dictionary<string, string> { ["ResourceId"] = "/subscriptions/1/accounts/prod" },
        };

        var bill = Read(BillFormats.AzureCsv, file, mapping);

        Shown(bill).Should().Equal((First, "gpt-5.4", UnitClass.Input, 1_200_500, "3.6015"), (First, "gpt-5.4", UnitClass.CachedInput, 10_000, "0.003"),
            (First, "gpt-5.4", UnitClass.Output, 250_000, "4"));
        bill.Skipped.Should().Be(2);
    }

    [Theory]
    [InlineData(BillFormats.GoogleJsonLines, """
        {"service":{"description":"Vertex AI"},"sku":{"description":"Gemini 4 Pro Text Input - Predictions"},"usage_start_time":"2026-10-01T03:00:00Z","cost":2.5,"currency":"USD","usage":{"amount":2000000,"unit":"count"},"credits":[{"name":"d","amount":-0.5}],"invoice":{"month":"202610"}}
        {"service":{"description":"Compute Engine"},"sku":{"description":"N1"},"usage_start_time":"2026-10-01T03:00:00Z","cost":7,"currency":"USD","usage":{"amount":1,"unit":"seconds"},"credits":[]}
        """)]
    [InlineData(BillFormats.GoogleCsv, """
        service.description,sku.description,usage_start_time,cost,currency,usage.amount,usage.unit,credits
        Vertex AI,Gemini 4 Pro Text Input - Predictions,2026-10-01 03:00:00 UTC,2.5,USD,2000000,count,"[{""name"":""d"",""amount"":-0.5}]"
        Compute Engine,N1,2026-10-01 03:00:00 UTC,7,USD,1,seconds,[]
        """)]
    public void A_billing_export_of_Google_is_read_with_its_credits(string format, string file)
    {
        var mapping = new BillMapping { Models = new Dictionary<string, string> { ["Gemini 4 Pro Text Input - Predictions"] = "gemini-4-pro" } };
        var bill = Read(format, file, mapping);
        Shown(bill).Should().Equal((First, "gemini-4-pro", UnitClass.Input, 2_000_000, "2"));
        bill.Skipped.Should().Be(1);
    }

    [Fact]
    public void A_FOCUS_file_is_read_by_the_columns_of_its_specification()
    {
        const string file = """
            BilledCost,BillingCurrency,ChargeCategory,ChargePeriodEnd,ChargePeriodStart,ConsumedQuantity,ConsumedUnit,EffectiveCost,ServiceName,SkuId,SkuMeter,x_Model
            0.0125,USD,Usage,2026-10-02T00:00:00Z,2026-10-01T00:00:00Z,10000,Tokens,0.0125,OpenAI API,sku-1,Input Tokens,gpt-5.4
            1.5,USD,Usage,2026-10-02T00:00:00Z,2026-10-01T00:00:00Z,,,1.5,OpenAI API,sku-2,Support,
            """;
        Shown(Read(BillFormats.FocusCsv, file)).Should().Equal((First, "gpt-5.4", UnitClass.Input, 10_000, "0.0125"), (First, "Support", null, null, "1.5"));
    }

    [Fact]
    public void Any_table_is_read_by_a_mapping()
    {
        const string file = "when;what;kind;n;price\n2026-10-01;GPT;in;1.5;125\n2026-10-02;other;out;2;50\n";
        var mapping = Columns with
        {
            Day = "when", Model = "what", Class = "kind", Quantity = "n", Amount = "price", Currency = null, IsInCents = true,
            Models = new Dictionary<string, string> { ["GPT"] = "gpt-5.4" }, Classes = new Dictionary<string, string> { ["in"] = "input", ["out"] = "output" },
        };
        Fault(BillFormats.Csv, file, mapping).Should().Be("line 2: its quantity is no whole number of units");
        Shown(Read(BillFormats.Csv, file.Replace("1.5", "15", StringComparison.Ordinal), mapping)).Should()
            .Equal((First, "gpt-5.4", UnitClass.Input, 15, "1.25"), (First + 1, "other", UnitClass.Output, 2, "0.5"));
    }

    [Theory]
    [InlineData("2026-10-01,m,input,10,-1,USD", "its amount is negative: a credit is booked as an adjustment of the account")]
    [InlineData("2026-10-01,m,input,-10,1,USD", "its quantity is negative")]
    [InlineData("2026-10-01,m,input,10,1000001,USD", "its amount is above 1000000 USD")]
    [InlineData("2026-10-01,m,input,10,1e30,USD", "its amount is no amount of money")]
    [InlineData("2026-10-01,m,input,9000000000000000,1,USD", "its quantity is larger than any that is believed")]
    [InlineData("2026-10-01,m,input,ten,1,USD", "its quantity is no whole number of units")]
    [InlineData("2026-10-01,m,input,10,,USD", "it has no amount")]
    [InlineData("2026-10-01,m,input,10,1.2.3,USD", "its amount is no amount of money")]
    [InlineData("2026-10-01,m,input,10,NaN,USD", "its amount is no amount of money")]
    [InlineData("2026-10-01,m,input,10,1,EUR", "its currency is another one: only US dollars are compared")]
    [InlineData("2026-10-01,m,input,10,1,", "it has no currency")]
    [InlineData(",m,input,10,1,USD", "it has no day")]
    [InlineData("October,m,input,10,1,USD", "its day is none such as 2026-10-31 or 2026-10-31T00:00:00Z")]
    [InlineData("1999-10-01,m,input,10,1,USD", "its day is not from 2015 to 2199")]
    [InlineData("2026-10-01,,input,10,1,USD", "it names no model")]
    [InlineData("2026-10-01,m,thoughts,10,1,USD", "its class is none that is known: name it under 'classes' of the mapping")]
    [InlineData("2026-10-01,m,input,10,1,USD,more", "it has 7 values for 6 columns")]
    [InlineData("2026-10-01,ok,input,10,1,USD", "it repeats line 2")]
    public void A_line_that_is_wrong_is_named(string line, string what) =>
        Fault(BillFormats.Csv, $"day,model,class,units,usd,currency\n2026-10-01,ok,input,10,1,USD\n{line}\n", Columns).Should().Be($"line 3: {what}");

    [Theory]
    [InlineData("", "line 1: it is not CSV")]
    [InlineData("day,model\n2026-10-01,m\n", "line 1: there is no column of the name that the mapping has under 'amount'")]
    [InlineData("day,day,model,usd\n", "line 1: column 2 has the name of an earlier one")]
    [InlineData("day,model,class,units,usd,currency\n", "there is nothing in it that was billed")]
    public void A_table_without_what_it_needs_is_refused(string file, string what) => Fault(BillFormats.Csv, file, Columns).Should().Contain(what);

    [Theory]
    [InlineData("[]", "has no list 'data'")]
    [InlineData("{", "line 1: it is not JSON at column 2")]
    [InlineData("", "the document is empty")]
    [InlineData("""{"data":[{"start_time":1790812800,"results":[{"object":"organization.costs.result","amount":{"value":1,"currency":"eur"},"line_item":"m, input"}]}]}""", "line 1: its currency is another one")]
    [InlineData("""{"data":[{"start_time":1790812800,"results":[{"object":"organization.costs.result","amount":{"value":1,"currency":"usd"}}]}]}""", "line 1: it names no line item")]
    [InlineData("""{"data":[{"start_time":1790812800,"results":[{"object":"organization.costs.result","amount":{"value":-1,"currency":"usd"},"line_item":"m, input"}]}]}""", "line 1: its amount is negative")]
    [InlineData("""{"data":[{"results":[{"object":"organization.costs.result","amount":{"value":1,"currency":"usd"},"line_item":"m, input"}]}]}""", "line 1: it has no day")]
    [InlineData("""{"data":[{"start_time":1790812800,"results":[{"object":"organization.usage.completions.result","model":"m","input_tokens":5,"input_cached_tokens":9}]}]}""", "line 1: more of its input is cached than there is")]
    public void A_document_that_is_wrong_is_refused(string document, string what) => Fault(BillFormats.OpenAiCosts, document).Should().Contain(what);

    [Theory]
    [InlineData("day,model,class,units,usd,currency\n{0},m,input,10,1,USD\n")]
    [InlineData("day,model,class,units,usd,currency\n2026-10-01,m,input,{0},1,USD\n")]
    [InlineData("day,model,class,units,usd,currency\n2026-10-01,m,input,10,{0},USD\n")]
    [InlineData("day,model,class,units,usd,currency\n2026-10-01,m,input,10,1,{0}\n")]
    [InlineData("day,{0},{0}\n")]
    [InlineData("\"{0}")]
    [InlineData("{0}")]
    public void What_a_bill_says_is_not_repeated_by_its_refusal(string file)
    {
        const string secret = "sk-pasted";
        Fault(BillFormats.Csv, file.Replace("{0}", secret, StringComparison.Ordinal), Columns).Should().NotContain(secret);
        Fault(BillFormats.Csv, "day,model\n", Columns with { Day = secret, Model = secret, Amount = secret, Currency = secret }).Should().NotContain(secret);
        Fault(BillFormats.OpenAiCosts, $"[\"{secret}").Should().NotContain(secret);
        Fault(secret, file).Should().NotContain(secret);
    }

    [Fact]
    public void A_page_that_comes_twice_is_refused()
    {
        const string page = """{"data":[{"start_time":1790812800,"results":[{"object":"organization.costs.result","amount":{"value":1,"currency":"usd"},"line_item":"m, input"}]}]}""";
        Fault(BillFormats.OpenAiCosts, page + page).Should().Be("line 2: it repeats line 1");
    }

    [Fact]
    public void Days_beside_those_that_a_bill_is_of_are_refused()
    {
        const string file = "day,model,class,units,usd,currency\n2026-10-01,m,input,10,1,USD\n2026-11-01,m,input,10,1,USD\n";
        var content = new BillContent(Account, BillFormats.Csv, file) { Mapping = Columns, From = new DateOnly(2026, 10, 1), To = new DateOnly(2026, 10, 31) };
        BillParser.Read(content).Fault.Should().Be("line 3: its day 2026-11-01 is not among those that the bill is of");
        BillParser.Read(content with { To = new DateOnly(2028, 10, 31) }).Fault.Should().Be("it is the bill of more than 400 days: import it in parts");
        BillParser.Read(content with { To = new DateOnly(2026, 9, 1) }).Fault.Should().Be("its last day is before its first");
    }

    [Fact]
    public void The_digest_knows_everything_that_decides_what_is_read()
    {
        const string file = "day,model,class,units,usd,currency\n2026-10-01,m,input,10,1,USD\n";
        byte[] Digest(string text, BillMapping mapping, DateOnly? to = null) => BillParser.Read(new BillContent(Account, BillFormats.Csv, text) { Mapping = mapping, To = to }).Bill!.Digest;
        var digest = Digest(file, Columns);
        Digest(file, Columns).Should().Equal(digest);
        Digest(file + "\n", Columns).Should().NotEqual(digest);
        Digest(file, Columns with { IsInCents = true }).Should().NotEqual(digest);
        Digest(file, Columns, new DateOnly(2026, 10, 2)).Should().NotEqual(digest);
    }

    private static BillMapping Columns => new() { Day = "day", Model = "model", Class = "class", Quantity = "units", Amount = "usd", Currency = "currency" };

    private static ReadBill Read(string format, string content, BillMapping? mapping = null)
    {
        var (bill, fault) = BillParser.Read(new BillContent(Account, format, content) { Mapping = mapping ?? new BillMapping() });
        fault.Should().BeNull();
        bill!.Lines.Should().OnlyContain(l => l.AccountId == Account);
        return bill;
    }

    private static string? Fault(string format, string content, BillMapping? mapping = null)
    {
        var (bill, fault) = BillParser.Read(new BillContent(Account, format, content) { Mapping = mapping ?? new BillMapping() });
        bill.Should().BeNull();
        return fault;
    }

    private static IEnumerable<(long Day, string Model, UnitClass? Class, long? Quantity, string Usd)> Shown(ReadBill bill) =>
        bill.Lines.Select(l => (l.Day, l.Model, l.Class, l.Quantity, l.Amount.ToString()));
}
