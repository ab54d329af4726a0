using Hwaso.Imaging;
using Hwaso.Server.Images;

namespace Hwaso.Server.Tests.Images;

/// <summary>Simplified borders: they cover the image without gaps or overlaps, cross nothing, and stay near.</summary>
public sealed class BorderSimplifierTests
{
    [Fact]
    public void A_staircase_becomes_a_straight_line_and_its_neighbour_follows()
    {
        var map = new LabelMap(12, 12);
        for (var k = 0; k < map.Labels.Length; k++)
            map.Labels[k] = (byte)(k % 12 > k / 12 ? 1 : 0);

        var regions = BorderSimplifier.Of(map, RegionTracer.Of(map), 1);

        // Every second corner of the staircase lies on the line between its ends, the others 0.71 pixels beside it.
        Assert.Equal([(0, 0), (0, 12), (1, 0), (12, 11), (12, 12)], regions[0].Outer.Distinct().Order());
        Assert.Equal([(1, 0), (12, 0), (12, 11)], regions[1].Outer.Distinct().Order());
        Assert.Equal(144, regions.Sum(r => RegionTracer.Area(r.Outer)));
    }

    [Fact]
    public void Small_regions_and_holes_stay_whatever_the_tolerance()
    {
        var map = new LabelMap(9, 9);
        map.Labels[40] = 1;

        var regions = BorderSimplifier.Of(map, RegionTracer.Of(map), 100);

        Assert.Equal(2, regions.Count);
        Assert.Equal(5, regions[0].Outer.Count);
        Assert.Equal(4, Assert.Single(regions[0].Holes).Count);
        Assert.Equal(regions[0].Holes[0].ToHashSet(), regions[1].Outer.ToHashSet());
    }

    [Theory]
    [InlineData(0.75)]
    [InlineData(3)]
    public void Borders_cover_the_image_once_cross_nothing_and_stay_near_on_random_maps(double tolerance)
    {
        var (before, after) = (0, 0);
        for (var seed = 0; seed < 24; seed++)
        {
            var map = Blots(seed);
            var traced = RegionTracer.Of(map);

            var regions = BorderSimplifier.Of(map, traced, tolerance);

            Assert.Equal(map.Labels.Length, regions.Sum(r => RegionTracer.Area(r.Outer) + r.Holes.Sum(RegionTracer.Area)));
            Assert.Equal(traced.Select(r => (r.Label, r.Holes.Count)), regions.Select(r => (r.Label, r.Holes.Count)));
            var sides = new HashSet<((int X, int Y) From, (int X, int Y) To)>();
            foreach (var ((_, outer, holes), was) in regions.Zip(traced))
            {
                Assert.True(RegionTracer.Area(outer) + holes.Sum(RegionTracer.Area) > 0, $"seed {seed}: a region without area");
                foreach (var (ring, old) in holes.Prepend(outer).Zip(was.Holes.Prepend(was.Outer)))
                {
                    Assert.Equal(ring[0], ring[^1]);
                    Assert.True(ring.Count >= 4 && ring.Distinct().Count() == ring.Count - 1, $"seed {seed}: a ring that touches itself");
                    var segments = ring.Zip(ring.Skip(1)).ToArray();
                    foreach (var (from, to) in segments)
                        sides.Add(from.CompareTo(to) < 0 ? (from, to) : (to, from));
                    Assert.All(old, p => Assert.True(segments.Min(s => Distance(p, s.First, s.Second)) <= tolerance + 1e-6));
                    (before, after) = (before + old.Count, after + ring.Count);
                }
            }
            foreach (var (a, b) in sides)
                foreach (var (c, d) in sides)
                    Assert.False(Meet(a, b, c, d), $"seed {seed}: {a}–{b} and {c}–{d} cross or touch");
        }
        Assert.True(after < before, $"{before} corners became {after}");
    }

    // Smooth noise in a few steps: blots of several labels with ragged borders, islands and corners that touch.
    static LabelMap Blots(int seed)
    {
        var random = new Random(seed);
        var map = new LabelMap(6 + random.Next(18), 6 + random.Next(18));
        var noise = map.Labels.Select(_ => random.NextDouble()).ToArray();
        var steps = 2 + (seed % 4);
        for (var k = 0; k < noise.Length; k++)
        {
            var (x, y) = (k % map.Width, k / map.Width);
            var sum = noise[k] + noise[(y * map.Width) + Math.Max(0, x - 1)] + noise[(Math.Max(0, y - 1) * map.Width) + x]
                + noise[(Math.Max(0, y - 1) * map.Width) + Math.Min(map.Width - 1, x + 1)];
            map.Labels[k] = (byte)Math.Min(steps - 1, (int)(sum / 4 * steps));
        }
        return map;
    }

    static double Distance((int X, int Y) p, (int X, int Y) a, (int X, int Y) b)
    {
        double dx = b.X - a.X, dy = b.Y - a.Y;
        var share = Math.Clamp((((p.X - a.X) * dx) + ((p.Y - a.Y) * dy)) / ((dx * dx) + (dy * dy)), 0, 1);
        return double.Hypot(a.X + (share * dx) - p.X, a.Y + (share * dy) - p.Y);
    }

    // Whether two segments share a point that is no end of both.
    static bool Meet((int X, int Y) a, (int X, int Y) b, (int X, int Y) c, (int X, int Y) d)
    {
        if ((a, b) == (c, d))
            return false;
        return (Side(a, b, c) * Side(a, b, d) < 0 && Side(c, d, a) * Side(c, d, b) < 0)
            || Inside(c, a, b) || Inside(d, a, b) || Inside(a, c, d) || Inside(b, c, d);

        static long Side((int X, int Y) a, (int X, int Y) b, (int X, int Y) p) =>
            ((long)(b.X - a.X) * (p.Y - a.Y)) - ((long)(p.X - a.X) * (b.Y - a.Y));

        static bool Inside((int X, int Y) p, (int X, int Y) a, (int X, int Y) b) => p != a && p != b && Side(a, b, p) == 0
            && p.X >= Math.Min(a.X, b.X) && p.X <= Math.Max(a.X, b.X) && p.Y >= Math.Min(a.Y, b.Y) && p.Y <= Math.Max(a.Y, b.Y);
    }
}
