namespace Hwaso.Nn.Boxes;

/// <summary>
/// Boxes as differences from a start: centres moved by shares of its sides, sides as logarithms. Girshick et al., CVPR 2014, appendix C.
/// </summary>
/// <param name="form">Whose conventions.</param>
/// <param name="x">Deviation that differences along x are divided by.</param>
/// <param name="y">That along y.</param>
/// <param name="width">That of the width.</param>
/// <param name="height">That of the height.</param>
public sealed class BoxCoder(BoxForm form, float x = 1, float y = 1, float width = 1, float height = 1)
{
    // Sides grow at most by 1000 ÷ 16, the longest image over the coarsest stride when this was chosen.
    static readonly float most = (float)Math.Log(1000.0 / 16);

    /// <summary>A proposal network's: no deviations.</summary>
    public static BoxCoder Proposals(BoxForm form) => new(form);

    /// <summary>A box head's: 0.1 for centres, 0.2 for sides.</summary>
    public static BoxCoder Head(BoxForm form) => new(form, 0.1f, 0.1f, 0.2f, 0.2f);

    /// <summary>The differences that lead from a start to a truth.</summary>
    /// <param name="start">An anchor or proposal.</param>
    /// <param name="truth">The box to reach.</param>
    /// <param name="delta">Gets dx, dy, dw, dh.</param>
    public void Encode(Box start, Box truth, Span<float> delta)
    {
        var extent = form.Extent;
        float w = start.X2 - start.X1 + extent, h = start.Y2 - start.Y1 + extent;
        float tw = truth.X2 - truth.X1 + extent, th = truth.Y2 - truth.Y1 + extent;
        var (cx, cy) = Centre(start);
        var (tx, ty) = Centre(truth);
        delta[0] = (tx - cx) / w / x;
        delta[1] = (ty - cy) / h / y;
        delta[2] = MathF.Log(tw / w) / width;
        delta[3] = MathF.Log(th / h) / height;
    }

    /// <summary>The box to which differences lead.</summary>
    /// <param name="start">An anchor or proposal.</param>
    /// <param name="delta">dx, dy, dw, dh.</param>
    public Box Decode(Box start, ReadOnlySpan<float> delta)
    {
        var extent = form.Extent;
        float w = start.X2 - start.X1 + extent, h = start.Y2 - start.Y1 + extent;
        var (cx, cy) = Centre(start);
        float gw = w * MathF.Exp(Limited(delta[2] * width)), gh = h * MathF.Exp(Limited(delta[3] * height));
        float gx = cx + w * (delta[0] * x), gy = cy + h * (delta[1] * y);
        var inner = extent / 2;
        return new Box(gx - gw * 0.5f + inner, gy - gh * 0.5f + inner, gx + gw * 0.5f - inner, gy + gh * 0.5f - inner);
    }

    /// <summary>The box to which differences lead, cut off at an image's border.</summary>
    /// <param name="start">An anchor or proposal.</param>
    /// <param name="delta">dx, dy, dw, dh.</param>
    /// <param name="size">Height and width of the image.</param>
    public Box Decode(Box start, ReadOnlySpan<float> delta, (int Height, int Width) size) => Clip(form, Decode(start, delta), size);

    /// <summary>A box cut off at an image's border: its last pixel, or where boxes do not include one, its edge.</summary>
    /// <param name="form">Whose conventions.</param>
    /// <param name="box">The box.</param>
    /// <param name="size">Height and width of the image.</param>
    public static Box Clip(BoxForm form, Box box, (int Height, int Width) size)
    {
        float right = size.Width - form.Extent, lower = size.Height - form.Extent;
        return new Box(
            Between(box.X1, right), Between(box.Y1, lower), Between(box.X2, right), Between(box.Y2, lower));
    }

    // Not Math.Clamp, which refuses an image without pixels.
    static float Between(float value, float largest) => MathF.Max(0, MathF.Min(value, largest));

    (float X, float Y) Centre(Box box) => form == BoxForm.Authors
        ? ((box.X1 + box.X2) * 0.5f, (box.Y1 + box.Y2) * 0.5f)
        : (box.X1 + 0.5f * (box.X2 - box.X1), box.Y1 + 0.5f * (box.Y2 - box.Y1));

    float Limited(float logarithm) =>
        form == BoxForm.Torchvision ? MathF.Min(logarithm, most) : MathF.Max(-most, MathF.Min(logarithm, most));
}
