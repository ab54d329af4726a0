using System.Diagnostics;
using System.Globalization;
using Hwaso.Inference;
using Xunit.Abstractions;

namespace Hwaso.Cli.Tests;

/// <summary>Training that is killed at random moments and resumed: it ends with the bits of a run left alone.</summary>
/// <remarks>HWASO_KILLS sets the number of runs, and HWASO_KILL_SEED the first seed (<c>make fire</c>).</remarks>
[Collection(WorkshopTests.Name)]
public sealed class KilledTrainingTests(Workshop shop, ITestOutputHelper output)
{
    // One folder for all, because the recipe in a checkpoint begins with the run's own path.
    const string Run = "killed", Undisturbed = "left-alone";

    // A run is killed at most so often before it may end.
    const int MostKills = 3;

    // 24 steps; saved after every second epoch alone, so that moments of all kinds are hit.
    static readonly string[] settings = ["--set", "train.epochs=8", "--set", "save.every=2", "--set", "train.ema_decay=0.9"];

    static readonly string[] files = ["checkpoints/last.safetensors", "checkpoints/best.safetensors"];

    [Fact]
    [Trait("Time", "Long")]
    public void A_run_killed_at_random_moments_and_resumed_ends_with_the_same_bits()
    {
        var count = Asked("HWASO_KILLS") ?? 2;
        var first = Asked("HWASO_KILL_SEED") ?? Environment.TickCount & 0xffff;
        var duration = Stopwatch.StartNew();
        using (var process = HwasoProcess.Start(shop.Training(Run, settings)))
        {
            var ended = process.Finish();
            Assert.True(ended.Code == 0, ended.Error);
        }
        duration.Stop();
        Directory.Move(shop.At(Run), shop.At(Undisturbed));
        for (var seed = first; seed < first + count; seed++)
        {
            output.WriteLine($"HWASO_KILL_SEED={seed}");
            var kills = KillUntilFinished(new Random(seed), duration.Elapsed);
            foreach (var file in files)
            {
                var (whole, resumed) = (shop.At($"{Undisturbed}/{file}"), shop.At($"{Run}/{file}"));
                Assert.True(File.ReadAllBytes(whole).AsSpan().SequenceEqual(File.ReadAllBytes(resumed)),
                    $"seed {seed}, killed after {kills}: {file} differs");
            }
            Directory.Delete(shop.At(Run), recursive: true);
        }
        Directory.Delete(shop.At(Undisturbed), recursive: true);
    }

    /// <summary>Trains with kills after random times, and then to the end; the times in words.</summary>
    string KillUntilFinished(Random random, TimeSpan whole)
    {
        var times = new List<string>();
        for (var left = random.Next(1, MostKills + 1); left >= 0; left--)
        {
            // Killed before anything was made, it is not resumed but begun.
            string[] resume = new RunFolder(shop.At(Run)).WasBegun ? ["--resume"] : [];
            using var process = HwasoProcess.Start(shop.Training(Run, [.. settings, .. resume]));
            if (left > 0)
            {
                var time = whole * random.NextDouble();
                Thread.Sleep(time);
                process.Send("KILL");
                times.Add($"{time.TotalMilliseconds:0} ms");
            }
            var ended = process.Finish();
            Assert.True(ended.Code is 0 || (left > 0 && ended.Code is 128 + 9), $"killed after {string.Join(", ", times)}: {ended.Error}");
        }
        return string.Join(", ", times);
    }

    static int? Asked(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : null;
}
