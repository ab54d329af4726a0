namespace Hwaso.Checkpoints;

/// <summary>Turns a pickle's descriptions of tensors into tensors, after checking them against their storages.</summary>
sealed class TensorBuilder(CheckpointStream stream, Func<StorageRef, ReadOnlyMemory<byte>> load)
{
    // As in libtorch's own limit on dimensions of an iterated tensor.
    const int MaxRank = 64;
    readonly Dictionary<string, ReadOnlyMemory<byte>> storages = [];

    // Copies of strided tensors: a few bytes may describe a tensor of any size by strides of zero.
    long copyBudget = Math.Max(2 * stream.Length, 64L << 20);

    public HostTensor Build(string key, TensorRef tensor)
    {
        if (tensor.Type is not { } type)
            throw Fail(key, $"its element type ({tensor.Storage.TypeName}) is not supported; convert it to float32 in PyTorch");
        var elementSize = ElementSize.Of(type);
        if (tensor.Shape.Length != tensor.Strides.Length || tensor.Shape.Length > MaxRank)
            throw Fail(key, $"{tensor.Shape.Length} sizes and {tensor.Strides.Length} strides; the file is damaged");
        if (HostTensor.ByteCount(type, tensor.Shape) is not { } bytes)
            throw Fail(key, $"[{string.Join(", ", tensor.Shape)}] is not a shape; the file is damaged");

        var storage = Storage(key, tensor.Storage);
        var begin = (Int128)tensor.Storage.ViewOffset + tensor.Offset;
        var end = begin + LastElement(tensor) + 1;
        // Untyped storages count bytes, so the view's numbers mean elements for typed ones only.
        var limit = storage.Length / elementSize;
        if (tensor.Storage.Type is not null)
            limit = (int)Math.Min(limit, tensor.Storage.ViewOffset + tensor.Storage.ViewElements);
        if (tensor.Offset < 0 || tensor.Strides.Any(static s => s < 0) || (bytes > 0 && end > limit))
            throw Fail(key, $"reaches element {end - 1} of a storage of {limit}; the file is damaged");

        if (bytes == 0)
            return new HostTensor(type, tensor.Shape, ReadOnlyMemory<byte>.Empty);
        var source = storage[(int)(begin * elementSize)..];
        var data = IsContiguous(tensor) ? source[..(int)bytes] : Gather(key, tensor, elementSize, bytes, source.Span);
        return new HostTensor(type, tensor.Shape, data);
    }

    /// <summary>A NumPy array as a tensor, row-major and little-endian.</summary>
    public HostTensor Build(string key, NumpyArray array)
    {
        var code = array.Code.TrimStart('<', '>', '|', '=');
        ElementType? type = code switch
        {
            "f8" => ElementType.Float64,
            "f4" => ElementType.Float32,
            "f2" => ElementType.Float16,
            "i8" => ElementType.Int64,
            "i4" => ElementType.Int32,
            "i2" => ElementType.Int16,
            "i1" => ElementType.Int8,
            "u1" => ElementType.UInt8,
            "b1" => ElementType.Bool,
            _ => null,
        };
        if (type is not { } known)
            throw Fail(key, $"its NumPy type {array.Code} is not supported; convert it to float32");
        var (shape, size) = (array.Shape!, ElementSize.Of(known));
        if (HostTensor.ByteCount(known, shape) != array.Bytes.Length)
            throw Fail(key, $"an array [{string.Join(", ", shape)}] of {array.Bytes.Length} bytes; the file is damaged");
        var bytes = array.Bytes;
        if (array.Code.StartsWith('>') && size > 1)
        {
            bytes = (byte[])bytes.Clone();
            for (var at = 0; at < bytes.Length; at += size)
                bytes.AsSpan(at, size).Reverse();
        }

        if (array.IsFortran && bytes.Length > 0)
        {
            var strides = new long[shape.Length];
            for (var (d, stride) = (0, 1L); d < shape.Length; stride *= shape[d++])
                strides[d] = stride;
            bytes = Gather(key, new TensorRef(new StorageRef("", "", 0, 0, 0), known, 0, shape, strides), size, bytes.Length, bytes);
        }

        return new HostTensor(known, shape, bytes);
    }

    ReadOnlyMemory<byte> Storage(string key, StorageRef storage)
    {
        if (!storages.TryGetValue(storage.Key, out var bytes))
        {
            bytes = load(storage);
            storages.Add(storage.Key, bytes);
        }

        if (bytes.Length != (Int128)storage.Elements * storage.BytesPerElement)
        {
            throw Fail(
                key, $"its storage {storage.Key} has {bytes.Length} bytes where {storage.Elements} elements are due; the file is damaged");
        }

        return bytes;
    }

    /// <summary>Index of the element furthest from the first.</summary>
    static Int128 LastElement(TensorRef tensor)
    {
        Int128 last = 0;
        for (var d = 0; d < tensor.Shape.Length; d++)
            last += (Int128)(tensor.Shape[d] - 1) * tensor.Strides[d];
        return last;
    }

    static bool IsContiguous(TensorRef tensor)
    {
        var due = 1L;
        for (var d = tensor.Shape.Length - 1; d >= 0; d--)
        {
            if (tensor.Shape[d] == 1)
                continue;
            if (tensor.Strides[d] != due)
                return false;
            due *= tensor.Shape[d];
        }

        return true;
    }

    byte[] Gather(string key, TensorRef tensor, int elementSize, long bytes, ReadOnlySpan<byte> source)
    {
        if ((copyBudget -= bytes) < 0 || bytes > Array.MaxLength)
        {
            throw Fail(
                key, $"[{string.Join(", ", tensor.Shape)}] described by strides, far more than the file holds; save a contiguous() copy");
        }

        var result = GC.AllocateUninitializedArray<byte>((int)bytes);
        var index = new long[tensor.Shape.Length];
        var at = 0L;
        for (var to = 0; to < result.Length; to += elementSize)
        {
            source.Slice((int)(at * elementSize), elementSize).CopyTo(result.AsSpan(to));
            for (var d = index.Length - 1; d >= 0; d--)
            {
                at += tensor.Strides[d];
                if (++index[d] < tensor.Shape[d])
                    break;
                at -= tensor.Shape[d] * tensor.Strides[d];
                index[d] = 0;
            }
        }

        return result;
    }

    CheckpointException Fail(string key, string problem) => new(stream.Path, key, problem);
}
