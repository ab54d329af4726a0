using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Reports.Tests;

public sealed class DatasetPageTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-page").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    string At(string name) => Path.Combine(root, name);

    [Fact]
    public void Everything_found_is_on_the_page_with_the_worst_pictures()
    {
        File.WriteAllLines(At("labels.txt"), ["floor", "wall <b>"]);
        var masks = new byte[][] { [0, 1, 1, 255], [0, 9, 9, 9], [255, 255, 255, 1] };
        for (var k = 0; k < 3; k++)
        {
            Png.Write(At($"{k}.png"), new RgbImage(4, 1, Enumerable.Range(20 * k, 12).Select(v => (byte)v).ToArray()));
            Png.WriteGray(At($"{k}_mask.png"), new LabelMap(4, 1, masks[k]));
        }
        Png.Write(At("2_mask.png"), new RgbImage(4, 1));
        File.WriteAllLines(At("train.txt"), ["0.png 0_mask.png", "1.png 1_mask.png"]);
        File.WriteAllLines(At("val.txt"), ["2.png 2_mask.png"]);
        var page = DatasetPage.Text(DatasetCheck.Run("list", root), Datasets.ClassesOf("list", root), root);

        Assert.Contains("labels that are no class: 9 (3 pixels)", page, StringComparison.Ordinal);
        Assert.Contains("a colour PNG (8-bit Rgb) where class indices were expected", page, StringComparison.Ordinal);
        Assert.Contains("wall &lt;b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>wall", page, StringComparison.Ordinal);
        // Of the one mask that counts, 1 of 4 pixels is floor and 2 are wall: the median frequency is 3 ÷ 8.
        Assert.Contains("loss: {class_weights: [1.5, 0.75]}", page, StringComparison.Ordinal);
        // What cannot be read comes first, then labels that are no class, then what is ignored.
        var order = new[] { "alt=\"Image of 2\"", "alt=\"Image of 1\"", "alt=\"Image of 0\"" }.Select(text => page.IndexOf(text, StringComparison.Ordinal)).ToArray();
        Assert.All(order, at => Assert.True(at > 0));
        Assert.Equal(order.Order(), order);
        Assert.Contains("25.0 % of its pixels are ignored", page, StringComparison.Ordinal);
        // A mask that is no mask is shown as it is, three pictures for each of the others.
        Assert.Equal(9, page.Split("src=\"data:image/").Length - 1);
    }

    [Fact]
    public void A_page_is_written_whole()
    {
        File.WriteAllText(At("labels.txt"), "a\n");
        DatasetPage.Write(At("out/check.html"), DatasetCheck.Run("list", root), Datasets.ClassesOf("list", root), root);
        var page = File.ReadAllText(At("out/check.html"));
        Assert.EndsWith("</html>\n", page, StringComparison.Ordinal);
        Assert.Contains("missing or empty splits", page, StringComparison.Ordinal);
    }
}
