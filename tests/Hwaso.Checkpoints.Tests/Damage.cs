namespace Hwaso.Checkpoints.Tests;

/// <summary>Damages a file in every way of a kind; whatever is read must be whole or be refused by a CheckpointException.</summary>
static class Damage
{
    /// <summary>Cut after each of many lengths, every one is refused.</summary>
    public static void CutsAreRefused(byte[] content, int step = 1)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("cut");
        for (var length = 0; length < content.Length; length += step)
        {
            File.WriteAllBytes(path, content[..length]);
            Assert.Throws<CheckpointException>(() => TensorFile.Read(path));
        }
    }

    /// <summary>With one bit turned, the file is refused, or gives tensors that fit their own shapes.</summary>
    /// <returns>How many of the damaged files were read nonetheless with other tensor bytes than the whole file's.</returns>
    public static int TurnBits(byte[] content, int step = 1)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("turned");
        File.WriteAllBytes(path, content);
        var whole = Bytes(TensorFile.Read(path));
        var unnoticed = 0;
        for (var bit = 0; bit < content.Length * 8; bit += step)
        {
            var damaged = (byte[])content.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, damaged);
            try
            {
                if (!Bytes(TensorFile.Read(path)).SequenceEqual(whole))
                    unnoticed++;
            }
            catch (CheckpointException e)
            {
                Assert.Contains(path, e.Message, StringComparison.Ordinal);
            }
        }

        return unnoticed;
    }

    static byte[] Bytes(TensorFile file) => [.. file.Tensors.Values.SelectMany(static t => t.Data.ToArray())];
}
