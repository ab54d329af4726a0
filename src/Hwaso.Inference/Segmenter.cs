using Hwaso.Imaging;
using Hwaso.Models;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference;

/// <summary>Labels images with a network: whole or by windows, at several scales, mirrored too, at whichever size is wanted.</summary>
/// <param name="net">The network; put into evaluation mode.</param>
/// <param name="normalisation">What its inputs went through in training.</param>
/// <param name="options">How it is asked.</param>
public sealed class Segmenter(SegmentationNet net, Normalisation normalisation, InferenceOptions options)
{
    readonly bool alignCorners = options.AlignCorners ?? net.AlignCorners;

    /// <summary>The class of every pixel, at the image's own size or another.</summary>
    /// <param name="image">The image.</param>
    /// <param name="height">Height of the result; the image's by default.</param>
    /// <param name="width">Width of the result; the image's by default.</param>
    /// <exception cref="TorchException">The network refuses, or there is too little memory.</exception>
    public LabelMap Label(RgbImage image, int? height = null, int? width = null)
    {
        net.Eval();
        using var scope = new Scope();
        using var off = new NoGrad();
        var (h, w) = (height ?? image.Height, width ?? image.Width);
        var scores = Scores(normalisation.ToTensor(image, net.Weights.Device), h, w);
        var labels = Aten.To(scores.ArgMax(1), ScalarType.UInt8, Device.Cpu);
        return new LabelMap(w, h, labels.Contiguous().Span<byte>().ToArray());
    }

    /// <summary>Class scores [1, K, height, width]: logits for one whole view, sums of whatever is summed for several.</summary>
    Tensor Scores(Tensor x, int height, int width)
    {
        if (options.Size is { } size)
            x = x.ResizeBilinear(size.Height, size.Width);
        if (options is { Scales: [1], Flip: false, Crop: null, LongSide: null, ShortSide: null, Sum: ViewSum.Softmax })
            return Resized(Logits(x), height, width);
        // The softmax of one map changes nobody's place; where the map is of a large image it would take as much memory again.
        if (options is { Scales: [var only], Sum: ViewSum.Softmax })
            return Resized(AtScale(x, only), height, width);
        Tensor? sum = null;
        foreach (var scale in options.Scales)
        {
            using var scope = new Scope();
            var one = options.Sum switch
            {
                ViewSum.Softmax => Resized(AtScale(x, scale), height, width).Softmax(1),
                ViewSum.SoftmaxOfEach => Mirrored(Scaled(x, scale), view => Resized(InWindows(view, scale, AtOwnSize), height, width).Softmax(1)),
                _ => Resized(InWindows(Scaled(x, scale), scale, window => Aten.Exp(Mirrored(window, AtOwnSize))), height, width),
            };
            sum = scope.Keep(sum is null ? one : sum + one);
        }
        return sum!;
    }

    /// <summary>Logits of a scale at its own size, averaged with the mirrored view's if asked.</summary>
    Tensor AtScale(Tensor x, double scale) => Mirrored(Scaled(x, scale), view => InWindows(view, scale, AtOwnSize));

    Tensor Scaled(Tensor x, double scale)
    {
        var (height, width) = options.SizeAt(x.Size(2), x.Size(3), scale);
        return height == x.Size(2) && width == x.Size(3) ? x : x.ResizeBilinear(height, width);
    }

    /// <summary>What is asked of an image, averaged with what its mirror image answers if that is wanted.</summary>
    Tensor Mirrored(Tensor x, Func<Tensor, Tensor> ask)
    {
        var straight = ask(x);
        return options.Flip ? (straight + Unmirrored(Aten.Flip(ask(Aten.Flip(x, [3])), [3]))) * 0.5 : straight;
    }

    // In the mirrored image a left arm is a right one.
    Tensor Unmirrored(Tensor scores)
    {
        if (options.FlipPairs.Count == 0)
            return scores;
        var order = Enumerable.Range(0, net.Classes).Select(k => (long)k).ToArray();
        foreach (var (left, right) in options.FlipPairs)
            (order[left], order[right]) = (right, left);
        return Aten.IndexSelect(scores, 1, Tensor.From(order, order.Length).To(scores.Device));
    }

    /// <summary>The answers of all windows, averaged where they overlap; the whole image's where it is one window.</summary>
    Tensor InWindows(Tensor x, double scale, Func<Tensor, Tensor> ask)
    {
        var (height, width) = (x.Size(2), x.Size(3));
        if (options.Crop is not { } crop || scale <= options.WholeUpTo)
            return ask(x);
        if (options.PadToCrop && (crop.Height > height || crop.Width > width))
            return Windows.Of(Slid(Padded(x, Math.Max(crop.Height, height), Math.Max(crop.Width, width)), crop, ask), 0, 0, height, width);
        return Slid(x, crop, ask);
    }

    Tensor Slid(Tensor x, SizePx crop, Func<Tensor, Tensor> ask)
    {
        var (height, width) = (x.Size(2), x.Size(3));
        if (crop.Height >= height && crop.Width >= width)
            return ask(x);
        var stride = options.Stride ?? new SizePx(Math.Max(1, crop.Height * 2 / 3), Math.Max(1, crop.Width * 2 / 3));
        var (windowHeight, windowWidth) = (Math.Min(crop.Height, height), Math.Min(crop.Width, width));
        var sum = Aten.Zeros([x.Size(0), net.Classes, height, width], x.Type, x.Device);
        var count = Aten.Zeros([1, 1, height, width], x.Type, x.Device);
        foreach (var top in Windows.Starts(height, windowHeight, stride.Height))
            foreach (var left in Windows.Starts(width, windowWidth, stride.Width))
            {
                using var scope = new Scope();
                var answer = ask(Windows.Of(x, top, left, windowHeight, windowWidth).Contiguous());
                Aten.Add_(Windows.Of(sum, top, left, windowHeight, windowWidth), answer);
                var counted = Windows.Of(count, top, left, windowHeight, windowWidth);
                Aten.Copy_(counted, counted + 1);
            }
        Aten.Call("aten::div_.Tensor", sum, count);
        return sum;
    }

    /// <summary>An image with black to its right and below, as it is after normalisation.</summary>
    Tensor Padded(Tensor x, long height, long width)
    {
        var black = Tensor.From([.. normalisation.Mean.Zip(normalisation.Deviation, (mean, deviation) => (float)(-mean / deviation))], 1, 3, 1, 1).To(x.Device);
        var padded = Aten.Clone(Aten.Expand(black, [x.Size(0), 3, height, width]), MemoryFormat.Contiguous);
        Aten.Copy_(Windows.Of(padded, 0, 0, x.Size(2), x.Size(3)), x);
        return padded;
    }

    Tensor AtOwnSize(Tensor x) => Resized(Logits(x), x.Size(2), x.Size(3));

    Tensor Logits(Tensor x) => net.Call(x.Contiguous(MemoryFormat.ChannelsLast));

    Tensor Resized(Tensor scores, long height, long width) =>
        scores.Size(2) == height && scores.Size(3) == width ? scores : scores.ResizeBilinear(height, width, alignCorners);
}
