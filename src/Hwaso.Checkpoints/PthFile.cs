using System.Globalization;
using System.Numerics;
using System.Text;

namespace Hwaso.Checkpoints;

/// <summary>
/// Weights written by <c>torch.save</c>: the zip format (PyTorch 1.6 and later) and the legacy stream before it. The pickle
/// inside is read by an unpickler that knows tensors and plain containers and runs nothing.
/// </summary>
public static class PthFile
{
    /// <summary>Reads a state dict, bare or inside a checkpoint dictionary (see <see cref="StateDict.WrapperNames"/>).</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is damaged, not torch.save's, or asks for more than tensors.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static TensorFile Read(string path)
    {
        using var stream = CheckpointStream.Open(path);
        return FileKinds.Of(stream) switch
        {
            FileKind.Zip or FileKind.LegacyPickle => Read(stream),
            FileKind.SafeTensors => throw stream.Fail("a safetensors file, not one of torch.save"),
            var other => throw stream.Fail(FileKinds.Refusal(other)),
        };
    }

    internal static TensorFile Read(CheckpointStream stream, string? key = null)
    {
        var (root, load) = FileKinds.Of(stream) == FileKind.Zip ? PthZip.Open(stream) : PthLegacy.Open(stream);
        var found = CheckpointSearch.Find(stream, root, key);
        var builder = new TensorBuilder(stream, load);
        var tensors = new OrderedDictionary<string, HostTensor>();
        foreach (var (name, tensor) in found.Tensors)
            tensors.Add(name, tensor is NumpyArray array ? builder.Build(name, array) : builder.Build(name, (TensorRef)tensor));
        return new TensorFile(stream.Path, tensors, found.Values, found.Wrapper, found.Others);
    }
}

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

/// <summary>
/// torch.save's format before PyTorch 1.6: pickles of a magic number, the protocol, the machine, the object and the storage
/// keys; then each storage in that order, its element count before its bytes.
/// </summary>
static class PthLegacy
{
    const long Protocol = 1001;
    static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static (object? Root, Func<StorageRef, ReadOnlyMemory<byte>> Load) Open(CheckpointStream stream)
    {
        stream.Position = 0;
        if (Next(stream) is not BigInteger magic || magic != Magic)
            throw stream.Fail("torch.save's magic number is missing; the file is damaged");
        if (Next(stream) is not Protocol)
            throw stream.Fail($"not protocol {Protocol} of torch.save; the file is damaged");
        if (Next(stream) is not PickleDict machine || machine["little_endian"] is not true)
            throw stream.Fail("not written on a little-endian machine, or damaged");

        var unpickler = new Unpickler(stream);
        var root = unpickler.Load();
        if (Next(stream) is not List<object?> keys)
            throw stream.Fail("its list of storages is missing; the file is damaged");
        var places = Storages(stream, unpickler.Storages, keys);
        return (root, storage => Load(stream, places[storage.Key]));
    }

    static object? Next(CheckpointStream stream) => new Unpickler(stream).Load();

    /// <summary>Walks over every storage, so that a file cut short shows even where the weights themselves are whole.</summary>
    static Dictionary<string, (long Offset, long Length)> Storages(
        CheckpointStream stream, IReadOnlyDictionary<string, StorageRef> wanted, List<object?> keys)
    {
        var places = new Dictionary<string, (long, long)>();
        foreach (var item in keys)
        {
            if (item is not string key || !wanted.TryGetValue(key, out var storage))
                throw stream.Fail("its list of storages names one that no tensor is on; the file is damaged");
            var elements = stream.ReadInt64();
            if (elements != storage.Elements)
                throw stream.Fail($"storage {key} has {elements} elements where {storage.Elements} are announced; the file is damaged");
            if (elements > stream.Remaining / storage.BytesPerElement)
                throw stream.Fail($"storage {key} lies beyond the end of the file, which is cut short or damaged");
            var length = elements * storage.BytesPerElement;
            if (!places.TryAdd(key, (stream.Position, length)))
                throw stream.Fail($"storage {key} is there twice; the file is damaged");
            stream.Position += length;
        }

        if (places.Count != wanted.Count)
            throw stream.Fail($"{wanted.Count - places.Count} storages are missing; the file is damaged");
        if (stream.Remaining != 0)
            throw stream.Fail($"{stream.Remaining} bytes follow the last storage; the file is damaged");
        return places;
    }

    static ReadOnlyMemory<byte> Load(CheckpointStream stream, (long Offset, long Length) place)
    {
        stream.Position = place.Offset;
        return stream.ReadBytes(place.Length);
    }
}
