using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Where labels change: the maps of edges that real-time networks learn beside the classes.</summary>
public static class LabelEdges
{
    // PIDNet's code: cv2.dilate by 4×4, the six pixels at each side without edges.
    const int Width = 4, Rim = 6;
    // Canny's tangent of 22.5 degrees as OpenCV rounds it, and 1 in that form.
    const double Tangent = 13573, One = 1 << 15;
    // Half the distance between a label's Laplacians and 0; STDC's code.
    const double Changed = 0.1;

    /// <summary>
    /// PIDNet's edges [N, H, W] of labels [N, H, W]: 1 within two pixels of an edge as OpenCV's Canny finds it, else 0. Xu et al., CVPR
    /// 2023.
    /// </summary>
    /// <remarks>Their code finds edges before it scales and crops an image; here they are those of the crop.</remarks>
    /// <exception cref="ArgumentException">Not [N, H, W].</exception>
    public static Tensor Wide(Tensor labels)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var inner = Canny(labels);
        if (labels.Size(1) <= 2 * Rim || labels.Size(2) <= 2 * Rim)
            return scope.Keep(Aten.ZerosLike(inner));
        inner = Aten.Pad(inner.Narrow(1, Rim, labels.Size(1) - 2 * Rim).Narrow(2, Rim, labels.Size(2) - 2 * Rim), [Rim, Rim, Rim, Rim]);
        // The even kernel reaches two pixels back and one ahead.
        var padded = Aten.Pad(inner.Unsqueeze(1), [Width / 2, Width / 2 - 1, Width / 2, Width / 2 - 1]);
        return scope.Keep(Aten.MaxPool2d(padded, [Width, Width], [1, 1]).Squeeze(1));
    }

    /// <summary>
    /// The edges [N, H, W] of labels [N, H, W] that OpenCV's Canny finds with thresholds below 1: the changes that are steepest across
    /// themselves. Canny, TPAMI 1986.
    /// </summary>
    /// <exception cref="ArgumentException">Not [N, H, W].</exception>
    public static Tensor Canny(Tensor labels)
    {
        Check(labels);
        using var scope = new Scope();
        using var off = new NoGrad();
        // float64 holds OpenCV's 32-bit products.
        var image = Aten.Pad(labels.To(ScalarType.Float64).Unsqueeze(1), [1, 1, 1, 1], "replicate").Squeeze(1);
        Tensor At(Tensor of, int down, int right) =>
            of.Narrow(1, 1 + down, labels.Size(1)).Narrow(2, 1 + right, labels.Size(2));
        var right = At(image, -1, 1) - At(image, -1, -1) + (At(image, 0, 1) - At(image, 0, -1)) * 2 + At(image, 1, 1) - At(image, 1, -1);
        var down = At(image, 1, -1) - At(image, -1, -1) + (At(image, 1, 0) - At(image, -1, 0)) * 2 + At(image, 1, 1) - At(image, -1, 1);
        var steep = Aten.Abs(right) + Aten.Abs(down);
        var around = Aten.Pad(steep, [1, 1, 1, 1]);
        var (x, y) = (Aten.Abs(right) * Tangent, Aten.Abs(down) * One);
        var flat = Aten.Call(Less, y, x).AsTensor();
        var upright = Aten.Call(Greater, y, x + Aten.Abs(right) * (2 * One)).AsTensor();
        var falls = Aten.Lt(right * down, 0);
        Tensor Above(Tensor than) => Aten.Call(Greater, steep, than).AsTensor();
        Tensor NotBelow(Tensor than) => Aten.Call(NoLess, steep, than).AsTensor();
        Tensor Both(Tensor a, Tensor b) => Aten.Call(And, a, b).AsTensor();
        var across = Aten.Where(flat, Both(Above(At(around, 0, -1)), NotBelow(At(around, 0, 1))),
            Aten.Where(upright, Both(Above(At(around, -1, 0)), NotBelow(At(around, 1, 0))),
                Aten.Where(falls, Both(Above(At(around, -1, 1)), Above(At(around, 1, -1))),
                    Both(Above(At(around, -1, -1)), Above(At(around, 1, 1))))));
        return scope.Keep(Both(across, Aten.Gt(steep, 0)).To(ScalarType.Float32));
    }

    /// <summary>
    /// STDC's details [N, H, W] of labels [N, H, W]: 1 where a label is larger than the mean of those around it, at stride 1 or 2. Fan et
    /// al., CVPR 2021.
    /// </summary>
    /// <remarks>The paper has stride 4 too, with a share of 0.1 beside 0.6 and 0.3. The sum counts above 0.1, so that stride 4 by itself
    /// decides nothing.</remarks>
    /// <exception cref="ArgumentException">Not [N, H, W].</exception>
    public static Tensor Details(Tensor labels)
    {
        Check(labels);
        using var scope = new Scope();
        using var off = new NoGrad();
        var image = labels.To(ScalarType.Float32).Unsqueeze(1);
        var kernel = Tensor.From(new float[] { -1, -1, -1, -1, 8, -1, -1, -1, -1 }, 1, 1, 3, 3).To(labels.Device);
        Tensor Changes(long stride) => Aten.Gt(Aten.Conv2d(image, kernel, null, [stride, stride], [1, 1]), Changed)
            .To(ScalarType.Float32).ResizeNearest(labels.Size(1), labels.Size(2));
        return scope.Keep(Aten.Clamp(Changes(1) + Changes(2), max: 1).Squeeze(1));
    }

    static void Check(Tensor labels)
    {
        if (labels.Dimensions != 3)
            throw new ArgumentException($"edges of labels {labels}: [N, H, W] was wanted");
    }

    static readonly Operator Less = new("aten::lt.Tensor"), Greater = new("aten::gt.Tensor"), NoLess = new("aten::ge.Tensor");
    static readonly Operator And = new("aten::logical_and");
}
