using Hwaso.Imaging;
using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>(value / 255 − mean) / deviation of red, green and blue.</summary>
/// <param name="Mean">Three means in 0 … 1.</param>
/// <param name="Deviation">Three deviations above 0.</param>
public sealed record Normalisation(IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    /// <summary>ImageNet's, which official weights expect.</summary>
    public static Normalisation ImageNet => new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    /// <summary>An image as a network's input [1, 3, H, W].</summary>
    public Tensor ToTensor(RgbImage image, Device device)
    {
        var pixels = image.Height * image.Width;
        using var scope = new Scope();
        var tensor = Tensor.Empty([1, 3, image.Height, image.Width]);
        var values = tensor.Span<float>();
        Span<float> table = stackalloc float[3 * 256];
        for (var c = 0; c < 3; c++)
            for (var v = 0; v < 256; v++)
                table[c * 256 + v] = (float)((v / 255.0 - Mean[c]) / Deviation[c]);
        var source = image.Pixels;
        for (var c = 0; c < 3; c++)
        {
            var plane = values.Slice(c * pixels, pixels);
            for (int k = 0, from = c; k < plane.Length; k++, from += 3)
                plane[k] = table[c * 256 + source[from]];
        }
        return scope.Keep(tensor.To(device));
    }
}
