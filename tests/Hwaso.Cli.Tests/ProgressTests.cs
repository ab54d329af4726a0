using Hwaso.Cli.Output;

namespace Hwaso.Cli.Tests;

public sealed class ProgressTests
{
    sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }

    static Terminal Watching(TextWriter error, bool terminal, int width = 100) => new(TextWriter.Null, error, terminal, terminal, width);

    [Fact]
    public void Progress_is_a_plain_line_every_five_seconds_when_nobody_watches()
    {
        using var error = new StringWriter();
        var clock = new Clock();
        using (var progress = new ProgressDisplay(Watching(error, terminal: false), "Rendering", 400, "scenes", clock))
        {
            for (var second = 1; second <= 20; second++)
            {
                clock.Now = TimeSpan.FromSeconds(second);
                progress.Report(second * 20L);
            }
        }

        // 20 a second: after 5 s 100 are done and 300 / 20 = 15 s are left.
        Assert.Equal(
            """
            Rendering 100/400 scenes  20/s  0:15 left
            Rendering 200/400 scenes  20/s  0:10 left
            Rendering 300/400 scenes  20/s  0:05 left
            Rendering 400/400 scenes  20/s
            Rendering 400 scenes in 0:20 (20/s)

            """,
            error.ToString());
    }

    [Fact]
    public void Progress_redraws_one_line_on_a_terminal()
    {
        using var error = new StringWriter();
        var clock = new Clock();
        using (var progress = new ProgressDisplay(Watching(error, terminal: true), "Reading", 4, "images", clock))
        {
            clock.Now = TimeSpan.FromSeconds(1);
            progress.Report(2L);
        }

        Assert.Equal(
            "\rReading ━━━━━━━━━━━━──────────── 2/4 images  2.0/s  0:01 left\u001b[K\rReading stopped at 2/4 images in 0:01 "
                + "(2.0/s)\u001b[K\n",
            error.ToString());
    }

    [Theory]
    [InlineData(100, "Training ━━━━━━━━━━━━──────────── 2/4 steps  loss 1.2500  lr 0.01  8.0 images/s  0:01 left")]
    [InlineData(72, "Training ━━─── 2/4 steps  loss 1.2500  lr 0.01  8.0 images/s  0:01 left")]
    [InlineData(60, "Training 2/4 steps  loss 1.2500  lr 0.01  8.0 images/s  0:0")]
    public void Progress_shows_figures_and_never_wraps(int width, string expected)
    {
        using var error = new StringWriter();
        var clock = new Clock();
        using (var progress = new ProgressDisplay(Watching(error, terminal: true, width), "Training", 4, "steps", clock))
        {
            clock.Now = TimeSpan.FromSeconds(1);
            progress.Report(2L, "loss 1.2500  lr 0.01  8.0 images/s");
            Assert.Equal($"\r{expected}\u001b[K", error.ToString());
        }
    }

    [Fact]
    public void A_line_said_meanwhile_takes_the_place_of_the_bar()
    {
        using var error = new StringWriter();
        using (var progress = new ProgressDisplay(Watching(error, terminal: true), "Reading", 4, "images", new Clock()))
            progress.Log("x.png: is damaged");

        Assert.StartsWith("\rx.png: is damaged\u001b[K\n", error.ToString(), StringComparison.Ordinal);
    }
}
