using System.Runtime.InteropServices;

namespace Hwaso.Torch.Native;

/// <summary>An argument or result as the door lays it out (<c>struct Value</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
unsafe struct NativeValue
{
    [FieldOffset(0)]
    public ValueKind Kind;

    [FieldOffset(4)]
    public int Count;

    [FieldOffset(8)]
    public long Integer;

    [FieldOffset(8)]
    public double Number;

    [FieldOffset(8)]
    public void* Pointer;
}
