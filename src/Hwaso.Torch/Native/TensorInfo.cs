using System.Runtime.InteropServices;

namespace Hwaso.Torch.Native;

/// <summary>What the door says of a tensor (<c>struct TensorInfo</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
struct TensorInfo
{
    public ScalarType Type;
    public DeviceType DeviceType;
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
