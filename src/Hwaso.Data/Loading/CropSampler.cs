using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hwaso.Imaging;

namespace Hwaso.Data.Loading;

/// <summary>
/// Scales, crops, mirrors, pads and normalises in one pass: only the crop's own pixels of the scaled image are computed.
/// Bilinear for images, nearest for labels and depth, with OpenCV's pixel centres (INTER_LINEAR, INTER_NEAREST). One instance a thread.
/// </summary>
public sealed class CropSampler
{
    readonly Augmentation augmentation;
    readonly int channels;
    readonly float[] scale, scale16, shift;
    readonly float[] upper, lower;
    readonly int[] left, right, nearest;
    readonly float[] weight;
    readonly byte[]? mirrored;
    int upperRow = -1, lowerRow = -1;

    /// <summary>Room for crops of the augmentation's size.</summary>
    /// <param name="augmentation">The transforms of each image.</param>
    /// <param name="flipPairs">Classes that change places where an image is mirrored, as <see cref="ClassList.FlipPairs"/>.</param>
    public CropSampler(Augmentation augmentation, IReadOnlyList<(byte Left, byte Right)>? flipPairs = null)
    {
        this.augmentation = augmentation;
        mirrored = MirroredLabels(flipPairs);
        var width = augmentation.CropWidth;
        channels = augmentation.Mean.Count;
        (scale, scale16, shift) = (new float[channels], new float[channels], new float[channels]);
        (upper, lower) = (new float[channels * width], new float[channels * width]);
        (left, right, nearest, weight) = (new int[width], new int[width], new int[width], new float[width]);
        for (var c = 0; c < channels; c++)
        {
            scale[c] = (float)(1 / (255 * augmentation.Std[c]));
            scale16[c] = (float)(1 / (65535 * augmentation.Std[c]));
            shift[c] = (float)(-augmentation.Mean[c] / augmentation.Std[c]);
        }
    }

    /// <summary>Fills one image of a batch.</summary>
    /// <param name="item">The image, of as many channels as the augmentation has means, and its labels.</param>
    /// <param name="plan">The choices made for it.</param>
    /// <param name="random">Random numbers for photometric distortion.</param>
    /// <param name="image">C × crop height × crop width, normalised; padding is black before normalisation, as in the official
    /// code.</param>
    /// <param name="labels">crop height × crop width; padding is ignored.</param>
    /// <param name="depth">crop height × crop width, NaN in the padding; empty where the item has none.</param>
    public void Fill(LabelledImage item, in CropPlan plan, ref KeyedRandom random,
        Span<float> image, Span<byte> labels, Span<float> depth = default)
    {
        int width = augmentation.CropWidth, height = augmentation.CropHeight, plane = width * height;
        var inside = Math.Min(width, plan.ScaledWidth - plan.X);
        var insideRows = Math.Min(height, plan.ScaledHeight - plan.Y);
        // A mirrored crop has its padding on the left: the official code mirrors after padding.
        var first = plan.Flip ? width - inside : 0;
        PlanColumns(item.Pixels.Width, plan, inside);
        var source = item.Pixels;
        if (source.Channels != channels)
            throw new ArgumentException($"{item.Sample.ImagePath}: has {source.Channels} channels, {channels} were wanted", nameof(item));
        var scales = source.Words is null ? scale : scale16;
        (upperRow, lowerRow) = (-1, -1);
        var tint = augmentation.PhotometricDistortion ? Photometric.Choose(ref random) : default;
        var ratioY = (double)item.Pixels.Height / plan.ScaledHeight;
        for (var y = 0; y < height; y++)
        {
            var labelRow = labels.Slice(y * width, width);
            Span<float> depthRow = depth.IsEmpty ? default : depth.Slice(y * width, width);
            if (y >= insideRows)
            {
                for (var c = 0; c < channels; c++)
                    image.Slice(c * plane + y * width, width).Fill(shift[c]);
                labelRow.Fill(ClassList.Ignore);
                depthRow.Fill(float.NaN);
                continue;
            }
            var (top, bottom, share) = Neighbours(y + plan.Y, ratioY, item.Pixels.Height);
            Rows(source, top, bottom, inside);
            for (var c = 0; c < channels; c++)
            {
                var row = image.Slice(c * plane + y * width, width);
                row[..first].Fill(shift[c]);
                row[(first + inside)..].Fill(shift[c]);
                Blend(upper.AsSpan(c * width, inside), lower.AsSpan(c * width, inside), row.Slice(first, inside), share);
            }
            if (augmentation.PhotometricDistortion)
                tint.Apply(image.Slice(y * width + first, inside), image.Slice(plane + y * width + first, inside),
                    image.Slice(2 * plane + y * width + first, inside));
            for (var c = 0; c < channels; c++)
                Normalise(image.Slice(c * plane + y * width + first, inside), scales[c], shift[c]);

            labelRow[..first].Fill(ClassList.Ignore);
            labelRow[(first + inside)..].Fill(ClassList.Ignore);
            var start = Math.Min((int)((y + plan.Y) * ratioY), item.Labels.Height - 1) * item.Labels.Width;
            var labelSource = item.Labels.Labels.AsSpan(start, item.Labels.Width);
            for (var x = 0; x < inside; x++)
                labelRow[first + x] = labelSource[nearest[x]];
            if (plan.Flip && mirrored is not null)
                foreach (ref var label in labelRow.Slice(first, inside))
                    label = mirrored[label];
            if (depthRow.IsEmpty)
                continue;
            depthRow.Fill(float.NaN);
            var depthSource = item.Depth!.Values.AsSpan(start, item.Labels.Width);
            for (var x = 0; x < inside; x++)
                depthRow[first + x] = depthSource[nearest[x]];
        }
    }

    static byte[]? MirroredLabels(IReadOnlyList<(byte Left, byte Right)>? pairs)
    {
        if (pairs is null or [])
            return null;
        var labels = Enumerable.Range(0, 256).Select(v => (byte)v).ToArray();
        foreach (var (left, right) in pairs)
            (labels[left], labels[right]) = (right, left);
        return labels;
    }

    void PlanColumns(int sourceWidth, in CropPlan plan, int inside)
    {
        var ratio = (double)sourceWidth / plan.ScaledWidth;
        for (var x = 0; x < inside; x++)
        {
            var at = plan.X + (plan.Flip ? inside - 1 - x : x);
            var (l, r, share) = Neighbours(at, ratio, sourceWidth);
            (left[x], right[x], weight[x]) = (channels * l, channels * r, share);
            nearest[x] = Math.Min((int)(at * ratio), sourceWidth - 1);
        }
    }

    /// <summary>The two source pixels around a target pixel's centre, and the share of the second.</summary>
    static (int First, int Second, float Share) Neighbours(int at, double ratio, int length)
    {
        var centre = (at + 0.5) * ratio - 0.5;
        var first = (int)Math.Floor(centre);
        var share = (float)(centre - first);
        if (first < 0)
            return (0, 0, 0);
        return first >= length - 1 ? (length - 1, length - 1, 0) : (first, first + 1, share);
    }

    /// <summary>
    /// Fills <see cref="upper"/> and <see cref="lower"/> with the two source rows, scaled horizontally; often one of them is already in
    /// place.
    /// </summary>
    void Rows(ChannelImage source, int top, int bottom, int inside)
    {
        if (upperRow != top)
        {
            if (lowerRow == top)
                lower.AsSpan().CopyTo(upper);
            else
                Row(source, top, upper, inside);
            upperRow = top;
        }
        if (lowerRow != bottom)
        {
            if (upperRow == bottom)
                upper.AsSpan().CopyTo(lower);
            else
                Row(source, bottom, lower, inside);
            lowerRow = bottom;
        }
    }

    void Row(ChannelImage source, int row, float[] target, int inside)
    {
        var (start, length) = (row * source.Width * channels, source.Width * channels);
        if (source.Words is { } words)
            Row(words.AsSpan(start, length), target, inside);
        else if (channels == 3)
            Colours(source.Bytes.AsSpan(start, length), target, inside);
        else
            Row<byte>(source.Bytes.AsSpan(start, length), target, inside);
    }

    void Row<T>(ReadOnlySpan<T> source, float[] target, int inside) where T : unmanaged, INumberBase<T>
    {
        var width = augmentation.CropWidth;
        for (var x = 0; x < inside; x++)
            for (var c = 0; c < channels; c++)
            {
                float a = float.CreateTruncating(source[left[x] + c]), b = float.CreateTruncating(source[right[x] + c]);
                target[c * width + x] = a + (b - a) * weight[x];
            }
    }

    // The same for three bytes a pixel, whose loop the compiler unrolls.
    void Colours(ReadOnlySpan<byte> source, float[] target, int inside)
    {
        var width = augmentation.CropWidth;
        ref var pixels = ref MemoryMarshal.GetReference(source);
        for (var x = 0; x < inside; x++)
        {
            int l = left[x], r = right[x];
            var share = weight[x];
            for (var c = 0; c < 3; c++)
            {
                float a = Unsafe.Add(ref pixels, l + c), b = Unsafe.Add(ref pixels, r + c);
                target[c * width + x] = a + (b - a) * share;
            }
        }
    }

    static void Blend(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, Span<float> target, float share)
    {
        var x = 0;
        for (var shares = new Vector<float>(share); x <= target.Length - Vector<float>.Count; x += Vector<float>.Count)
        {
            var a = new Vector<float>(upper[x..]);
            (a + (new Vector<float>(lower[x..]) - a) * shares).CopyTo(target[x..]);
        }
        for (; x < target.Length; x++)
            target[x] = upper[x] + (lower[x] - upper[x]) * share;
    }

    static void Normalise(Span<float> row, float scale, float shift)
    {
        var x = 0;
        for (Vector<float> scales = new(scale), shifts = new(shift); x <= row.Length - Vector<float>.Count; x += Vector<float>.Count)
            (new Vector<float>(row[x..]) * scales + shifts).CopyTo(row[x..]);
        for (; x < row.Length; x++)
            row[x] = row[x] * scale + shift;
    }
}
