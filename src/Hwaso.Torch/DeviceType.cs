namespace Hwaso.Torch;

/// <summary>The kind of a device, with libtorch's own numbers (<c>c10/core/DeviceType.h</c>).</summary>
public enum DeviceType
{
    /// <summary>The processor.</summary>
    Cpu = 0,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda = 1,
}
