using System.Text;
using Hwaso.Checkpoints.Pickle;

namespace Hwaso.Checkpoints;

/// <summary>torch.save's zip format: <c>NAME/data.pkl</c>, and <c>NAME/data/KEY</c> for each storage.</summary>
static class PthZip
{
    const long MaxPickleBytes = 256L << 20;

    public static (object? Root, Func<StorageRef, ReadOnlyMemory<byte>> Load) Open(CheckpointStream stream)
    {
        var zip = new StoredZip(stream);
        var pickles = zip.Names.Where(static n => n == "data.pkl" || n.EndsWith("/data.pkl", StringComparison.Ordinal)).ToList();
        if (pickles is not [var pickle])
            throw stream.Fail("a zip archive, but not one of torch.save: it holds no data.pkl, or several");
        var folder = pickle[..^"data.pkl".Length];
        if (zip.Contains(folder + "constants.pkl"))
            throw stream.Fail("a TorchScript archive, a program and not only weights; save model.state_dict() with torch.save");
        if (zip.Contains(folder + "byteorder") && Encoding.ASCII.GetString(zip.Read(folder + "byteorder", 64)) != "little")
            throw stream.Fail("written on a big-endian machine; save it again on a little-endian one");

        using var source = CheckpointStream.Over(zip.Read(pickle, MaxPickleBytes), stream.Path, "data.pkl");
        var root = new Unpickler(source).Load();
        return (root, storage => zip.Read($"{folder}data/{storage.Key}", long.MaxValue));
    }
}
