namespace Hwaso.Nn.Boxes;

/// <summary>Which of a box head's answers are detections.</summary>
public sealed record DetectionLimits
{
    /// <summary>The least score, exclusive.</summary>
    public float Score { get; init; } = 0.05f;

    /// <summary>Largest intersection over union of two detections of a class.</summary>
    public double Threshold { get; init; } = 0.5;

    /// <summary>Detections of an image.</summary>
    public int Kept { get; init; } = 100;

    /// <summary>The shortest side in pixels; torchvision's form alone.</summary>
    public float MinSide { get; init; } = 1e-2f;
}

/// <summary>From a box head's class scores and differences to the detections of an image.</summary>
public static class DetectionSelection
{
    /// <summary>The detections in the order of the form's original.</summary>
    /// <param name="form">Whose conventions; also which column is the background's.</param>
    /// <param name="proposals">n boxes.</param>
    /// <param name="logits">[n, K + 1].</param>
    /// <param name="deltas">[n, 4·K], [n, 4·(K + 1)] where the background has a column, or [n, 4] without classes.</param>
    /// <param name="limits">Which are detections.</param>
    /// <param name="size">Height and width of the image without its padding.</param>
    /// <param name="scaleX">What the boxes' x is divided by in the end, to lie in the stored image.</param>
    /// <param name="scaleY">What their y is divided by.</param>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public static Detection[] Of(
        BoxForm form, ReadOnlySpan<Box> proposals, ReadOnlySpan<float> logits, ReadOnlySpan<float> deltas, DetectionLimits limits,
        (int Height, int Width) size, float scaleX = 1, float scaleY = 1)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (proposals.Length == 0)
            return [];
        int columns = logits.Length / proposals.Length, differences = deltas.Length / proposals.Length / 4;
        if (logits.Length != columns * proposals.Length || columns < 2 || deltas.Length != 4 * differences * proposals.Length
            || (differences != 1 && differences != columns && differences != columns - 1))
            throw new ArgumentException(
                $"{logits.Length} class scores and {deltas.Length} differences for {proposals.Length} proposals: [n, K + 1] and [n, 4·K], "
                + "[n, 4·(K + 1)] or [n, 4] were wanted");
        var coder = BoxCoder.Head(form);
        List<Detection> found = [];
        var shares = new float[columns];
        for (var n = 0; n < proposals.Length; n++)
        {
            Softmax(logits.Slice(n * columns, columns), shares);
            for (var column = 0; column < columns; column++)
            {
                var label = form.BackgroundLast ? column : column - 1;
                if (label < 0 || label == columns - 1 || !(shares[column] > limits.Score))
                    continue;
                var at = differences == 1 ? 0 : differences == columns ? column : label;
                var box = coder.Decode(proposals[n], deltas.Slice(4 * (n * differences + at), 4), size);
                if (form == BoxForm.Torchvision && !(box.X2 - box.X1 >= limits.MinSide && box.Y2 - box.Y1 >= limits.MinSide))
                    continue;
                // torchvision scales after it has chosen; the others before.
                found.Add(new Detection(form == BoxForm.Torchvision ? box : Divided(box, scaleX, scaleY), shares[column], label));
            }
        }
        return form switch
        {
            BoxForm.Authors => ByClass(found, limits),
            BoxForm.Torchvision => [.. Over(found, limits).Select(d => d with { Box = Divided(d.Box, scaleX, scaleY) })],
            _ => [.. Over(found, limits)],
        };
    }

    /// <summary>Class by class; sorted by score only where there are too many.</summary>
    static Detection[] ByClass(List<Detection> found, DetectionLimits limits)
    {
        List<Detection> kept = [];
        foreach (var own in found.GroupBy(d => d.Label).OrderBy(g => g.Key))
        {
            Detection[] all = [.. own];
            var places = Suppression.Keep(Boxes(all), Scores(all), limits.Threshold, BoxForm.Authors.Extent);
            kept.AddRange(places.Order().Select(k => all[k]));
        }
        return kept.Count <= limits.Kept ? [.. kept]
            : [.. Suppression.Order(Scores(kept)).Take(limits.Kept).Select(k => kept[k])];
    }

    static IEnumerable<Detection> Over(List<Detection> found, DetectionLimits limits)
    {
        int[] labels = [.. found.Select(d => d.Label)];
        return Suppression.KeepByClass(Boxes(found), Scores(found), labels, limits.Threshold).Take(limits.Kept).Select(k => found[k]);
    }

    static Box[] Boxes(IReadOnlyList<Detection> detections) => [.. detections.Select(d => d.Box)];

    static float[] Scores(IReadOnlyList<Detection> detections) => [.. detections.Select(d => d.Score)];

    static Box Divided(Box box, float x, float y) => new(box.X1 / x, box.Y1 / y, box.X2 / x, box.Y2 / y);

    static void Softmax(ReadOnlySpan<float> logits, Span<float> shares)
    {
        var (largest, sum) = (float.NegativeInfinity, 0f);
        foreach (var logit in logits)
            largest = MathF.Max(largest, logit);
        for (var k = 0; k < shares.Length; k++)
            sum += shares[k] = MathF.Exp(logits[k] - largest);
        for (var k = 0; k < shares.Length; k++)
            shares[k] /= sum;
    }
}
