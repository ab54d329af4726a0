using Hwaso.Data;

namespace Hwaso.Metrics;

/// <summary>How far depth maps are from the truth, by the two figures that papers on depth print (Eigen et al., NeurIPS 2014).</summary>
/// <param name="Pixels">Pixels that both have a depth for.</param>
/// <param name="Relative">Sum over them of |depth − truth| ÷ truth.</param>
/// <param name="Near">How many of them are within a quarter: δ = max(depth ÷ truth, truth ÷ depth) below 1.25.</param>
public sealed record DepthError(long Pixels = 0, double Relative = 0, long Near = 0)
{
    const double Quarter = 1.25;

    /// <summary>The mean relative error; NaN of no pixel.</summary>
    public double MeanRelative => Relative / Pixels;

    /// <summary>The share of pixels within a quarter; NaN of no pixel.</summary>
    public double ShareNear => (double)Near / Pixels;

    /// <summary>This and one more image's, in metres both.</summary>
    /// <exception cref="ArgumentException">Maps of two sizes.</exception>
    public DepthError With(DepthMap depth, DepthMap truth)
    {
        if ((depth.Width, depth.Height) != (truth.Width, truth.Height))
            throw new ArgumentException($"depth of {depth.Height}x{depth.Width} beside a true one of {truth.Height}x{truth.Width}: "
                + "the same size was wanted");
        var (pixels, relative, near) = (Pixels, Relative, Near);
        for (var k = 0; k < truth.Values.Length; k++)
        {
            double told = depth.Values[k], wanted = truth.Values[k];
            if (!double.IsFinite(told) || !double.IsFinite(wanted))
                continue;
            pixels++;
            relative += Math.Abs(told - wanted) / wanted;
            near += Math.Max(told / wanted, wanted / told) < Quarter ? 1 : 0;
        }
        return new DepthError(pixels, relative, near);
    }
}
