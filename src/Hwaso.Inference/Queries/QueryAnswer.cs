namespace Hwaso.Inference.Queries;

/// <summary>
/// What the Q queries of a network say of an image: a class, or none, and a mask. Masks are enlarged to the image one at a time, so that
/// memory does not grow with the queries.
/// </summary>
public sealed class QueryAnswer
{
    readonly float[] maskLogits;
    readonly double[] shares;
    readonly Taps rows, columns;
    readonly (Taps Rows, Taps Columns)? last;

    /// <summary>Takes a network's answer.</summary>
    /// <param name="classLogits">Q × (K + 1) logits; the last class means that there is no object.</param>
    /// <param name="maskLogits">Q × h × w logits.</param>
    /// <param name="queries">Q.</param>
    /// <param name="maskSize">h and w.</param>
    /// <param name="padded">The height and width that the network saw, padding right and below included; masks are for all of it.</param>
    /// <param name="scaled">Height and width without the padding.</param>
    /// <param name="image">The image's own height and width.</param>
    /// <exception cref="ArgumentException">The numbers do not fit the sizes.</exception>
    public QueryAnswer(
        ReadOnlySpan<float> classLogits, float[] maskLogits, int queries, (int Height, int Width) maskSize,
        (int Height, int Width) padded, (int Height, int Width) scaled, (int Height, int Width) image)
    {
        ArgumentNullException.ThrowIfNull(maskLogits);
        if (queries < 1 || classLogits.Length % queries != 0 || classLogits.Length < 2 * queries
            || maskLogits.Length != (long)queries * maskSize.Height * maskSize.Width || maskLogits.Length == 0)
            throw new ArgumentException($"{classLogits.Length} class logits and {maskLogits.Length} mask logits of {queries} queries and "
                + $"masks of {maskSize.Height}×{maskSize.Width}; Q·(K + 1) and Q·h·w numbers were wanted");
        if (image.Height < 1 || image.Width < 1 || scaled.Height < 1 || scaled.Width < 1
            || scaled.Height > padded.Height || scaled.Width > padded.Width)
            throw new ArgumentException($"an image of {image.Height}×{image.Width} pixels, seen as {scaled.Height}×{scaled.Width} and "
                + $"padded to {padded.Height}×{padded.Width}; sides of at least 1 within the padded ones were wanted");
        (this.maskLogits, Queries, Classes) = (maskLogits, queries, classLogits.Length / queries - 1);
        (Height, Width) = image;
        rows = new Taps(maskSize.Height, padded.Height, scaled.Height);
        columns = new Taps(maskSize.Width, padded.Width, scaled.Width);
        if (scaled != image)
            last = (new Taps(scaled.Height, image.Height, image.Height), new Taps(scaled.Width, image.Width, image.Width));
        shares = new double[classLogits.Length];
        for (var q = 0; q < queries; q++)
            Softmax(classLogits.Slice(q * (Classes + 1), Classes + 1), shares.AsSpan(q * (Classes + 1), Classes + 1));
    }

    /// <summary>Q.</summary>
    public int Queries { get; }

    /// <summary>K.</summary>
    public int Classes { get; }

    /// <summary>Height of the image.</summary>
    public int Height { get; }

    /// <summary>Width of the image.</summary>
    public int Width { get; }

    /// <summary>The probability of each class that a query saw it, and last that it saw none: K + 1 numbers that sum to 1.</summary>
    public ReadOnlySpan<double> SharesOf(int query) => shares.AsSpan(query * (Classes + 1), Classes + 1);

    /// <summary>
    /// A query's mask at the image's size: logits, bilinear between pixel centres, as PyTorch enlarges without <c>align_corners</c>. Where
    /// the image was scaled they are resized twice, as the authors do: to what the network saw, and to the image.
    /// </summary>
    /// <param name="query">The query.</param>
    /// <param name="logits">Receives height × width logits.</param>
    public void MaskOf(int query, Span<float> logits)
    {
        var mask = maskLogits.AsSpan(query * rows.From * columns.From, rows.From * columns.From);
        if (last is not { } second)
        {
            Resize(mask, rows, columns, logits);
            return;
        }
        var seen = new float[rows.To * columns.To];
        Resize(mask, rows, columns, seen);
        Resize(seen, second.Rows, second.Columns, logits);
    }

    static void Resize(ReadOnlySpan<float> mask, Taps rows, Taps columns, Span<float> logits)
    {
        float[] upper = new float[columns.To], lower = new float[columns.To];
        var (upperRow, lowerRow) = (-1, -1);
        for (var y = 0; y < rows.To; y++)
        {
            var (first, second, share) = rows.At(y);
            // A row that was widened for one row of the image mostly serves the next one too.
            if (upperRow != first && lowerRow == first)
                (upper, lower, upperRow, lowerRow) = (lower, upper, lowerRow, upperRow);
            if (upperRow != first)
                Widen(mask.Slice((upperRow = first) * columns.From, columns.From), columns, upper);
            if (lowerRow != second)
                Widen(mask.Slice((lowerRow = second) * columns.From, columns.From), columns, lower);
            var line = logits.Slice(y * columns.To, columns.To);
            for (var x = 0; x < line.Length; x++)
                line[x] = upper[x] * (1 - share) + lower[x] * share;
        }
    }

    static void Widen(ReadOnlySpan<float> line, Taps columns, float[] wide)
    {
        for (var x = 0; x < wide.Length; x++)
        {
            var (first, second, share) = columns.At(x);
            wide[x] = line[first] * (1 - share) + line[second] * share;
        }
    }

    static void Softmax(ReadOnlySpan<float> logits, Span<double> shares)
    {
        double most = float.NegativeInfinity, sum = 0;
        foreach (var logit in logits)
            most = Math.Max(most, logit);
        for (var k = 0; k < shares.Length; k++)
            sum += shares[k] = Math.Exp(logits[k] - most);
        foreach (ref var share in shares)
            share /= sum;
    }

    /// <summary>Along one side: the two pixels of a mask that a pixel of the image lies between, and the second one's weight.</summary>
    sealed class Taps
    {
        readonly (int First, int Second, float Share)[] taps;

        public Taps(int from, int to, int kept)
        {
            From = from;
            taps = new (int, int, float)[kept];
            var step = (double)from / to;
            for (var k = 0; k < kept; k++)
            {
                var place = Math.Max(0, (k + 0.5) * step - 0.5);
                var first = Math.Min((int)place, from - 1);
                taps[k] = (first, Math.Min(first + 1, from - 1), (float)(place - first));
            }
        }

        public int From { get; }

        public int To => taps.Length;

        public (int First, int Second, float Share) At(int place) => taps[place];
    }
}
