using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>Where a tensor lives.</summary>
/// <param name="Type">The kind of device.</param>
/// <param name="Index">Its number among its kind; -1 where there is one only (the processor).</param>
public readonly record struct Device(DeviceType Type, int Index = -1)
{
    /// <summary>The processor.</summary>
    public static Device Cpu => new(DeviceType.Cpu);

    /// <summary>An NVIDIA GPU by number, from 0.</summary>
    public static Device Cuda(int index = 0) => new(DeviceType.Cuda, index);

    /// <summary>The first GPU if libtorch sees one, else the processor.</summary>
    public static Device Best => TorchInfo.CudaDevices > 0 ? Cuda() : Cpu;

    /// <summary>Reads <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    /// <exception cref="ArgumentException">Another text, or a GPU that is not there.</exception>
    public static Device Parse(string text)
    {
        if (text == "cpu")
            return Cpu;
        var index = 0;
        if (text != "cuda"
            && !(text.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(text.AsSpan(5), out index) && index >= 0))
            throw new ArgumentException($"device '{text}': cpu, cuda or cuda:N was wanted");
        var count = TorchInfo.CudaDevices;
        if (index >= count)
        {
            var seen = count == 0 ? "no CUDA device" : $"{count} CUDA device(s)";
            throw new ArgumentException($"device '{text}': libtorch {TorchInfo.Version} sees {seen}; use --device cpu");
        }
        return Cuda(index);
    }

    /// <summary>Waits until everything that this thread has started on the device is done; on the processor it is.</summary>
    /// <exception cref="TorchException">The device failed at something that was started before.</exception>
    public void Synchronize()
    {
        if (NativeMethods.hw_synchronise((int)Type, Math.Max(Index, 0)) != 0)
            throw new TorchException("synchronize", Door.CurrentPlace, ToString(), NativeMethods.LastError);
    }

    /// <summary>PyTorch's name of it: <c>cpu</c>, <c>cuda:0</c>.</summary>
    public override string ToString() => Type == DeviceType.Cpu ? "cpu" : $"cuda:{Math.Max(Index, 0)}";
}

/// <summary>The kind of a device, with libtorch's own numbers (<c>c10/core/DeviceType.h</c>).</summary>
public enum DeviceType
{
    /// <summary>The processor.</summary>
    Cpu = 0,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda = 1,
}
