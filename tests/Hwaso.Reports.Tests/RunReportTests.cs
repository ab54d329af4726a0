namespace Hwaso.Reports.Tests;

public sealed class RunReportTests
{
    [Fact]
    public void The_sample_report_is_written()
    {
        var path = Path.Combine(Environment.GetEnvironmentVariable("HWASO_KEEP") ?? Path.GetTempPath(), "report.html");
        RunReport.Write(path, SampleRun.Make());
        Assert.True(File.Exists(path));
    }
}
