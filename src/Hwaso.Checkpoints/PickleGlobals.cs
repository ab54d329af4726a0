using System.Collections.Frozen;

namespace Hwaso.Checkpoints;

/// <summary>
/// The names that a weight file may ask for: tensors, plain containers, NumPy's numbers and arrays, and classes of anybody's, whose objects
/// become <see cref="Inert"/>. Names by which pickles run programs are refused, although nothing would run here.
/// </summary>
static class PickleGlobals
{
    // Modules that a weight file has no use for: they start programs, open files and connections, or import more.
    static readonly FrozenSet<string> dangerous = new[]
    {
        "os", "posix", "nt", "sys", "subprocess", "shutil", "socket", "importlib", "runpy", "pty", "ctypes", "commands", "webbrowser",
        "pickle", "cPickle", "marshal", "code", "codeop", "builtins", "__builtin__", "multiprocessing", "threading", "signal", "http",
        "urllib", "ftplib", "smtplib", "asyncio", "pip", "pdb", "timeit", "platform", "operator", "functools", "types", "inspect",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The meaning of a name; null where it is refused.</summary>
    public static Global? Find(string module, string name)
    {
        if (Known(module, name) is { } known)
            return known;
        // Ways to build tensors that are not known: their tensors would be missing without a word.
        if (module is "torch._utils" or "torch._tensor" or "torch.storage" || dangerous.Contains(module.Split('.')[0]))
            return null;
        return new Global(module, name, GlobalKind.Foreign);
    }

    static Global? Known(string module, string name)
    {
        var kind = module switch
        {
            "torch._utils" => name switch
            {
                "_rebuild_tensor" or "_rebuild_tensor_v2" => GlobalKind.RebuildTensor,
                "_rebuild_tensor_v3" => GlobalKind.RebuildTyped,
                "_rebuild_parameter" or "_rebuild_parameter_with_state" => GlobalKind.RebuildParameter,
                _ => null,
            },
            "torch._tensor" when name == "_rebuild_from_type_v2" => GlobalKind.RebuildSubclass,
            "torch.nn.parameter" when name is "Parameter" or "Buffer" => GlobalKind.TensorClass,
            "torch" => Torch(name),
            "torch.cuda" or "torch.storage" => StorageTypes.IsKnown(name) ? GlobalKind.Storage : null,
            "collections" => name is "OrderedDict" or "Counter" ? GlobalKind.Dictionary : null,
            "argparse" when name == "Namespace" => GlobalKind.Namespace,
            "builtins" or "__builtin__" => name is "set" or "frozenset" or "list" or "tuple" ? GlobalKind.Sequence
                : name is "complex" or "bytearray" ? GlobalKind.Opaque : null,
            "_codecs" when name == "encode" => GlobalKind.Encode,
            "numpy" => name switch
            {
                "dtype" => GlobalKind.NumpyDtype,
                "ndarray" => GlobalKind.NumpyClass,
                _ => null,
            },
            "numpy.core.multiarray" or "numpy._core.multiarray" => name switch
            {
                "scalar" => GlobalKind.NumpyScalar,
                "_reconstruct" => GlobalKind.NumpyArray,
                _ => null,
            },
            _ => default(GlobalKind?),
        };
        return kind is { } found ? new Global(module, name, found) : null;
    }

    static GlobalKind? Torch(string name) => name switch
    {
        "Size" => GlobalKind.Sequence,
        "Tensor" => GlobalKind.TensorClass,
        "device" => GlobalKind.Device,
        _ when StorageTypes.Dtypes.ContainsKey(name) => GlobalKind.Dtype,
        _ when StorageTypes.IsKnown(name) => GlobalKind.Storage,
        _ => null,
    };
}

/// <summary>A name that a pickle asks for, and that is allowed.</summary>
sealed record Global(string Module, string Name, GlobalKind Kind)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>The meaning of an allowed name. Nothing is ever called: <see cref="PickleReducer"/> has its own lines for each kind.</summary>
enum GlobalKind
{
    Storage,
    RebuildTensor,
    RebuildTyped,
    RebuildParameter,
    RebuildSubclass,
    TensorClass,
    Dtype,
    Device,
    Dictionary,
    Namespace,
    Sequence,
    Encode,
    NumpyDtype,
    NumpyScalar,
    NumpyArray,
    NumpyClass,
    Foreign,
    Opaque,
}
