using Hwaso.Imaging;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Training.Tests.Tasks.Boxes;

/// <summary>Targets of mask heads against OpenCV's resizing and RoIAlign, which other tests compare with the originals.</summary>
public sealed class MaskTargetTests : TensorTest
{
    const int Height = 64, Width = 96, Side = 28;

    readonly Random random = new(5);

    [Fact]
    public void Authors_crop_whole_pixels_and_resize_them_as_OpenCV_resizes_bytes()
    {
        for (var round = 0; round < 20; round++)
        {
            var (mask, bits) = Mask();
            var box = Box(round);
            int x1 = (int)box.X1, y1 = (int)box.Y1, width = (int)box.X2 - x1 + 1, height = (int)box.Y2 - y1 + 1;
            var crop = new RgbImage(width, height);
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++)
                    crop.Pixels.AsSpan(3 * (y * width + x), 3).Fill(bits[(y1 + y) * Width + x1 + x]);
            var wanted = Resize.Bilinear(crop, Side, Side);

            Assert.Equal(Enumerable.Range(0, Side * Side).Select(k => (float)wanted.Pixels[3 * k]), Of(BoxForm.Authors, mask, box));
        }
    }

    [Theory]
    [InlineData(BoxForm.Mmdetection, RoiAlignForm.Aligned)]
    [InlineData(BoxForm.Torchvision, RoiAlignForm.Plain)]
    public void The_others_sample_the_bitmap_as_RoIAlign_does(BoxForm form, RoiAlignForm pooling)
    {
        for (var round = 0; round < 20; round++)
        {
            var (mask, bits) = Mask();
            var box = Box(round);
            using var scope = new Scope();
            var map = Tensor.From(Array.ConvertAll(bits, b => (float)b), 1, 1, Height, Width);
            var shares = RoiAlign.Apply(
                map, Tensor.From([0, box.X1, box.Y1, box.X2, box.Y2], 1, 5), 1, Side, Side, sampling: 0, pooling).ToArray<float>();
            var given = Of(form, mask, box);

            for (var k = 0; k < shares.Length; k++)
                if (form == BoxForm.Torchvision)
                    // Sums of at most a hundred products in single precision.
                    Assert.Equal(shares[k], given[k], 1e-5f);
                else if (MathF.Abs(shares[k] - 0.5f) > 1e-5f)
                    Assert.Equal(shares[k] > 0.5f ? 1 : 0, given[k]);
        }
    }

    static float[] Of(BoxForm form, ObjectMask mask, Box box)
    {
        var target = new float[Side * Side];
        MaskTargets.Of(form, mask, box, (Height, Width), Side, target);
        return target;
    }

    /// <summary>A blob with holes inside a part of the image; the same over the whole image.</summary>
    (ObjectMask Mask, byte[] Whole) Mask()
    {
        int left = random.Next(40), top = random.Next(30), width = random.Next(1, 50), height = random.Next(1, 30);
        var bits = new byte[width * height];
        for (var k = 0; k < bits.Length; k++)
            bits[k] = random.NextDouble() < 0.8 ? (byte)1 : (byte)0;
        var whole = new byte[Height * Width];
        for (var y = 0; y < height; y++)
            bits.AsSpan(y * width, width).CopyTo(whole.AsSpan((top + y) * Width + left));
        return (new ObjectMask(left, top, width, height, bits), whole);
    }

    // The first is a box of one pixel at the border.
    Box Box(int round)
    {
        if (round == 0)
            return new Box(Width - 1.3f, Height - 1.2f, Width - 1, Height - 1);
        float x = random.Next(60) + random.NextSingle(), y = random.Next(40) + random.NextSingle();
        return new Box(x, y, Math.Min(x + random.NextSingle() * 80, Width - 1), Math.Min(y + random.NextSingle() * 60, Height - 1));
    }
}
