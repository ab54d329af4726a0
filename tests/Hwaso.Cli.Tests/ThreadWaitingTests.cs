namespace Hwaso.Cli.Tests;

/// <summary>What GNU OpenMP itself says of its settings, in a process whose libtorch it serves.</summary>
public sealed class ThreadWaitingTests
{
    [Theory]
    [InlineData(null, "1000")]
    [InlineData("GOMP_SPINCOUNT=7", "7")]
    public void Threads_spin_for_short_unless_the_environment_says_otherwise(string? set, string expected)
    {
        // Whoever runs the tests may have set them.
        string[] environment = ["--unset=GOMP_SPINCOUNT", "--unset=OMP_WAIT_POLICY", "OMP_DISPLAY_ENV=verbose", .. set is null
            ? Array.Empty<string>() : [set]];
        using var process = HwasoProcess.StartWith(environment, "--version");
        var ended = process.Finish();
        Assert.Equal(0, ended.Code);
        Assert.Contains($"GOMP_SPINCOUNT = '{expected}'", ended.Error, StringComparison.Ordinal);
    }
}
