using System.Collections.Frozen;

namespace Hwaso.Torch.Files.Pickle;

/// <summary>PyTorch's storage classes and dtype names.</summary>
static class StorageTypes
{
    /// <summary>Dtype names; null for those a weight file may mention but whose tensors are not loaded.</summary>
    public static readonly FrozenDictionary<string, ScalarType?> Dtypes = new Dictionary<string, ScalarType?>
    {
        ["uint8"] = ScalarType.UInt8,
        ["int8"] = ScalarType.Int8,
        ["int16"] = ScalarType.Int16,
        ["int32"] = ScalarType.Int32,
        ["int64"] = ScalarType.Int64,
        ["float16"] = ScalarType.Float16,
        ["float32"] = ScalarType.Float32,
        ["float64"] = ScalarType.Float64,
        ["bfloat16"] = ScalarType.BFloat16,
        ["bool"] = ScalarType.Bool,
        ["complex64"] = null,
        ["complex128"] = null,
        ["uint16"] = null,
        ["uint32"] = null,
        ["uint64"] = null,
    }.ToFrozenDictionary();

    static readonly FrozenDictionary<string, ScalarType> Typed = new Dictionary<string, ScalarType>
    {
        ["ByteStorage"] = ScalarType.UInt8,
        ["CharStorage"] = ScalarType.Int8,
        ["ShortStorage"] = ScalarType.Int16,
        ["IntStorage"] = ScalarType.Int32,
        ["LongStorage"] = ScalarType.Int64,
        ["HalfStorage"] = ScalarType.Float16,
        ["FloatStorage"] = ScalarType.Float32,
        ["DoubleStorage"] = ScalarType.Float64,
        ["BFloat16Storage"] = ScalarType.BFloat16,
        ["BoolStorage"] = ScalarType.Bool,
    }.ToFrozenDictionary();

    // Known so that a file may hold them beside the weights; a tensor on one of them is an error naming its key.
    static readonly FrozenDictionary<string, int> OtherBytes = new Dictionary<string, int>
    {
        ["UntypedStorage"] = 1,
        ["_UntypedStorage"] = 1,
        ["TypedStorage"] = 1,
        ["_TypedStorage"] = 1,
        ["QInt8Storage"] = 1,
        ["QUInt8Storage"] = 1,
        ["QInt32Storage"] = 4,
        ["ComplexFloatStorage"] = 8,
        ["ComplexDoubleStorage"] = 16,
    }.ToFrozenDictionary();

    public static bool IsKnown(string name) => Typed.ContainsKey(name) || OtherBytes.ContainsKey(name);

    public static ScalarType? TypeOf(string name) => Typed.TryGetValue(name, out var type) ? type : null;

    public static int BytesPerElement(string name) =>
        Typed.TryGetValue(name, out var type) ? ElementSize.Of(type) : OtherBytes[name];
}
