namespace Hwaso.Checkpoints.Tests;

public sealed class AtomicFileTests
{
    [Fact]
    public void A_full_disk_leaves_the_previous_file_and_no_other()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("best.safetensors");
        File.WriteAllText(path, "previous");

        // More than any disk has; where the file system cannot reserve, the length that was not written tells.
        const long Needed = 1L << 50;
        var error = Assert.Throws<IOException>(() => AtomicFile.Write(path, Needed, static stream => stream.WriteByte(1)));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains($"{Needed} bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal("previous", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void A_write_that_fails_midway_leaves_the_previous_file_and_no_other()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("w");
        File.WriteAllText(path, "previous");
        Assert.Throws<IOException>(() => AtomicFile.Write(path, 2, static stream =>
        {
            stream.WriteByte(1);
            throw new IOException("No space left on device");
        }));
        Assert.Equal("previous", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_named()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Root, "absent", "w");
        var error = Assert.Throws<IOException>(() => AtomicFile.Write(path, 0, static _ => { }));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }
}
