using Hwaso.Imaging;
using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference;

/// <summary>Segmentation on libtorch: whole or by windows, at several scales, mirrored too, at whichever size is wanted.</summary>
/// <param name="net">The network; put into evaluation mode.</param>
/// <param name="normalisation">The normalisation of its images in training.</param>
/// <param name="views">How it looks at an image.</param>
/// <param name="threshold">The probability above which a pixel is of class 1, for a network of one output channel.</param>
/// <param name="owner">Disposed with this; null where the network is the caller's.</param>
sealed class TorchSegmentation(SegmentationNet net, Normalisation normalisation, Views views, double threshold, IDisposable? owner)
    : ISegmentation
{
    readonly bool hasOneChannel = net.Classes == ModelRecipe.OneChannel;
    readonly bool alignCorners = views.AlignCorners ?? net.AlignCorners;

    public string Engine => "libtorch";

    public int? ClassCount => Classes;

    int Classes => hasOneChannel ? TwoClassLoss.Classes : net.Classes;

    public IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; set; } = views.FlipPairs;

    public int Channels => normalisation.Channels;

    public LabelMap Segment(ChannelImage image, int height, int width, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        net.Eval();
        using var scope = new Scope();
        using var off = new NoGrad();
        var scores = Scores(normalisation.ToTensor(image, net.Weights.Device), height, width);
        var labels = Aten.To(Best(scores), ScalarType.UInt8, Device.Cpu);
        return new LabelMap(width, height, labels.Contiguous().Span<byte>().ToArray());
    }

    public void Dispose() => owner?.Dispose();

    /// <summary>
    /// The class of each pixel [1, H, W]: that of the greatest score, or class 1 where its probability passes the threshold.
    /// </summary>
    Tensor Best(Tensor scores)
    {
        if (!hasOneChannel || threshold == LoadedModel.UsualThreshold)
            return scores.ArgMax(1);
        var (first, second) = (Aten.Select(scores, 1, 0), Aten.Select(scores, 1, 1));
        // A single scale leaves logits; several leave sums of what is in proportion to probabilities.
        return views is { Scales: [_], Sum: ViewSum.Softmax }
            ? Aten.Gt(second - first, Math.Log(threshold / (1 - threshold)))
            : Aten.Gt((second * (1 - threshold)) - (first * threshold), 0.0);
    }

    /// <summary>Class scores [1, K, height, width]: logits for one whole view, sums of exponentials or softmaxes for several.</summary>
    Tensor Scores(Tensor x, int height, int width)
    {
        if (views.Size is { } size)
            x = x.ResizeBilinear(size.Height, size.Width);
        if (views is { Scales: [1], Flip: false, Crop: null, LongSide: null, ShortSide: null, Sum: ViewSum.Softmax })
            return Resized(Logits(x), height, width);
        // The softmax of one map leaves the greatest score the greatest; of a large image it would take as much memory again.
        if (views is { Scales: [var only], Sum: ViewSum.Softmax })
            return Resized(AtScale(x, only), height, width);
        Tensor? sum = null;
        foreach (var scale in views.Scales)
        {
            using var scope = new Scope();
            var one = views.Sum switch
            {
                ViewSum.Softmax => Resized(AtScale(x, scale), height, width).Softmax(1),
                ViewSum.SoftmaxOfEach => Mirrored(
                    Scaled(x, scale), view => Resized(InWindows(view, scale, AtOwnSize), height, width).Softmax(1)),
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
        var (height, width) = views.SizeAt(x.Size(2), x.Size(3), scale);
        return height == x.Size(2) && width == x.Size(3) ? x : x.ResizeBilinear(height, width);
    }

    /// <summary>The answer to an image, averaged with the mirrored answer to its mirror image where that is wanted.</summary>
    Tensor Mirrored(Tensor x, Func<Tensor, Tensor> ask)
    {
        var straight = ask(x);
        return views.Flip ? (straight + Unmirrored(Aten.Flip(ask(Aten.Flip(x, [3])), [3]))) * 0.5 : straight;
    }

    // In the mirrored image a left arm is a right one.
    Tensor Unmirrored(Tensor scores)
    {
        if (FlipPairs.Count == 0)
            return scores;
        var order = Enumerable.Range(0, Classes).Select(k => (long)k).ToArray();
        foreach (var (left, right) in FlipPairs)
            (order[left], order[right]) = (right, left);
        return Aten.IndexSelect(scores, 1, Tensor.From(order, order.Length).To(scores.Device));
    }

    /// <summary>The answers of all windows, averaged where they overlap; the whole image's where it is one window.</summary>
    Tensor InWindows(Tensor x, double scale, Func<Tensor, Tensor> ask)
    {
        var (height, width) = (x.Size(2), x.Size(3));
        if (views.Crop is not { } crop || scale <= views.WholeUpTo)
            return ask(x);
        if (!views.PadToCrop || (crop.Height <= height && crop.Width <= width))
            return Slid(x, crop, ask);
        var padded = Padded(x, Math.Max(crop.Height, height), Math.Max(crop.Width, width));
        return Windows.Of(Slid(padded, crop, ask), 0, 0, height, width);
    }

    Tensor Slid(Tensor x, SizePx crop, Func<Tensor, Tensor> ask) =>
        Windows.Average(x, crop, views.Stride ?? Windows.UsualStep(crop), Classes, ask);

    /// <summary>An image with black to its right and below, as it is after normalisation.</summary>
    Tensor Padded(Tensor x, long height, long width)
    {
        float[] values = [.. normalisation.Mean.Zip(normalisation.Deviation, (mean, deviation) => (float)(-mean / deviation))];
        var black = Tensor.From(values, 1, Channels, 1, 1).To(x.Device);
        var padded = Aten.Clone(Aten.Expand(black, [x.Size(0), Channels, height, width]), MemoryFormat.Contiguous);
        Aten.Copy_(Windows.Of(padded, 0, 0, x.Size(2), x.Size(3)), x);
        return padded;
    }

    Tensor AtOwnSize(Tensor x) => Resized(Logits(x), x.Size(2), x.Size(3));

    /// <summary>The network's scores of an image; at the image's own size where it had to be padded.</summary>
    Tensor Logits(Tensor x)
    {
        try
        {
            return Ask(x);
        }
        catch (SmallImageException small)
        {
            var least = views.PadSmallTo ?? new SizePx(small.Least, small.Least);
            var (height, width) = (Math.Max(least.Height, small.Least), Math.Max(least.Width, small.Least));
            var padded = Padded(x, Math.Max(height, x.Size(2)), Math.Max(width, x.Size(3)));
            var scores = Resized(Ask(padded), padded.Size(2), padded.Size(3));
            return Windows.Of(scores, 0, 0, x.Size(2), x.Size(3));
        }
    }

    // Both classes of a single channel have scores from here on, so that every way of summing views holds for them.
    Tensor Ask(Tensor x)
    {
        var answer = net.Call(x.Contiguous(MemoryFormat.ChannelsLast));
        return hasOneChannel ? TwoClassLoss.Logits(answer) : answer;
    }

    Tensor Resized(Tensor scores, long height, long width) =>
        scores.Size(2) == height && scores.Size(3) == width ? scores : scores.ResizeBilinear(height, width, alignCorners);
}
