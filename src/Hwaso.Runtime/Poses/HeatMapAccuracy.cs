namespace Hwaso.Runtime.Poses;

/// <summary>The share of joints that lie near their targets (PCK), on heat maps: what the authors' code logs while it trains.</summary>
public static class HeatMapAccuracy
{
    /// <summary>The accuracy of heat maps.</summary>
    /// <param name="maps">N × J × height × width values.</param>
    /// <param name="targets">Targets likewise; joints whose largest value lies in the first two rows or columns do not count.</param>
    /// <param name="joints">J.</param>
    /// <param name="width">The maps' width.</param>
    /// <param name="height">The maps' height.</param>
    /// <param name="threshold">The distance in tenths of the map; the code divides x by its height and y by its width.</param>
    /// <returns>The mean over joints that count, each joint's share (−1 where it does not count), and how many count.</returns>
    public static (double Mean, double[] Joints, int Counted) Of(
        ReadOnlySpan<float> maps, ReadOnlySpan<float> targets, int joints, int width, int height, double threshold = 0.5)
    {
        var decoder = new HeatMapDecoder(width, height, PoseRefinement.None);
        var (found, wanted) = (decoder.Decode(maps), decoder.Decode(targets));
        var (near, count) = (new int[joints], new int[joints]);
        for (var k = 0; k < wanted.Length; k += 3)
        {
            if (!(wanted[k] > 1 && wanted[k + 1] > 1))
                continue;
            var (dx, dy) = ((found[k] - wanted[k]) / (height / 10.0), (found[k + 1] - wanted[k + 1]) / (width / 10.0));
            var j = k / 3 % joints;
            count[j]++;
            near[j] += Math.Sqrt(dx * dx + dy * dy) < threshold ? 1 : 0;
        }
        double[] shares = [.. near.Zip(count).Select(c => c.Second > 0 ? (double)c.First / c.Second : -1)];
        var counted = count.Count(c => c > 0);
        return (counted == 0 ? 0 : shares.Where(s => s >= 0).Sum() / counted, shares, counted);
    }
}
