// The decoders of segmentation_models.pytorch, over any encoder. Key names follow it: encoder, decoder, segmentation_head.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>A decoder over an encoder's maps: which maps it asks for, and what it builds on them.</summary>
public abstract record PyramidDecoder
{
    /// <summary>Pixels of the image to one of the encoder's last map: 32, or 16 or 8 by dilation.</summary>
    public abstract int OutputStride { get; }

    /// <summary>How often the encoder's maps that it uses halve the image, 3 to 5.</summary>
    public abstract int Depth { get; init; }

    /// <summary>Side of the kernel of the convolution behind it that answers with classes.</summary>
    public abstract int HeadKernel { get; }

    /// <summary>Channels of its features.</summary>
    public abstract int Features { get; }

    /// <summary>Its settings.</summary>
    public abstract Settings<PyramidDecoder> Settings { get; }

    /// <summary>Builds it: the image and the maps, finest first, to features [N, C, h, w].</summary>
    /// <param name="w">Its place.</param>
    /// <param name="channels">Of the maps that halve the image once, twice, …; 0 for a map that the encoder does not have, which is
    /// left out of what is decoded.</param>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public abstract Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels);

    /// <summary>A setting <c>channels</c> or the like of a decoder's own record, as one of every decoder's.</summary>
    protected static Settings<PyramidDecoder> Own<T>(Settings<T> settings)
        where T : PyramidDecoder => new Settings<PyramidDecoder>().Include(d => (T)d, (_, d) => d, settings);

    /// <summary>Refuses an encoder that lacks a map.</summary>
    /// <exception cref="ArgumentException">It does.</exception>
    protected static void AskForEvery(Weights w, IReadOnlyList<int> channels)
    {
        if (channels.Contains(0))
            throw new ArgumentException(
                $"{w.Path}: the encoder has no map at half the image's size; choose one that has, such as resnet34");
    }
}

/// <summary>A convolution, batch norm and ReLU, numbered 0, 1, 2.</summary>
static class ConvNormRelu
{
    public static Sequential Build(Weights w, int cin, int cout, int kernel, int stride = 1) => new(w,
        p => new Conv2d(p, cin, cout, kernel, stride),
        p => new BatchNorm2d(p, cout),
        p => new ReLU(p));
}
