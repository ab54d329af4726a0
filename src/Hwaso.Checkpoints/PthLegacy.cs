using System.Numerics;
using Hwaso.Checkpoints.Pickle;

namespace Hwaso.Checkpoints;

/// <summary>
/// torch.save's format before PyTorch 1.6: pickles of a magic number, the protocol, the machine, the object and the storage
/// keys; then each storage in that order, its element count before its bytes.
/// </summary>
static class PthLegacy
{
    const long Protocol = 1001;
    static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", System.Globalization.NumberStyles.HexNumber);

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
