namespace Hwaso.Imaging.Tests;

public sealed class ContactSheetTests
{
    [Fact]
    public void Images_stand_in_rows_under_their_labels()
    {
        var red = new RgbImage(40, 20, [.. Enumerable.Range(0, 800).SelectMany(_ => new byte[] { 255, 0, 0 })]);
        var blue = new RgbImage(40, 20, [.. Enumerable.Range(0, 800).SelectMany(_ => new byte[] { 0, 0, 255 })]);

        var sheet = ContactSheet.Of([("one", red), ("two", blue), ("three", red)], columns: 2, width: 80);

        // Gaps of 8, labels of (7 + 2) · 2, images of 80×40.
        Assert.Equal((8 + 2 * 88, 8 + 2 * (18 + 40 + 8)), (sheet.Width, sheet.Height));
        Assert.Equal((255, 0, 0), At(sheet, 8 + 40, 8 + 18 + 20));
        Assert.Equal((0, 0, 255), At(sheet, 8 + 88 + 40, 8 + 18 + 20));
        Assert.Equal((255, 0, 0), At(sheet, 8 + 40, 8 + 66 + 18 + 20));
        Assert.Equal((255, 255, 255), At(sheet, 8 + 88 + 40, 8 + 66 + 18 + 20));
    }

    [Fact]
    public void Letters_are_written_dot_by_dot_and_cut_at_the_edge()
    {
        var image = new RgbImage(8, 7);
        PixelText.Write(image, 0, 0, "Tl", (255, 255, 255));

        // A small t, and of the l what is inside.
        Assert.Equal([".#.....#", ".#......", "###.....", ".#......", ".#......", ".#..#...", "..##...#"],
            Enumerable.Range(0, 7).Select(y => string.Concat(Enumerable.Range(0, 8).Select(x => At(image, x, y).R > 0 ? '#' : '.'))));
    }

    static (int R, int G, int B) At(RgbImage image, int x, int y) =>
        (image.Pixels[3 * (y * image.Width + x)], image.Pixels[3 * (y * image.Width + x) + 1], image.Pixels[3 * (y * image.Width + x) + 2]);
}
