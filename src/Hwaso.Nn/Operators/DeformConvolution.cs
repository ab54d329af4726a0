using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>
/// Deformable convolution: every point of the kernel is moved by an offset of its own and, in the second version, modulated. Dai et al., ICCV 2017;
/// Zhu et al., CVPR 2019. Arguments and answers are those of torchvision's <c>deform_conv2d</c>.
/// </summary>
public static class DeformConvolution
{
    static readonly Operator operation = Operator.Managed(
        "hwaso::deform_conv2d(Tensor input, Tensor offset, Tensor weight, Tensor? bias, int[2] stride, int[2] padding, int[2] dilation, Tensor? mask) -> Tensor");

    /// <summary>[N, C, H, W] to [N, Cout, H', W'], differentiable in every tensor. Float32 and float64 on the processor go through a kernel of ours, anything else through libtorch's operators.</summary>
    /// <param name="input">[N, C, H, W]; zero outside.</param>
    /// <param name="offset">[N, 2·G·kh·kw, H', W']: for each offset group and point, rows first, how far down and how far right in pixels; G divides C.</param>
    /// <param name="weight">[Cout, C/groups, kh, kw].</param>
    /// <param name="bias">[Cout], or null.</param>
    /// <param name="stride">Steps down and right, at least 1; null for 1.</param>
    /// <param name="padding">Zeros above and left, at least 0; null for 0.</param>
    /// <param name="dilation">Distances of the kernel's points, at least 1; null for 1.</param>
    /// <param name="mask">[N, G·kh·kw, H', W'], what each sample is multiplied by; null for 1.</param>
    /// <exception cref="ArgumentException">Shapes, element types or devices that do not fit; the message says which, and what would.</exception>
    public static Tensor Apply(Tensor input, Tensor offset, Tensor weight, Tensor? bias = null, long[]? stride = null, long[]? padding = null, long[]? dilation = null, Tensor? mask = null) =>
        Run(input, offset, weight, bias, stride ?? [1, 1], padding ?? [0, 0], dilation ?? [1, 1], mask, mayKernel: true);

    /// <summary>The same through libtorch's operators alone, wherever the tensors are: what other devices do, to be held against.</summary>
    /// <exception cref="ArgumentException">As above.</exception>
    public static Tensor ApplyExpression(Tensor input, Tensor offset, Tensor weight, Tensor? bias = null, long[]? stride = null, long[]? padding = null, long[]? dilation = null, Tensor? mask = null) =>
        Run(input, offset, weight, bias, stride ?? [1, 1], padding ?? [0, 0], dilation ?? [1, 1], mask, mayKernel: false);

    static Tensor Run(Tensor input, Tensor offset, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] dilation, Tensor? mask, bool mayKernel)
    {
        // As torchvision's: offsets in a narrow type would be of whole pixels.
        if (Autocast.TypeOn(input.Device) is not null)
        {
            using var off = Autocast.Off(input.Device);
            static Tensor Wide(Tensor tensor) => tensor.Type is ScalarType.Float32 or ScalarType.Float64 ? tensor : tensor.To(ScalarType.Float32);
            return Run(Wide(input), Wide(offset), Wide(weight), bias is null ? null : Wide(bias), stride, padding, dilation, mask is null ? null : Wide(mask), mayKernel);
        }
        var geometry = DeformConvGeometry.Of(input, offset, weight, bias, mask, stride, padding, dilation);
        return Door.CallManaged(operation, [input, offset, weight, bias, stride, padding, dilation, mask], () =>
        {
            if (!mayKernel || !HasKernel(input))
                return DeformConvExpression.Of(geometry, input, offset, weight, bias, mask);
            var inputs = new[] { input, offset, weight, mask, bias }.OfType<Tensor>().ToArray();
            return input.Type == ScalarType.Float32
                ? new DeformConvFunction<float>(geometry, mask is not null, bias is not null).Apply(inputs)[0]
                : new DeformConvFunction<double>(geometry, mask is not null, bias is not null).Apply(inputs)[0];
        });
    }

    static bool HasKernel(Tensor input) => input.Device.Type == DeviceType.Cpu && input.Type is ScalarType.Float32 or ScalarType.Float64;
}
