using Hwaso.Checkpoints;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Copies between libtorch's tensors and those of weight files.</summary>
public static class HostTensors
{
    extension(Tensor tensor)
    {
        /// <summary>A copy in managed memory, row-major, as files hold tensors.</summary>
        public unsafe HostTensor ToHost()
        {
            using var scope = new Scope();
            var plain = Aten.Contiguous(Aten.To(Aten.Detach(tensor), device: Device.Cpu));
            var info = plain.Info(null, null);
            var bytes = checked((int)(info.Elements * info.ElementBytes));
            var copy = new ReadOnlySpan<byte>(bytes == 0 ? null : plain.Data(), bytes).ToArray();
            return new HostTensor((ElementType)info.Type, plain.Shape, copy);
        }

        /// <summary>Copies a stored tensor's numbers into this tensor and converts their type; the memory layout stays.</summary>
        /// <exception cref="ArgumentException">The shapes differ.</exception>
        public void CopyFrom(HostTensor host)
        {
            if (!tensor.Shape.AsSpan().SequenceEqual(host.Shape))
                throw new ArgumentException($"{host} cannot be copied into {tensor}: the shapes differ");
            using var scope = new Scope();
            using var off = new NoGrad();
            Aten.Copy_(tensor, Tensor.From(host));
        }

        /// <summary>A tensor on the processor with a copy of a stored tensor's numbers.</summary>
        public static unsafe Tensor From(HostTensor host)
        {
            var made = Tensor.Empty(host.Shape, (ScalarType)host.Type);
            if (host.Data.Length > 0)
                host.Data.Span.CopyTo(new Span<byte>(made.Data(), host.Data.Length));
            return made;
        }
    }
}
