using System.Collections.Frozen;

namespace Hwaso.Checkpoints;

/// <summary>PyTorch's storage classes and dtype names.</summary>
static class StorageTypes
{
    /// <summary>Dtype names; null for those a weight file may mention but whose tensors are not loaded.</summary>
    public static readonly FrozenDictionary<string, ElementType?> Dtypes = new Dictionary<string, ElementType?>
    {
        ["uint8"] = ElementType.UInt8,
        ["int8"] = ElementType.Int8,
        ["int16"] = ElementType.Int16,
        ["int32"] = ElementType.Int32,
        ["int64"] = ElementType.Int64,
        ["float16"] = ElementType.Float16,
        ["float32"] = ElementType.Float32,
        ["float64"] = ElementType.Float64,
        ["bfloat16"] = ElementType.BFloat16,
        ["bool"] = ElementType.Bool,
        ["complex64"] = null,
        ["complex128"] = null,
        ["uint16"] = null,
        ["uint32"] = null,
        ["uint64"] = null,
    }.ToFrozenDictionary();

    static readonly FrozenDictionary<string, ElementType> Typed = new Dictionary<string, ElementType>
    {
        ["ByteStorage"] = ElementType.UInt8,
        ["CharStorage"] = ElementType.Int8,
        ["ShortStorage"] = ElementType.Int16,
        ["IntStorage"] = ElementType.Int32,
        ["LongStorage"] = ElementType.Int64,
        ["HalfStorage"] = ElementType.Float16,
        ["FloatStorage"] = ElementType.Float32,
        ["DoubleStorage"] = ElementType.Float64,
        ["BFloat16Storage"] = ElementType.BFloat16,
        ["BoolStorage"] = ElementType.Bool,
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

    public static ElementType? TypeOf(string name) => Typed.TryGetValue(name, out var type) ? type : null;

    public static int BytesPerElement(string name) =>
        Typed.TryGetValue(name, out var type) ? ElementSize.Of(type) : OtherBytes[name];
}
