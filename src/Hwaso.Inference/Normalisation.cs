using System.Text.Json;
using Hwaso.Common;
using Hwaso.Imaging;
using Hwaso.Recipes;
using Hwaso.Runtime.Format;
using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>(value / greatest value − mean) / deviation of each channel; the greatest value of 8 bits is 255, of 16 bits 65535.</summary>
/// <param name="Mean">A mean in 0 … 1 for each channel.</param>
/// <param name="Deviation">A deviation above 0 for each channel.</param>
public sealed record Normalisation(IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    /// <summary>ImageNet's, which official weights expect.</summary>
    public static Normalisation ImageNet => new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    /// <summary>The usual one of images of so many channels: ImageNet's for colours and gray.</summary>
    public static Normalisation Usual(int channels) => new(AugmentRecipe.MeanOf(channels), AugmentRecipe.StdOf(channels));

    /// <summary>C.</summary>
    public int Channels => Mean.Count;

    /// <summary>An image as a network's input [1, C, H, W].</summary>
    /// <exception cref="ArgumentException">The image has another number of channels.</exception>
    public Tensor ToTensor(ChannelImage image, Device device)
    {
        if (image.Channels != Channels)
            throw new ArgumentException($"an image of {image.Channels} channels; the network takes {Channels}", nameof(image));
        using var scope = new Scope();
        var tensor = Tensor.Empty([1, Channels, image.Height, image.Width]);
        Fill(image, tensor.Span<float>());
        return scope.Keep(tensor.To(device));
    }

    /// <summary>An image as a network's input: C × height × width numbers.</summary>
    internal void Fill(ChannelImage image, Span<float> values)
    {
        var (pixels, channels) = (image.Height * image.Width, Channels);
        var levels = image.Words is null ? 1 << 8 : 1 << 16;
        var table = new float[levels];
        for (var c = 0; c < channels; c++)
        {
            for (var v = 0; v < levels; v++)
                table[v] = (float)((v / (levels - 1.0) - Mean[c]) / Deviation[c]);
            var plane = values.Slice(c * pixels, pixels);
            if (image.Words is { } words)
                for (int k = 0, from = c; k < plane.Length; k++, from += channels)
                    plane[k] = table[words[from]];
            else
            {
                var bytes = image.Bytes!;
                for (int k = 0, from = c; k < plane.Length; k++, from += channels)
                    plane[k] = table[bytes[from]];
            }
        }
    }

    /// <summary>The normalisation that an exported network of colour images says of itself.</summary>
    /// <param name="metadata">The file's texts.</param>
    /// <param name="place">The file, for errors.</param>
    /// <exception cref="ModelFormatException">The texts are missing, or are not three numbers each.</exception>
    internal static Normalisation OfExported(IReadOnlyDictionary<string, string> metadata, string place)
    {
        return new Normalisation(Numbers(ModelMetadata.Mean), Numbers(ModelMetadata.Deviation));

        double[] Numbers(string key)
        {
            try
            {
                if (metadata.TryGetValue(key, out var text) && JsonSerializer.Deserialize<double[]>(text) is [_, _, _] numbers)
                    return numbers;
            }
            catch (JsonException)
            {
                // Reported below.
            }
            throw new ModelFormatException(place, $"metadata {key} is not three numbers; export the network with Hwaso");
        }
    }
}
