using Hwaso.Imaging;

namespace Hwaso.Reports.Tests;

public sealed class ReportSectionTests
{
    static readonly RunReportData page = new()
    {
        Title = "people",
        Headline = [new ReportFigure("AP", "76.5", "%", "of keypoints")],
        Curves = [new ReportCurve("AP", [(10, 0.5), (20, 0.75)])],
        Sections = [new ReportSection("Joints") { Heads = ["joint", "AP"], Rows = [["nose", "0.9"], ["left <knee>", "0.7"]] }],
    };

    [Fact]
    public void A_task_without_classes_has_its_figures_curves_and_tables_on_the_page()
    {
        var html = RunReport.Page(page);
        const string Figure = """<div class="main"><dt>AP</dt><dd>76.5<small> %</small></dd><dd class="note">of keypoints</dd>""";
        Assert.Contains(Figure, html, StringComparison.Ordinal);
        Assert.Contains("<figcaption><h3>AP</h3>", html, StringComparison.Ordinal);
        Assert.Contains("<h2>Joints</h2>", html, StringComparison.Ordinal);
        Assert.Contains("<tr><td>left &lt;knee&gt;</td><td>0.7</td></tr>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_as_wide_as_half_a_page_on_a_sharp_screen_is_not_made_smaller()
    {
        var html = RunReport.Page(page with
        {
            Sections = [new ReportSection("People") { Pictures = [("both", new RgbImage(640, 420)), ("wide", new RgbImage(1280, 20))] }],
        });

        const string First = """<div class="gallery"><figure class="card example"><figcaption><span class="name">both""";
        Assert.Contains(First, html, StringComparison.Ordinal);
        Assert.Contains("""<img alt="both" width="640" height="420" """, html, StringComparison.Ordinal);
        Assert.Contains("""<img alt="wide" width="640" height="10" """, html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_of_other_length_than_the_head_is_an_error()
    {
        var wrong = page with { Sections = [new ReportSection("Joints") { Heads = ["joint", "AP"], Rows = [["nose"]] }] };
        var error = Assert.Throws<ArgumentException>(() => RunReport.Page(wrong));
        Assert.Equal("section 'Joints': a row has 1 cells, the table 2 columns; they must be equal", error.Message);
    }
}
