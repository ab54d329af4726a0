using System.Runtime.CompilerServices;

namespace Hwaso.Runtime.Kernels;

/// <summary>Slices of a tensor by their numbers along an axis; an index beyond its ends is taken as the nearest.</summary>
sealed unsafe class GatherKernel(int outer, int length, int innerBytes, long* indices, int count, byte* input, byte* output) : Kernel
{
    public override int Items => outer;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        for (var k = 0; k < count; k++)
        {
            var index = Math.Clamp(indices[k] < 0 ? indices[k] + length : indices[k], 0, length - 1);
            Unsafe.CopyBlockUnaligned(output + ((((long)item * count) + k) * innerBytes), input + ((((long)item * length) + index) * innerBytes), (uint)innerBytes);
        }
    }
}
