using System.Runtime.CompilerServices;
using Hwaso.Torch.Native;

namespace Hwaso.Torch.Autograd;

/// <summary>
/// While it lives, this thread's operators on a device compute in a narrower type where that is safe: products and convolutions do, sums
/// and losses stay in float32 (<c>torch.autocast</c>). Weights stay as they are; their gradients are float32.
/// </summary>
public readonly ref struct Autocast
{
    const int None = -1;

    readonly int device;
    readonly int before;
    readonly bool entered;

    /// <summary>Switches it on.</summary>
    /// <param name="device">The device whose operators are meant.</param>
    /// <param name="type">bfloat16, or on CUDA float16.</param>
    /// <exception cref="TorchException">Another type was given.</exception>
    public Autocast(Device device, ScalarType type) : this((int)device.Type, (int)Checked(device, type))
    {
    }

    Autocast(int device, int type)
    {
        (this.device, before) = (device, NativeMethods.hw_autocast(device));
        if (NativeMethods.hw_autocast_enter(device, type) != 0)
            throw new TorchException("autocast", "", ((ScalarType)type).ToString(), NativeMethods.LastError);
        entered = true;
    }

    /// <summary>Switches it off for a while: for operators that want float32.</summary>
    public static Autocast Off(Device device) => new((int)device.Type, None);

    /// <summary>The type that this thread's operators compute in on a device; null where they keep to their arguments'.</summary>
    public static ScalarType? TypeOn(Device device) =>
        Door.StandIn is null && Current(device) is var type and not None ? (ScalarType)type : null;

    // Some versions of libtorch refuse other types when autocast is switched on, others only in an operator or not at all.
    static ScalarType Checked(Device device, ScalarType type) =>
        type == ScalarType.BFloat16 || (type == ScalarType.Float16 && device.Type == DeviceType.Cuda)
            ? type
            : throw new TorchException("autocast", "", $"{device}, {type}", "autocast has no such type; use bfloat16, or float16 on CUDA");

    /// <summary>Restores the previous setting.</summary>
    public void Dispose()
    {
        if (entered)
            _ = NativeMethods.hw_autocast_leave(device, before);
    }

    // Not inlined, for the reason that NoGrad has.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static int Current(Device device) => NativeMethods.hw_autocast((int)device.Type);
}
