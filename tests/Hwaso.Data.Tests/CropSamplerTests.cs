using Hwaso.Data.Loading;
using Hwaso.Imaging;

namespace Hwaso.Data.Tests;

public sealed class CropSamplerTests
{
    static readonly Augmentation plain = new() { CropHeight = 6, CropWidth = 8, Flip = false };

    [Fact]
    public void At_scale_one_the_crop_is_the_image_normalised()
    {
        var item = Item(10, 9);
        var (image, labels) = Fill(plain, item, new CropPlan(10, 9, X: 1, Y: 2, Flip: false));
        for (var c = 0; c < 3; c++)
            for (var y = 0; y < 6; y++)
                for (var x = 0; x < 8; x++)
                    // One rounding of each float operation: 3 × 2⁻²⁴ of values below 3.
                    Assert.Equal((item.Image.Pixels[((y + 2) * 10 + x + 1) * 3 + c] / 255.0 - plain.Mean[c]) / plain.Std[c],
                        image[(c * 6 + y) * 8 + x], 1e-6);
        for (var y = 0; y < 6; y++)
            for (var x = 0; x < 8; x++)
                Assert.Equal(item.Labels.Labels[(y + 2) * 10 + x + 1], labels[y * 8 + x]);
    }

    [Fact]
    public void A_mirrored_crop_mirrors_image_and_labels_alike()
    {
        var item = Item(13, 11);
        var (image, labels) = Fill(plain, item, new CropPlan(17, 14, 4, 3, Flip: false));
        var (mirrored, mirroredLabels) = Fill(plain, item, new CropPlan(17, 14, 4, 3, Flip: true));
        for (var row = 0; row < 18; row++)
            Assert.Equal(image[(row * 8)..(row * 8 + 8)].Reverse(), mirrored[(row * 8)..(row * 8 + 8)]);
        for (var row = 0; row < 6; row++)
            Assert.Equal(labels[(row * 8)..(row * 8 + 8)].Reverse(), mirroredLabels[(row * 8)..(row * 8 + 8)]);
    }

    [Theory]
    [InlineData(19, 12)]
    [InlineData(9, 7)]
    [InlineData(31, 40)]
    public void Scaling_is_bilinear_between_pixel_centres_and_nearest_for_labels(int width, int height)
    {
        var item = Item(14, 10);
        var (image, labels) = Fill(plain, item, new CropPlan(width, height, 1, 1, false));
        for (var c = 0; c < 3; c++)
            for (var y = 0; y < 6; y++)
                for (var x = 0; x < 8; x++)
                    // The formula in double; the sampler computes in float: 1e-5 of values up to 255 before normalisation.
                    Assert.Equal((Bilinear(item.Image, (x + 1.5) * 14 / width - 0.5, (y + 1.5) * 10 / height - 0.5, c) / 255
                        - plain.Mean[c]) / plain.Std[c], image[(c * 6 + y) * 8 + x], 1e-4);
        for (var y = 0; y < 6; y++)
            for (var x = 0; x < 8; x++)
                Assert.Equal(item.Labels.Labels[(y + 1) * 10 / height * 14 + (x + 1) * 14 / width], labels[y * 8 + x]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Padding_is_black_before_normalisation_and_ignored_in_labels(bool flip)
    {
        var (image, labels) = Fill(plain, Item(5, 4), new CropPlan(5, 4, 0, 0, flip));
        for (var c = 0; c < 3; c++)
            Assert.Equal((float)((0 - plain.Mean[c]) / plain.Std[c]), image[(c * 6 + 5) * 8 + 7], 1e-6f);
        // The official code pads right and below, then mirrors: the mirrored crop has its padding on the left.
        Assert.Equal(flip, labels[0] == ClassList.Ignore);
        Assert.Equal(!flip, labels[7] == ClassList.Ignore);
        Assert.All(labels[(4 * 8)..], v => Assert.Equal(ClassList.Ignore, v));
        Assert.Equal(6 * 8 - 5 * 4, labels.Count(v => v == ClassList.Ignore));
    }

    [Theory]
    [InlineData(17, 14, 4, 3, false)]
    [InlineData(17, 14, 4, 3, true)]
    [InlineData(5, 4, 0, 0, false)]
    [InlineData(5, 4, 0, 0, true)]
    public void Depth_goes_where_labels_go_and_padding_has_none(int width, int height, int x, int y, bool flip)
    {
        var item = Item(13, 11);
        // The depth of a pixel tells its label, so that both can be compared; a few have none.
        var values = Array.ConvertAll(item.Labels.Labels, l => l == 3 ? float.NaN : l / 16f);
        item = item with { Depth = new DepthMap(13, 11, values) };
        var (image, labels, depth) = (new float[3 * 6 * 8], new byte[6 * 8], new float[6 * 8]);
        var random = new KeyedRandom(1, 1, 1);
        new CropSampler(plain).Fill(item, new CropPlan(width, height, x, y, flip), ref random, image, labels, depth);
        for (var k = 0; k < labels.Length; k++)
            Assert.Equal(labels[k] is 3 or ClassList.Ignore ? float.NaN : labels[k] / 16f, depth[k]);
        Assert.Contains(depth, float.IsFinite);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Image_labels_and_depth_show_the_same_place(bool flip)
    {
        // Twice as large, cropped at column 5 and row 3: what stands at (r, c) comes from row (r + 3) / 2 and column (c + 5) / 2, by hand.
        const int Width = 9, Height = 8;
        var depths = Enumerable.Range(0, Width * Height).Select(k => k / Width * 100f + k % Width);
        var item = Item(Width, Height) with { Depth = new DepthMap(Width, Height, [.. depths]) };
        for (var k = 0; k < Width * Height; k++)
            item.Labels.Labels[k] = (byte)(k / Width * 10 + k % Width);
        var (image, labels, depth) = (new float[3 * 6 * 8], new byte[6 * 8], new float[6 * 8]);
        var random = new KeyedRandom(1, 1, 1);
        new CropSampler(plain).Fill(item, new CropPlan(2 * Width, 2 * Height, 5, 3, flip), ref random, image, labels, depth);
        for (var r = 0; r < 6; r++)
            for (var c = 0; c < 8; c++)
            {
                var (row, column, at) = ((r + 3) / 2, (c + 5) / 2, r * 8 + (flip ? 7 - c : c));
                Assert.Equal(row * 10 + column, labels[at]);
                Assert.Equal(row * 100 + column, depth[at]);
            }
    }

    [Fact]
    public void Choices_follow_the_official_recipe()
    {
        var augmentation = new Augmentation { CropHeight = 480, CropWidth = 480, BaseSize = 520 };
        var seen = new HashSet<int>();
        for (var k = 0; k < 2000; k++)
        {
            var random = new KeyedRandom(304, 0, k);
            var plan = CropPlan.Choose(augmentation, 500, 375, ref random);
            seen.Add(plan.ScaledWidth);
            Assert.Equal((int)(375.0 * plan.ScaledWidth / 500 + 0.5), plan.ScaledHeight);
            Assert.InRange(plan.X, 0, Math.Max(0, plan.ScaledWidth - 480));
            Assert.InRange(plan.Y, 0, Math.Max(0, plan.ScaledHeight - 480));
        }
        // 0.5 + randint(0, 16) / 10 of 520: seventeen sizes from 260 to 1092.
        Assert.Equal(Enumerable.Range(0, 17).Select(s => (int)(520 * (0.5 + s / 10.0) + 0.5)), seen.Order());
    }

    [Fact]
    public void A_crop_that_one_class_fills_is_drawn_again_ten_times_at_most()
    {
        const double Share = 0.75;
        var item = Item(40, 30);
        // Class 1 in a corner, ignored pixels in another, class 0 elsewhere.
        for (var k = 0; k < 40 * 30; k++)
            item.Labels.Labels[k] = (byte)(k % 40 < 12 && k / 40 < 12 ? 1 : k % 40 > 30 && k / 40 > 20 ? 255 : 0);
        var augmentation = plain with { CropHeight = 14, CropWidth = 14, MinScale = 0.5, MaxScale = 1.5, ScaleStep = 0.5, Flip = true };
        var redrawn = new HashSet<int>();
        for (var k = 0; k < 300; k++)
        {
            var (limited, replayed) = (new KeyedRandom(7, 0, k), new KeyedRandom(7, 0, k));
            var plan = CropPlan.Choose(augmentation with { CatMaxRatio = Share }, 40, 30, ref limited, item.Labels);

            // mmsegmentation's loop, with the labels that the sampler cuts out.
            replayed.Next();
            var (draws, expected) = (0, Draw(ref replayed));
            for (; draws < 10 && !IsMixed(expected); draws++)
                expected = Draw(ref replayed);
            Assert.Equal(expected with { Flip = replayed.UpTo(1) == 1 }, plan);
            redrawn.Add(draws);

            CropPlan Draw(ref KeyedRandom random)
            {
                var y = random.UpTo(Math.Max(0, plan.ScaledHeight - 14));
                return new CropPlan(plan.ScaledWidth, plan.ScaledHeight, random.UpTo(Math.Max(0, plan.ScaledWidth - 14)), y, false);
            }
        }
        Assert.Superset(new HashSet<int> { 0, 1, 10 }, redrawn);

        bool IsMixed(CropPlan plan)
        {
            var counts = Fill(augmentation, item, plan).Labels.Where(l => l != 255).CountBy(l => l).Select(c => c.Value).ToArray();
            return counts.Length > 1 && counts.Max() / (double)counts.Sum() < Share;
        }
    }

    static double Bilinear(RgbImage image, double x, double y, int c)
    {
        x = Math.Clamp(x, 0, image.Width - 1);
        y = Math.Clamp(y, 0, image.Height - 1);
        int x0 = (int)x, y0 = (int)y, x1 = Math.Min(x0 + 1, image.Width - 1), y1 = Math.Min(y0 + 1, image.Height - 1);
        double At(int px, int py) => image.Pixels[(py * image.Width + px) * 3 + c];
        return (At(x0, y0) * (1 - (x - x0)) + At(x1, y0) * (x - x0)) * (1 - (y - y0))
            + (At(x0, y1) * (1 - (x - x0)) + At(x1, y1) * (x - x0)) * (y - y0);
    }

    [Fact]
    public void Further_channels_are_scaled_like_the_colours_which_keep_their_bits()
    {
        var item = Item(14, 10);
        var colours = item.Pixels.Bytes!;
        // The fourth channel is red again, in 16 bits each value 257 times as large.
        var bytes = colours.Chunk(3).SelectMany(p => new[] { p[0], p[1], p[2], p[0] }).ToArray();
        var four = plain with { Mean = [.. plain.Mean, plain.Mean[0]], Std = [.. plain.Std, plain.Std[0]] };
        var plan = new CropPlan(19, 12, 1, 1, true);
        var expected = Fill(plain, item, plan);
        var eight = Fill(four, item with { Pixels = new ChannelImage(14, 10, 4, bytes) }, plan);
        Assert.Equal(expected.Labels, eight.Labels);
        Assert.Equal(expected.Image, eight.Image[..expected.Image.Length]);
        Assert.Equal(expected.Image[..48], eight.Image[expected.Image.Length..]);
        var sixteen = Fill(four, item with
        {
            Pixels = new ChannelImage(14, 10, 4, Array.ConvertAll(bytes, v => (ushort)(v * 257))),
        }, plan);
        for (var k = 0; k < eight.Image.Length; k++)
            // Three float operations on values up to 65535 before they are scaled to 0 … 1 and divided by a deviation of 0.2.
            Assert.Equal(eight.Image[k], sixteen.Image[k], 1e-5);
    }

    [Fact]
    public void Colours_are_distorted_only_where_channels_are_colours() =>
        Assert.Throws<ArgumentException>(() => new Loader(new FileDataset("none", ClassList.Voc, LabelTable.Plain(21), []), plain with
        {
            Mean = [0.5, 0.5, 0.5, 0.5],
            Std = [0.25, 0.25, 0.25, 0.25],
            PhotometricDistortion = true,
        }, new LoaderOptions { BatchSize = 1 }));

    static (float[] Image, byte[] Labels) Fill(Augmentation augmentation, LabelledImage item, CropPlan plan)
    {
        var pixels = augmentation.CropHeight * augmentation.CropWidth;
        var (image, labels) = (new float[augmentation.Mean.Count * pixels], new byte[pixels]);
        var random = new KeyedRandom(1, 1, 1);
        new CropSampler(augmentation).Fill(item, plan, ref random, image, labels);
        return (image, labels);
    }

    static LabelledImage Item(int width, int height)
    {
        var random = new Random(width + height);
        var (image, labels) = (new RgbImage(width, height), new LabelMap(width, height));
        random.NextBytes(image.Pixels);
        for (var k = 0; k < labels.Labels.Length; k++)
            labels.Labels[k] = (byte)random.Next(19);
        return new LabelledImage(new Sample("x", "x.png", "x_label.png"), image, labels);
    }
}
