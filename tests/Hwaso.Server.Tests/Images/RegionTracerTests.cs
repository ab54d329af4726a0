using Hwaso.Imaging;
using Hwaso.Server.Images;

namespace Hwaso.Server.Tests.Images;

/// <summary>Polygons of regions: their areas are pixels, and their rings neither cross nor touch themselves.</summary>
public sealed class RegionTracerTests
{
    [Fact]
    public void A_region_with_a_hole_has_two_rings_that_turn_the_other_way()
    {
        var regions = RegionTracer.Of(Map("111", "101", "111"));

        var ring = Assert.Single(regions, r => r.Label == 1);
        Assert.Equal([(0, 0), (3, 0), (3, 3), (0, 3), (0, 0)], ring.Outer);
        Assert.Equal(9, RegionTracer.Area(ring.Outer));
        Assert.Equal(-1, RegionTracer.Area(Assert.Single(ring.Holes)));
        Assert.Equal(5, ring.Holes[0].Count);
    }

    [Fact]
    public void Pixels_that_touch_at_a_corner_are_two_regions() =>
        Assert.Equal(4, RegionTracer.Of(Map("10", "01")).Count);

    [Fact]
    public void A_region_that_touches_itself_at_a_corner_gets_a_hole_that_touches_its_outer_ring()
    {
        // The zero in the middle and the one at the corner touch; the ones go round the middle.
        var ones = Assert.Single(RegionTracer.Of(Map("1110", "1011", "1101", "1111")), r => r.Label == 1);

        Assert.All([ones.Outer, .. ones.Holes], ring => Assert.Equal(ring.Count - 1, ring.Distinct().Count()));
        Assert.Equal(13, RegionTracer.Area(ones.Outer) + ones.Holes.Sum(RegionTracer.Area));
    }

    [Fact]
    public void Areas_are_pixels_and_no_corner_of_a_ring_comes_twice_on_random_maps()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var map = new LabelMap(1 + random.Next(12), 1 + random.Next(12));
            for (var k = 0; k < map.Labels.Length; k++)
                map.Labels[k] = (byte)random.Next(1 + (seed % 4));

            var regions = RegionTracer.Of(map);

            Assert.Equal(
                map.Labels.CountBy(l => l).OrderBy(c => c.Key).Select(c => (double)c.Value),
                regions.GroupBy(r => r.Label).OrderBy(g => g.Key).Select(g => g.Sum(
                    r => RegionTracer.Area(r.Outer) + r.Holes.Sum(RegionTracer.Area))));
            foreach (var ring in regions.SelectMany(r => r.Holes.Prepend(r.Outer)))
            {
                Assert.Equal(ring[0], ring[^1]);
                Assert.Equal(ring.Count - 1, ring.Distinct().Count());
                // No corner lies on a straight line.
                for (var k = 1; k + 1 < ring.Count; k++)
                    Assert.NotEqual(ring[k].X == ring[k - 1].X, ring[k].X == ring[k + 1].X);
            }
        }
    }

    static LabelMap Map(params string[] rows) =>
        new(rows[0].Length, rows.Length, [.. string.Concat(rows).Select(c => (byte)(c - '0'))]);
}
