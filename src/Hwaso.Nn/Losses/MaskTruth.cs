using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>The objects of an image: their classes, and a mask each.</summary>
/// <param name="Classes">The class of each of T objects.</param>
/// <param name="Masks">[T, H, W], 1 where the object is and 0 elsewhere.</param>
public sealed record MaskTruth(IReadOnlyList<long> Classes, Tensor Masks) : ITensors
{
    const int ByteValues = 256;

    /// <inheritdoc/>
    public IEnumerable<Tensor> All => [Masks];

    /// <summary>The objects of labelled images: a mask for each class that is in the image; ignored pixels are in none.</summary>
    /// <param name="labels">64-bit integers [N, H, W], classes or the ignored label.</param>
    /// <param name="classes">K.</param>
    /// <param name="ignoreIndex">The ignored label.</param>
    /// <exception cref="ArgumentException">Not labels, or one that is neither a class nor the ignored one.</exception>
    public static IReadOnlyList<MaskTruth> Of(Tensor labels, long classes, int ignoreIndex = 255)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Dimensions != 3 || labels.Type != ScalarType.Int64)
            throw new ArgumentException($"labels {labels}: int64[N, H, W] was wanted");
        var truths = new List<MaskTruth>();
        for (var n = 0L; n < labels.Size(0); n++)
        {
            using var scope = new Scope();
            var image = Aten.Select(labels, 0, n);
            var counts = Aten.Bincount(image.Flatten(), minlength: ByteValues).ToArray<long>();
            long[] present = [.. Enumerable.Range(0, counts.Length).Where(k => counts[k] > 0 && k != ignoreIndex).Select(k => (long)k)];
            if (present.Length > 0 && present[^1] >= classes)
                throw new ArgumentException($"label {present[^1]} is neither one of {classes} classes nor {ignoreIndex}, which is ignored");
            var masks = present.Length == 0
                ? Tensor.Zeros([0, image.Size(0), image.Size(1)], device: labels.Device)
                : Aten.Stack([.. present.Select(k => Aten.Eq(image, k).To(ScalarType.Float32))], 0);
            truths.Add(new(present, scope.Keep(masks)));
        }
        return truths;
    }

    /// <summary>The objects of images whose segments are numbered: a mask for each segment, of the class that its pixels are of.</summary>
    /// <param name="labels">64-bit integers [N, H, W], classes or the ignored label.</param>
    /// <param name="segments">Numbers [N, H, W] of 32 bits, NaN where there is no segment.</param>
    /// <param name="classes">K.</param>
    /// <param name="ignoreIndex">The ignored label.</param>
    /// <exception cref="ArgumentException">Not labels, or one that is neither a class nor the ignored one.</exception>
    public static IReadOnlyList<MaskTruth> Of(Tensor labels, Tensor segments, long classes, int ignoreIndex = 255)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(segments);
        if (labels.Dimensions != 3 || labels.Type != ScalarType.Int64 || segments.Type != ScalarType.Float32
            || !segments.Shape.SequenceEqual(labels.Shape))
            throw new ArgumentException($"labels {labels} and segments {segments}: int64[N, H, W] and float32[N, H, W] were wanted");
        var truths = new List<MaskTruth>();
        for (var n = 0L; n < labels.Size(0); n++)
        {
            using var scope = new Scope();
            var (image, numbers) = (Aten.Select(labels, 0, n), Aten.Select(segments, 0, n));
            var (known, own) = (image.Contiguous().ToArray<long>(), numbers.Contiguous().ToArray<float>());
            var classOf = new SortedDictionary<float, long>();
            for (var p = 0; p < own.Length; p++)
                if (!float.IsNaN(own[p]) && known[p] != ignoreIndex)
                    classOf.TryAdd(own[p], known[p]);
            if (classOf.Values.FirstOrDefault(k => k < 0 || k >= classes) is not 0 and var stray)
                throw new ArgumentException($"label {stray} is neither one of {classes} classes nor {ignoreIndex}, which is ignored");
            var counted = Aten.Ne(image, ignoreIndex).To(ScalarType.Float32);
            var masks = classOf.Count == 0
                ? Tensor.Zeros([0, image.Size(0), image.Size(1)], device: labels.Device)
                : Aten.Stack([.. classOf.Keys.Select(id => Aten.Eq(numbers, id).To(ScalarType.Float32) * counted)], 0);
            truths.Add(new([.. classOf.Values], scope.Keep(masks)));
        }
        return truths;
    }
}
