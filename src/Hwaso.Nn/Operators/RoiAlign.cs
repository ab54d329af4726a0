using System.Numerics;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Where the bins of a box lie.</summary>
public enum RoiAlignForm
{
    /// <summary>From edge to edge, at least one pixel wide: torchvision's without <c>aligned</c>.</summary>
    Plain,

    /// <summary>Moved by half a pixel, so that pixels' centres meet: torchvision's with <c>aligned</c>, and mmdetection's.</summary>
    Aligned,

    /// <summary>From the first pixel to the end of the last one, which the box includes: the HRNet authors'.</summary>
    Inclusive,
}

/// <summary>
/// RoIAlign: the means of a feature map over the bins of boxes, sampled bilinearly. He et al., ICCV 2017. Answers are those of
/// torchvision's <c>roi_align</c>.
/// </summary>
public static class RoiAlign
{
    static readonly Operator operation = Operator.Managed(
        "hwaso::roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width, int sampling_ratio, "
        + "int form) -> Tensor");

    /// <summary>
    /// [N, C, H, W] to [R, C, h, w], differentiable in the features. Float32 and float64 on the processor go through a kernel of ours,
    /// anything else through libtorch's operators.
    /// </summary>
    /// <param name="features">[N, C, H, W].</param>
    /// <param name="rois">[R, 5]: the image from 0, then x1, y1, x2, y2 in the coordinates of <paramref name="scale"/>.</param>
    /// <param name="scale">Pixels of the features to one of the boxes' coordinates, such as 1/4.</param>
    /// <param name="height">h: bins down.</param>
    /// <param name="width">w: bins across.</param>
    /// <param name="sampling">Points of a bin along each axis; 0 for as many as it has pixels.</param>
    /// <param name="form">Where the bins lie.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or a box names an image that is not there.</exception>
    public static Tensor Apply(Tensor features, Tensor rois, double scale, int height, int width, int sampling = 0,
        RoiAlignForm form = RoiAlignForm.Plain) => Run(features, rois, scale, height, width, sampling, form, mayKernel: true);

    /// <summary>The same by libtorch's operators alone, as on other devices, to compare with.</summary>
    /// <exception cref="ArgumentException">As above.</exception>
    public static Tensor ApplyExpression(Tensor features, Tensor rois, double scale, int height, int width, int sampling = 0,
        RoiAlignForm form = RoiAlignForm.Plain) => Run(features, rois, scale, height, width, sampling, form, mayKernel: false);

    static Tensor Run(
        Tensor features, Tensor rois, double scale, int height, int width, int sampling, RoiAlignForm form, bool mayKernel)
    {
        if (features.Dimensions != 4 || rois.Dimensions != 2 || rois.Size(1) != 5 || height < 1 || width < 1 || sampling < 0)
            throw new ArgumentException(
                $"{Door.CurrentPlace}: features {features}, boxes {rois}, {height}×{width} bins of {sampling} points: [N, C, H, W], "
                + "[R, 5], bins of at least 1×1 and 0 or more points were wanted");
        return Door.CallManaged(operation, [features, rois, scale, height, width, sampling, (long)form], () =>
        {
            var wide = features.Type == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
            if (features.Type != wide)
                return Run(features.To(wide), rois, scale, height, width, sampling, form, mayKernel).To(features.Type);
            return wide == ScalarType.Float32
                ? Of<float>(features, rois, scale, height, width, sampling, form, mayKernel)
                : Of<double>(features, rois, scale, height, width, sampling, form, mayKernel);
        });
    }

    static Tensor Of<T>(
        Tensor features, Tensor rois, double scale, int height, int width, int sampling, RoiAlignForm form, bool mayKernel)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var shape = features.Shape;
        var taps = new RoiTaps<T>(rois.ToArray<T>(), (int)shape[0], (int)shape[2], (int)shape[3])
        {
            Scale = T.CreateChecked(scale),
            Bins = (height, width),
            Sampling = sampling,
            Form = form,
        };
        taps.Locate();
        return mayKernel && features.Device.Type == DeviceType.Cpu
            ? new RoiAlignFunction<T>(taps).Apply(features)[0]
            : RoiAlignExpression.Of(taps, features);
    }
}

/// <summary>RoIAlign on the processor, for autograd; boxes have no gradient, as torchvision's have none.</summary>
sealed class RoiAlignFunction<T>(RoiTaps<T> taps) : Function
    where T : unmanaged, IFloatingPointIeee754<T>
{
    long[] shape = [];

    public override string Name => "roi_align";

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        shape = inputs[0].Shape;
        return [new RoiAlignKernel<T>(taps, shape).Forward(inputs[0])];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients) =>
        [gradients[0] is { } gradient ? new RoiAlignKernel<T>(taps, shape).Backward(gradient.Contiguous()) : null];
}

/// <summary>RoIAlign as a weighted sum of pixels for each bin, in libtorch's operators, so that it runs wherever they do.</summary>
static class RoiAlignExpression
{
    static readonly Operator Bags = new("aten::embedding_bag");

    /// <summary>[R, C, h, w].</summary>
    public static Tensor Of<T>(RoiTaps<T> taps, Tensor features) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var (height, width) = taps.Bins;
        var channels = features.Size(1);
        var (pixels, weights, starts) = taps.Flat();
        if (pixels.Length == 0)
            return features.Narrow(0, 0, 0).Sum() + Tensor.Zeros([taps.Count, channels, height, width], features.Type, features.Device);
        var rows = features.Permute(0, 2, 3, 1).Reshape(-1, channels);                              // [N·H·W, C]
        var sums = Aten.CallAll(Bags, rows, Tensor.From(pixels).To(features.Device), Tensor.From(starts).To(features.Device), false, 0L,
            false, Tensor.From(weights).To(features.Device), false)[0].AsTensor();                  // [R·h·w, C]
        return sums.Reshape(taps.Count, height, width, channels).Permute(0, 3, 1, 2).Contiguous();
    }
}
