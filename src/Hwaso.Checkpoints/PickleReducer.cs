using System.Buffers.Binary;
using System.Text;

namespace Hwaso.Checkpoints;

/// <summary>Gives each allowed name its meaning. Everything built here is plain data.</summary>
sealed class PickleReducer(CheckpointStream source)
{
    // Copying is charged for: a short pickle may refer to one long list again and again.
    const long MaxCopied = 10_000_000;
    readonly Dictionary<string, StorageRef> storages = [];
    long copied, encoded;

    /// <summary>Every storage that was pointed to.</summary>
    public IReadOnlyDictionary<string, StorageRef> Storages => storages;

    public Global Find(string module, string name) =>
        PickleGlobals.Find(module, name)
        ?? throw source.Fail(
            $"the file asks for {module}.{name}, which no weights need and by which a file can run programs; only tensors and plain "
            + "containers are loaded. If you trust it, load it in PyTorch and save model.state_dict() alone");

    /// <summary>A storage, from ('storage', class, key, location, elements[, view]).</summary>
    public object Persistent(object? id)
    {
        // PyTorch before 1.6 stores a module's class with its source text, which stays text.
        if (id is object?[] and ["module", Global { Kind: GlobalKind.Foreign } module, ..])
            return module;
        if (id is not object?[] { Length: 5 or 6 } parts
            || parts is not ["storage", Global { Kind: GlobalKind.Storage } type, string key, string, long elements, ..]
            || elements < 0)
            throw source.Fail($"points to {Describe(id)}; only storages of tensors are loaded");
        var whole = new StorageRef(key, type.Name, elements, 0, elements);
        if (!storages.TryAdd(key, whole) && storages[key] != whole)
            throw source.Fail($"storage {key} is described in two ways; the file is damaged");
        if (parts is not [.., object?[] view])
            return whole;
        return view is [string, long offset, long size] && offset >= 0 && size >= 0 && offset <= elements - size
            ? whole with { ViewOffset = offset, ViewElements = size }
            : throw source.Fail($"storage {key}: its view lies outside of it; the file is damaged");
    }

    public object? Reduce(object? callable, object? arguments)
    {
        if (callable is not Global global || arguments is not object?[] args)
            throw source.Fail($"calls {Describe(callable)}; only tensors and plain containers are loaded");
        return (global.Kind, args) switch
        {
            // Tensors with attributes of their own. Never nested, so that no file decides how deep this calls itself.
            (GlobalKind.RebuildSubclass, [Global by, Global { Kind: GlobalKind.TensorClass }, object?[] of, ..])
                when by.Kind != GlobalKind.RebuildSubclass => Reduce(by, of),
            (GlobalKind.RebuildParameter, [TensorRef tensor, ..]) => tensor,
            (GlobalKind.TensorClass, [TensorRef tensor, ..]) => tensor,
            (GlobalKind.RebuildTensor, [StorageRef on, long offset, object?[] size, object?[] stride, ..])
                => Tensor(on, on.Type, offset, size, stride),
            (GlobalKind.RebuildTyped, [StorageRef on, long offset, object?[] size, object?[] stride, _, _, Global dtype, ..])
                when dtype.Kind == GlobalKind.Dtype => Tensor(on, StorageTypes.Dtypes[dtype.Name], offset, size, stride),
            (GlobalKind.Dictionary, []) => new PickleDict(),
            (GlobalKind.Dictionary, [PickleDict same]) => same,
            (GlobalKind.Dictionary, [List<object?> pairs]) => FromPairs(pairs),
            (GlobalKind.Namespace, []) => new PickleDict { IsNamespace = true },
            (GlobalKind.Sequence, []) => Array.Empty<object?>(),
            (GlobalKind.Sequence, [List<object?> or object?[]]) => args[0],
            (GlobalKind.Device, [string kind, ..]) => kind,
            (GlobalKind.Encode, [string text, ..]) => Encode(text),
            (GlobalKind.NumpyDtype, [string code, ..]) => new NumpyDtype(code),
            (GlobalKind.NumpyArray, _) => new NumpyArray(),
            (GlobalKind.NumpyClass, _) => new NumpyArray(),
            (GlobalKind.Foreign, _) => Object(global, args),
            (GlobalKind.NumpyScalar, [NumpyDtype dtype, byte[] bytes]) => Scalar(dtype, bytes),
            (GlobalKind.NumpyScalar, [NumpyDtype dtype, string bytes]) => Scalar(dtype, Encode(bytes)),
            (GlobalKind.Opaque, _) => new Opaque(global.ToString()),
            _ => throw source.Fail($"{global} with arguments that are not its own; the file is damaged"),
        };
    }

    /// <summary>State given to an object after it was made.</summary>
    public object? Build(object? target, object? state)
    {
        switch (target)
        {
            case PickleDict { IsNamespace: true } space when state is PickleDict attributes:
                foreach (var (key, value) in attributes.Entries)
                {
                    Charge(1);
                    space.Set(key, value);
                }

                return space;
            case Inert inert:
                Give(inert, state);
                return target;
            case NumpyArray array:
                Give(array, state);
                return target;
            case PickleDict or Opaque or TensorRef:
                // Attributes beside the entries (_metadata of a state dict), or those of data that no weight needs.
                return target;
            case NumpyDtype dtype when state is object?[] and [_, string order, ..]:
                return order == ">" ? new NumpyDtype(">" + dtype.Code) : dtype;
            default:
                throw source.Fail($"gives state to {Describe(target)}; only tensors and plain containers are loaded");
        }
    }

    public static string Describe(object? value) => value switch
    {
        null => "None",
        string => "a text",
        Global global => global.ToString(),
        object?[] => "a tuple",
        List<object?> => "a list",
        PickleDict => "a dictionary",
        StorageRef => "a storage",
        TensorRef => "a tensor",
        Opaque opaque => opaque.Name,
        Inert inert => $"an object of class {inert.Name}",
        NumpyArray => "a NumPy array",
        _ => "a number or plain data",
    };

    // copyreg rebuilds an object of a class that it gets first; a kind of dictionary may get its entries at once.
    Inert Object(Global global, object?[] args)
    {
        var inert = new Inert(global.Module is "copyreg" or "copy_reg" && args is [Global of, ..] ? of.ToString() : global.ToString());
        foreach (var argument in args)
        {
            var entries = argument switch
            {
                PickleDict same => same,
                List<object?> { Count: > 0 } pairs when pairs.TrueForAll(IsEntry) => FromPairs(pairs),
                _ => null,
            };
            foreach (var (key, value) in entries?.Entries ?? [])
            {
                Charge(1);
                inert.Items.Set(key, value);
            }
        }

        return inert;
    }

    static bool IsEntry(object? value) => value is object?[] and [string, _] or List<object?> and [string, _];

    // A dictionary of attributes, or that and one of slots; other states belong to the class's own code.
    void Give(Inert inert, object? state)
    {
        var parts = state is object?[] and [PickleDict or null, PickleDict or null] pair ? pair : [state];
        foreach (var part in parts)
            foreach (var (key, value) in (part as PickleDict)?.Entries ?? [])
            {
                Charge(1);
                inert.Attributes.Set(key, value);
            }
    }

    // (version, shape, dtype, whether in Fortran's order, the elements); objects are elements of a list, and stay away.
    void Give(NumpyArray array, object? state)
    {
        if (state is not (object?[] and [_, object?[] shape, NumpyDtype dtype, bool isFortran, (byte[] or string) and var data]))
            return;
        array.Bytes = data as byte[] ?? Encode((string)data);
        (array.Shape, array.Code, array.IsFortran) = (Longs(shape), dtype.Code, isFortran);
    }

    TensorRef Tensor(StorageRef storage, ElementType? type, long offset, object?[] size, object?[] stride) =>
        new(storage, type, offset, Longs(size), Longs(stride));

    long[] Longs(object?[] values)
    {
        Charge(values.Length);
        return Array.ConvertAll(
            values, value => value as long? ?? throw source.Fail($"{Describe(value)} where a tensor's size is due; the file is damaged"));
    }

    PickleDict FromPairs(List<object?> pairs)
    {
        Charge(pairs.Count);
        var dictionary = new PickleDict();
        foreach (var pair in pairs)
        {
            var (key, value) = pair switch
            {
                object?[] and [{ } k, var v] => (k, v),
                List<object?> and [{ } k, var v] => (k, v),
                _ => throw source.Fail("a dictionary's entry is not a pair; the file is damaged"),
            };
            dictionary.Set(key, value);
        }

        return dictionary;
    }

    byte[] Encode(string text)
    {
        // NumPy's bytes come as texts in older pickles: as many as the file holds, and some again.
        if ((encoded += text.Length) > 4 * source.Length + MaxCopied)
            throw source.Fail("the pickle multiplies its own content; this is no weight file");
        return Encoding.Latin1.GetBytes(text);
    }

    static object Scalar(NumpyDtype dtype, byte[] bytes) => (dtype.Code, bytes.Length) switch
    {
        ("f8", 8) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        ("f4", 4) => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes),
        ("f2", 2) => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        ("i8", 8) => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        ("i4", 4) => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
        ("b1", 1) => bytes[0] != 0,
        _ => new Opaque($"numpy {dtype.Code}"),
    };

    void Charge(long count)
    {
        if ((copied += count) > MaxCopied)
            throw source.Fail("the pickle multiplies its own content; this is no weight file");
    }
}
