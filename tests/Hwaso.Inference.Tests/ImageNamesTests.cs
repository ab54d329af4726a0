namespace Hwaso.Inference.Tests;

public sealed class ImageNamesTests
{
    [Theory]
    [InlineData("a.png b.jpg", "a b")]
    [InlineData("x/a.png y/a.png b.png", "x_a y_a b")]
    [InlineData("p/x/a.png q/x/a.png", "p_x_a q_x_a")]
    [InlineData("run/a.jpg run/a.png run/b.png", "a_jpg a_png b")]
    [InlineData("x/a.jpg x/a.png y/a.png", "a_jpg a_png a")]
    public void A_name_has_as_much_of_the_folders_as_makes_it_unique(string images, string names) =>
        Assert.Equal(names.Split(' '), ImageNames.Of(images.Split(' ')));

    [Fact]
    public void The_same_file_twice_is_refused() =>
        Assert.Contains(
            "is given twice", Assert.Throws<ArgumentException>(() => ImageNames.Of(["x/a.png", "x/../x/a.png"])).Message,
            StringComparison.Ordinal);

    [Fact]
    public void An_image_that_is_missing_or_a_folder_is_named()
    {
        Assert.Contains("none.png: no such image", Refused("none.png"), StringComparison.Ordinal);
        Assert.Contains("is a folder; name the images in it", Refused(Path.GetTempPath()), StringComparison.Ordinal);
    }

    static string Refused(string image) => Assert.Throws<FileNotFoundException>(() => ImageNames.Check([image])).Message;
}
