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

    [Fact]
    public void Progress_is_a_plain_line_every_five_seconds_when_nobody_watches()
    {
        using var error = new StringWriter();
        var clock = new Clock();
        using (var progress = new ProgressDisplay(error, terminal: false, "Rendering", 400, "scenes", clock))
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
        using (var progress = new ProgressDisplay(error, terminal: true, "Reading", 4, "images", clock))
        {
            clock.Now = TimeSpan.FromSeconds(1);
            progress.Report(2L);
        }

        Assert.Equal(
            "\rReading ━━━━━━━━━━━━──────────── 2/4 images  2.0/s  0:01 left\u001b[K\rReading stopped at 2/4 images in 0:01 (2.0/s)\u001b[K\n",
            error.ToString());
    }
}
