using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>libtorch's random generators: seeding, and state that can be saved and restored.</summary>
public static unsafe class RandomState
{
    /// <summary>Seeds every generator (<c>torch.manual_seed</c>).</summary>
    public static void Seed(ulong seed)
    {
        if (NativeMethods.hw_manual_seed(seed) != 0)
            throw new TorchException("manual_seed", "", "", NativeMethods.LastError);
    }

    /// <summary>The state of a device's default generator, as bytes that <see cref="Restore"/> takes.</summary>
    /// <exception cref="TorchException">There is no such device.</exception>
    public static byte[] Save(Device device)
    {
        nint state;
        if (NativeMethods.hw_random_state((int)device.Type, device.Index, &state) != 0)
            throw new TorchException("random state", "", device.ToString(), NativeMethods.LastError);
        using var tensor = new Tensor(state);
        return tensor.ToArray<byte>();
    }

    /// <summary>Restores a generator's saved state.</summary>
    /// <exception cref="TorchException">The bytes are not a state of that kind of generator.</exception>
    public static void Restore(Device device, byte[] state)
    {
        using var tensor = Tensor.From(state);
        if (NativeMethods.hw_set_random_state((int)device.Type, device.Index, tensor.Live()) != 0)
            throw new TorchException("restore random state", "", device.ToString(), NativeMethods.LastError);
    }
}
