using System.Runtime.InteropServices;
using Hwaso.Torch;

namespace Hwaso.Nn.Boxes;

/// <summary>RoIAlign from a pyramid: each box from the level that fits its size. Lin et al., CVPR 2017, section 4.2.</summary>
public static class PyramidPooling
{
    static readonly Operator operation = Operator.Managed(
        "hwaso::roi_align_pyramid(Tensor[] input, Tensor rois, float[] scales, int side, int form) -> Tensor");

    /// <summary>[R, C, side, side], in the order of the boxes; differentiable in the levels.</summary>
    /// <param name="form">Whose conventions.</param>
    /// <param name="levels">[N, C, h, w] each, finest first.</param>
    /// <param name="rois">[R, 5]: the image, x1, y1, x2, y2 in its pixels.</param>
    /// <param name="scales">Pixels of each level to one of the image.</param>
    /// <param name="side">Bins across and down.</param>
    public static Tensor Of(BoxForm form, Tensor[] levels, Tensor rois, double[] scales, int side) =>
        Door.CallManaged(operation, [levels, rois, scales, side, (long)form], () =>
        {
            var rows = rois.ToArray<float>();
            var of = new List<long>[levels.Length];
            for (var level = 0; level < of.Length; level++)
                of[level] = [];
            for (var k = 0; k < rows.Length / 5; k++)
                of[form.LevelOf(MemoryMarshal.Cast<float, Box>(rows.AsSpan(5 * k + 1, 4))[0], levels.Length)].Add(k);
            List<Tensor> parts = [];
            List<long> order = [];
            for (var level = 0; level < of.Length; level++)
            {
                if (of[level].Count == 0 && (level > 0 || rows.Length > 0))
                    continue;
                float[] own = [.. of[level].SelectMany(k => rows[(int)(5 * k)..(int)(5 * k + 5)])];
                parts.Add(RoiAlign.Apply(
                    levels[level], Tensor.From(own, own.Length / 5, 5), scales[level], side, side, form.Sampling, form.Pooling));
                order.AddRange(of[level]);
            }
            if (parts.Count == 1)
                return parts[0];
            var places = new long[order.Count];
            for (var k = 0; k < places.Length; k++)
                places[order[k]] = k;
            return DetectionLosses.Rows(Tensor.Concat(parts, 0), Tensor.From(places).To(levels[0].Device));
        });
}
