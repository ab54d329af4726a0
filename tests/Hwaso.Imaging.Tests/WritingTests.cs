namespace Hwaso.Imaging.Tests;

public sealed class WritingTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-imaging").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_file_that_cannot_be_replaced_stays_and_nothing_is_left_beside_it()
    {
        // A folder of the file's name is what rename refuses for every user, root too.
        var path = Path.Combine(folder, "a.png");
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "kept"), "");
        var error = Assert.Throws<IOException>(() => Png.Write(path, new RgbImage(3, 3)));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(folder));
        Assert.True(File.Exists(Path.Combine(path, "kept")));
    }

    [Fact]
    public void An_overwritten_file_is_the_new_one_whole()
    {
        var path = Path.Combine(folder, "a.png");
        Png.Write(path, new RgbImage(300, 200));
        Png.WriteGray(path, new LabelMap(2, 1, [4, 5]));
        Assert.Equal(new byte[] { 4, 5 }, Png.ReadLabels(path).Labels);
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(folder));
    }
}
