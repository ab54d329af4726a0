using Hwaso.Runtime.Format;

namespace Hwaso.Server.Tensors;

/// <summary>An element type of the Open Inference Protocol.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Bytes">Bytes of an element in binary data.</param>
/// <param name="Least">The least integer.</param>
/// <param name="Most">The greatest integer.</param>
sealed record Datatype(string Name, int Bytes, long Least = 0, long Most = 0)
{
    static readonly Dictionary<OnnxType, Datatype> all = new()
    {
        [OnnxType.Bool] = new("BOOL", 1, 0, 1),
        [OnnxType.UInt8] = new("UINT8", 1, byte.MinValue, byte.MaxValue),
        [OnnxType.UInt16] = new("UINT16", 2, ushort.MinValue, ushort.MaxValue),
        [OnnxType.UInt32] = new("UINT32", 4, uint.MinValue, uint.MaxValue),
        [OnnxType.UInt64] = new("UINT64", 8, 0, long.MaxValue),
        [OnnxType.Int8] = new("INT8", 1, sbyte.MinValue, sbyte.MaxValue),
        [OnnxType.Int16] = new("INT16", 2, short.MinValue, short.MaxValue),
        [OnnxType.Int32] = new("INT32", 4, int.MinValue, int.MaxValue),
        [OnnxType.Int64] = new("INT64", 8, long.MinValue, long.MaxValue),
        [OnnxType.Float16] = new("FP16", 2),
        [OnnxType.BFloat16] = new("BF16", 2),
        [OnnxType.Float32] = new("FP32", 4),
        [OnnxType.Float64] = new("FP64", 8),
    };

    /// <summary>Whether JSON has a form for it: the protocol has none for half precision.</summary>
    public bool HasJson => Name is not ("FP16" or "BF16");

    /// <summary>Whether its elements are floating-point numbers.</summary>
    public bool IsReal => Name is "FP16" or "BF16" or "FP32" or "FP64";

    /// <summary>The type of a network's input or output; single precision for types that the protocol does not know.</summary>
    public static Datatype Of(OnnxType type) => all.GetValueOrDefault(type) ?? all[OnnxType.Float32];
}
