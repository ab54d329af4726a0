using System.Runtime.InteropServices;

namespace Hwaso.Torch.Native;

/// <summary>An argument or result in the memory layout of <c>struct Value</c> in native/src; Kind is a <c>ValueKind</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
unsafe struct NativeValue
{
    [FieldOffset(0)]
    public int Kind;

    [FieldOffset(4)]
    public int Count;

    [FieldOffset(8)]
    public long Integer;

    [FieldOffset(8)]
    public double Number;

    [FieldOffset(8)]
    public void* Pointer;
}

/// <summary>
/// The properties of a tensor in the memory layout of <c>struct TensorInfo</c> in native/src; Type is a <c>ScalarType</c>, DeviceType a
/// <c>DeviceType</c>, and the last five are truth values.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
struct TensorInfo
{
    public int Type;
    public int DeviceType;
    public int DeviceIndex;
    public int Dimensions;
    public long Elements;
    public int ElementBytes;
    public int RequiresGrad;
    public int IsLeaf;
    public int IsContiguous;
    public int IsChannelsLast;
    public int IsDenseStrided;
}
