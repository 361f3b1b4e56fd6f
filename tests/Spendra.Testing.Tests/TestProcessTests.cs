namespace Spendra.Testing.Tests;

public sealed class TestProcessTests
{
    private static TestProcess Shell(string script) => TestProcess.Start("sh", ["-c", script]);

    [Fact]
    public async Task A_line_that_came_before_the_wait_is_found()
    {
        await using var process = Shell("echo early; echo last");
        await process.WaitForExitAsync();

        (await process.WaitForLineAsync(line => line == "early")).Should().Be("early");
    }

    [Fact]
    public async Task A_line_on_stderr_that_comes_during_the_wait_is_found()
    {
        await using var process = Shell("sleep 0.3; echo late >&2; sleep 60");

        (await process.WaitForLineAsync(line => line == "late")).Should().Be("late");
        process.HasExited.Should().BeFalse();
    }

    [Fact]
    public async Task A_wait_ends_when_the_output_ends_without_the_line()
    {
        await using var process = Shell("echo something else");

        var wait = () => process.WaitForLineAsync(line => line == "never");

        (await wait.Should().ThrowAsync<InvalidOperationException>()).WithMessage("*something else*");
    }

    [Fact]
    public async Task A_wait_that_times_out_tells_what_was_said()
    {
        await using var process = Shell("echo starting; sleep 60");
        await process.WaitForLineAsync(line => line == "starting");

        var wait = () => process.WaitForLineAsync(line => line == "never", TimeSpan.FromMilliseconds(50));

        (await wait.Should().ThrowAsync<TimeoutException>()).WithMessage("*starting*");
    }

    [Fact]
    public async Task Terminate_lets_the_process_choose_its_exit_code()
    {
        await using var process = Shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done");
        await process.WaitForLineAsync(line => line == "ready");

        (await process.TerminateAsync()).Should().Be(7);
        process.Lines.Should().Equal("ready", "bye");
    }

    [Fact]
    public async Task Kill_takes_the_descendants_along_and_asks_nobody()
    {
        await using var process = Shell("trap 'echo bye' TERM; sleep 60 & echo $!; wait");
        var child = await process.WaitForLineAsync(line => line.Length > 0);

        process.Kill();

        process.ExitCode.Should().Be(137);
        await Proc.GoneAsync(int.Parse(child));
        process.Lines.Should().NotContain("bye");
    }

    [Fact]
    public async Task Environment_is_added_and_removed()
    {
        await using var process = TestProcess.Start(
            "sh", ["-c", "echo \"$SPENDRA_A-${HOME-none}\""], new Dictionary<string, string?> { ["SPENDRA_A"] = "1", ["HOME"] = null });

        await process.WaitForLineAsync(line => line == "1-none");
    }
}
