using System.Text;

namespace Spendra.Sandbox.Tests;

public sealed class FileTests : IAsyncLifetime
{
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync(new SandboxOptions { MaxFileContentBytes = 100_000 });

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Uploaded_file_can_be_fetched_read_listed_and_deleted()
    {
        var content = Encoding.UTF8.GetBytes("{\"line\":1}\n");

        var created = await _provider.UploadAsync(content, purpose: "batch");
        var id = (string)created["id"]!;

        id.Should().StartWith("file-");
        ((string)created["object"]!).Should().Be("file");
        ((long)created["bytes"]!).Should().Be(content.Length);
        ((string)created["filename"]!).Should().Be("lines.jsonl");
        ((string)created["purpose"]!).Should().Be("batch");
        ((string)created["status"]!).Should().Be("processed");
        (await _provider.GetJsonAsync($"files/{id}")).ToJsonString().Should().Be(created.ToJsonString());
        (await _provider.Http.GetByteArrayAsync($"files/{id}/content", Provider.Token)).Should().Equal(content);
        ((bool)(await _provider.DeleteJsonAsync($"files/{id}"))["deleted"]!).Should().BeTrue();
        await _provider.GetJsonAsync($"files/{id}", status: 404);
        await _provider.GetJsonAsync($"files/{id}/content", status: 404);
        await _provider.DeleteJsonAsync($"files/{id}", status: 404);
    }

    [Fact]
    public async Task List_is_filtered_by_purpose_and_paged()
    {
        var ids = new List<string>();
        foreach (var purpose in new[] { "batch", "user_data", "batch", "batch" })
            ids.Add((string)(await _provider.UploadAsync([1], purpose: purpose))["id"]!);

        var newest = await _provider.GetJsonAsync("files?purpose=batch&limit=2");
        var rest = await _provider.GetJsonAsync($"files?purpose=batch&after={newest["last_id"]}");
        var all = await _provider.GetJsonAsync("files?order=asc");

        newest["data"]!.AsArray().Select(file => (string)file!["id"]!).Should().Equal(ids[3], ids[2]);
        ((bool)newest["has_more"]!).Should().BeTrue();
        rest["data"]!.AsArray().Select(file => (string)file!["id"]!).Should().Equal(ids[0]);
        all["data"]!.AsArray().Select(file => (string)file!["id"]!).Should().Equal(ids);
    }

    [Fact]
    public async Task File_beyond_the_content_cap_is_counted_but_its_content_is_not_kept()
    {
        var created = await _provider.UploadAsync(new byte[100_001]);
        var whole = await _provider.UploadAsync(new byte[100_000]);

        ((long)created["bytes"]!).Should().Be(100_001);
        var answer = await _provider.GetJsonAsync($"files/{created["id"]}/content", status: 507);
        ((string)answer["error"]!["code"]!).Should().Be("content_not_kept");
        (await _provider.Http.GetByteArrayAsync($"files/{whole["id"]}/content", Provider.Token)).Should().HaveCount(100_000);
    }

    [Fact]
    public async Task Oldest_content_makes_room_and_the_oldest_file_is_forgotten()
    {
        await using var small = await Provider.StartAsync(new SandboxOptions { MaxTotalContentBytes = 15, MaxStoredFiles = 2 });
        var first = (string)(await small.UploadAsync(new byte[10]))["id"]!;
        var second = (string)(await small.UploadAsync(new byte[10]))["id"]!;

        await small.GetJsonAsync($"files/{first}");
        await small.GetJsonAsync($"files/{first}/content", status: 507);
        (await small.Http.GetByteArrayAsync($"files/{second}/content", Provider.Token)).Should().HaveCount(10);
        await small.UploadAsync(new byte[1]);
        await small.GetJsonAsync($"files/{first}", status: 404);
    }

    [Fact]
    public async Task Upload_over_the_limit_is_too_large()
    {
        await using var small = await Provider.StartAsync(new SandboxOptions { MaxUploadBytes = 1_000 });

        await small.UploadAsync(new byte[1_001], status: 413);
        await small.UploadAsync(new byte[1_000]);
    }

    [Fact]
    public async Task Form_without_a_known_purpose_or_a_file_is_refused()
    {
        var noPurpose = await _provider.UploadAsync([1], purpose: null, status: 400);
        var oddPurpose = await _provider.UploadAsync([1], purpose: "fun", status: 400);
        var noForm = await _provider.PostJsonAsync("files", "{}", status: 400);
        using var empty = new MultipartFormDataContent { { new StringContent("batch"), "purpose" } };
        using var noFile = await _provider.Http.PostAsync("files", empty, Provider.Token);

        ((string)noPurpose["error"]!["param"]!).Should().Be("purpose");
        ((string)oddPurpose["error"]!["param"]!).Should().Be("purpose");
        ((string)noForm["error"]!["type"]!).Should().Be("invalid_request_error");
        ((int)noFile.StatusCode).Should().Be(400);
    }

    [Theory]
    [InlineData("3600", 200)]
    [InlineData("3599", 400)]
    [InlineData("soon", 400)]
    public async Task Expiry_is_kept_when_it_is_in_range(string seconds, int status)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("created_at"), "expires_after[anchor]" },
            { new StringContent(seconds), "expires_after[seconds]" },
            { new ByteArrayContent([1]), "file", "a.txt" },
            { new StringContent("user_data"), "purpose" },
        };

        using var answer = await _provider.Http.PostAsync("files", form, Provider.Token);

        ((int)answer.StatusCode).Should().Be(status);
        if (status == 200)
        {
            var file = System.Text.Json.Nodes.JsonNode.Parse(await answer.Content.ReadAsStringAsync(Provider.Token))!;
            ((long)file["expires_at"]!).Should().Be((long)file["created_at"]! + 3_600);
        }
    }

    [Fact]
    public async Task Knobs_of_an_upload_stand_in_its_file_name()
    {
        await _provider.UploadAsync([1], "a [[sandbox status=500]].txt", status: 500);

        (await _provider.GetJsonAsync("files"))["data"]!.AsArray().Should().BeEmpty();
    }
}
