using Hwaso.Imaging;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Inference.Explaining;

/// <summary>Views of attention as pictures over their image.</summary>
public static class AttentionPicture
{
    const double Share = 0.6;
    const int LeastStripHeight = 32;

    /// <summary>
    /// A map as heat over the image, its least value dark blue and its greatest yellow; weights of channels as a strip of bars from 0.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="view">The view to draw.</param>
    /// <param name="at">A pixel to mark, or null.</param>
    public static RgbImage Of(RgbImage image, AttentionView view, (int X, int Y)? at = null)
    {
        if (view.IsChannels)
            return Bars(view.Values, image.Width, Math.Max(LeastStripHeight, image.Height / 4));
        using var scope = new Scope();
        var values = Tensor.From(view.Values, 1, 1, view.Height, view.Width).ResizeBilinear(image.Height, image.Width).ToArray<float>();
        var heat = HeatMap.Render(values, image.Width, image.Height);
        for (var k = 0; k < heat.Pixels.Length; k++)
            heat.Pixels[k] = (byte)Math.Round(Share * heat.Pixels[k] + (1 - Share) * image.Pixels[k]);
        if (at is { } pixel)
            Mark(heat, pixel.X, pixel.Y);
        return heat;
    }

    static RgbImage Bars(float[] weights, int width, int height)
    {
        var strip = new RgbImage(width, height);
        Array.Fill(strip.Pixels, (byte)245);
        var colors = HeatMap.Render(weights, weights.Length, 1, 0, Math.Max(weights.Max(), 1e-9f));
        var most = Math.Max(weights.Max(), 1e-9f);
        for (var x = 0; x < width; x++)
        {
            var channel = (int)((long)x * weights.Length / width);
            var bar = (int)Math.Round(Math.Max(weights[channel], 0) / most * height);
            for (var y = height - bar; y < height; y++)
                colors.Pixels.AsSpan(3 * channel, 3).CopyTo(strip.Pixels.AsSpan(3 * (y * width + x)));
        }
        return strip;
    }

    // A white cross with a black rim: seen on any colour.
    static void Mark(RgbImage image, int x, int y)
    {
        var arm = Math.Max(4, Math.Min(image.Width, image.Height) / 40);
        foreach (var (thick, value) in new[] { (2, (byte)0), (1, (byte)255) })
            for (var along = -arm; along <= arm; along++)
                for (var across = 1 - thick; across < thick; across++)
                    foreach (var (px, py) in new[] { (x + along, y + across), (x + across, y + along) })
                        if (px >= 0 && py >= 0 && px < image.Width && py < image.Height)
                            image.Pixels.AsSpan(3 * (py * image.Width + px), 3).Fill(value);
    }
}
