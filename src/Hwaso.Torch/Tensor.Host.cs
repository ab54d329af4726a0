using Hwaso.Torch.Autograd;
using Hwaso.Torch.Files;

namespace Hwaso.Torch;

public sealed partial class Tensor
{
    /// <summary>A copy in managed memory, row-major, as files hold tensors.</summary>
    public unsafe HostTensor ToHost()
    {
        using var scope = new Scope();
        var plain = Aten.Contiguous(Aten.To(Aten.Detach(this), device: Device.Cpu));
        var info = plain.Info(null, null);
        var bytes = checked((int)(info.Elements * info.ElementBytes));
        var copy = new ReadOnlySpan<byte>(bytes == 0 ? null : plain.Data(), bytes).ToArray();
        return new HostTensor(info.Type, plain.Shape, copy);
    }

    /// <summary>A tensor on the processor with a copy of a host tensor's numbers.</summary>
    public static unsafe Tensor From(HostTensor host)
    {
        var tensor = Empty(host.Shape, host.Type);
        if (host.Data.Length > 0)
            host.Data.Span.CopyTo(new Span<byte>(tensor.Data(), host.Data.Length));
        return tensor;
    }

    /// <summary>Copies a host tensor's numbers into this tensor, converting their type; its own layout in memory stays.</summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public void CopyFrom(HostTensor host)
    {
        if (!Shape.AsSpan().SequenceEqual(host.Shape))
            throw new ArgumentException($"{host} cannot be copied into {this}: the shapes differ");
        using var scope = new Scope();
        using var off = new NoGrad();
        Aten.Copy_(this, From(host));
    }
}
