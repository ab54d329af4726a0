using Hwaso.Common;

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
    public void Writers_of_one_file_at_once_leave_the_content_of_one_of_them_and_no_other_file()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("w");
        Parallel.For(0, 32, k => AtomicFile.Write(path, Enumerable.Repeat((byte)k, 100_000 + k).ToArray()));
        var bytes = File.ReadAllBytes(path);
        Assert.Equal(100_000 + bytes[0], bytes.Length);
        Assert.All(bytes, b => Assert.Equal(bytes[0], b));
        Assert.Equal([path], Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void A_temporary_file_is_abandoned_once_nothing_was_written_to_it_for_an_hour()
    {
        using var folder = new TemporaryFolder();
        var temporary = "";
        AtomicFile.Write(folder.File("w"), 1, stream =>
        {
            stream.WriteByte(1);
            temporary = Assert.Single(Directory.GetFiles(folder.Root));
            Assert.False(AtomicFile.IsAbandoned(temporary));
        });
        Assert.False(AtomicFile.IsAbandoned(temporary));
        // What a killed writer leaves has the name that was seen above.
        File.WriteAllText(temporary, "half");
        Assert.False(AtomicFile.IsAbandoned(temporary));
        File.SetLastWriteTimeUtc(temporary, DateTime.UtcNow.AddMinutes(-61));
        Assert.True(AtomicFile.IsAbandoned(temporary));
        foreach (var other in new[] { "notes.tmp", "w.mine.tmp", $"{Guid.NewGuid():N}.tmp" })
        {
            File.WriteAllText(folder.File(other), "");
            File.SetLastWriteTimeUtc(folder.File(other), DateTime.UtcNow.AddHours(-9));
            Assert.False(AtomicFile.IsAbandoned(folder.File(other)));
        }
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
