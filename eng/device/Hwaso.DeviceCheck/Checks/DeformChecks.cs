using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>Deformable convolution: on a GPU an expression of libtorch's operators; on the processor a kernel of ours, the
/// reference.</summary>
static class DeformChecks
{
    public static void Run(CheckReport report, Device device)
    {
        (string Name, long[][] Shapes, Func<Tensor[], Tensor> Run)[] cases =
        [
            ("3×3", [[2, 4, 9, 11], [2, 18, 9, 11], [6, 4, 3, 3]],
                x => DeformConvolution.Apply(x[0], x[1], x[2], padding: [1, 1])),
            ("modulated, with bias", [[2, 4, 9, 11], [2, 18, 9, 11], [6, 4, 3, 3], [6], [2, 9, 9, 11]],
                x => DeformConvolution.Apply(x[0], x[1], x[2], x[3], padding: [1, 1], mask: x[4].Sigmoid())),
            ("groups, offset groups, stride, dilation", [[1, 4, 12, 12], [1, 36, 6, 6], [6, 2, 3, 3]],
                x => DeformConvolution.Apply(x[0], x[1], x[2], stride: [2, 2], padding: [2, 2], dilation: [2, 2])),
        ];
        foreach (var (name, shapes, run) in cases)
            report.Run(name, () => DeviceComparison.Compare(device, shapes, run));
    }
}
