using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>The memory of a CUDA device, as libtorch's allocator counts it for this process.</summary>
/// <param name="Bytes">Bytes of tensors now.</param>
/// <param name="PeakBytes">Bytes of tensors at most since the last <see cref="Reset"/>.</param>
/// <param name="ReservedPeakBytes">Bytes that the allocator had taken from the device at most since then.</param>
public readonly record struct DeviceMemory(long Bytes, long PeakBytes, long ReservedPeakBytes)
{
    /// <summary>The figures of a device.</summary>
    /// <exception cref="ArgumentException">The device is not CUDA's.</exception>
    /// <exception cref="TorchException">The door was built without CUDA's headers.</exception>
    public static unsafe DeviceMemory Of(Device device)
    {
        long now, peak, reserved;
        return NativeMethods.hw_cuda_memory(Checked(device), &now, &peak, &reserved) == 0
            ? new DeviceMemory(now, peak, reserved)
            : throw new TorchException("device memory", "", device.ToString(), NativeMethods.LastError);
    }

    /// <summary>Gives memory that no tensor uses back to the device, and lets the peaks begin at what is in use.</summary>
    /// <exception cref="ArgumentException">The device is not CUDA's.</exception>
    /// <exception cref="TorchException">The door was built without CUDA's headers.</exception>
    public static void Reset(Device device)
    {
        if (NativeMethods.hw_cuda_memory_reset(Checked(device)) != 0)
            throw new TorchException("reset device memory", "", device.ToString(), NativeMethods.LastError);
    }

    static int Checked(Device device) => device.Type == DeviceType.Cuda
        ? Math.Max(device.Index, 0)
        : throw new ArgumentException($"the memory of {device} is not counted; a CUDA device was wanted");
}
