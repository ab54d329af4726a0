namespace Hwaso.Nn.Tests.Losses;

/// <summary>Losses as their papers print them, pixel by pixel in float64 loops; pixels of a label below 0 do not count.</summary>
/// <param name="logits">Logits of each pixel: [pixel][class].</param>
/// <param name="labels">The label of each pixel.</param>
sealed class LossFormulas(double[][] logits, int[] labels)
{
    readonly int classes = logits[0].Length;

    int[] Counted => [.. Enumerable.Range(0, labels.Length).Where(p => labels[p] >= 0)];

    public double[] Softmax(int pixel)
    {
        var sum = 0.0;
        foreach (var z in logits[pixel])
            sum += Math.Exp(z);
        return [.. logits[pixel].Select(z => Math.Exp(z) / sum)];
    }

    public double CrossEntropyOf(int pixel) => -Math.Log(Softmax(pixel)[labels[pixel]]);

    public double CrossEntropy() => Counted.Average(CrossEntropyOf);

    public double Focal(double alpha, double gamma)
    {
        var sum = 0.0;
        foreach (var p in Counted)
            sum += alpha * Math.Pow(1 - Math.Exp(-CrossEntropyOf(p)), gamma) * CrossEntropyOf(p);
        return sum / Counted.Length;
    }

    public double HardPixels(double threshold, int keep, double[]? weights)
    {
        var rising = Counted.Select(p => Softmax(p)[labels[p]]).Order().ToArray();
        var limit = Math.Max(rising[Math.Min(keep, rising.Length - 1)], threshold);
        var hard = Counted.Where(p => Softmax(p)[labels[p]] < limit).ToArray();
        return hard.Sum(p => (weights?[labels[p]] ?? 1) * CrossEntropyOf(p)) / hard.Length;
    }

    public double Dice(double smooth)
    {
        var losses = new List<double>();
        for (var k = 0; k < classes; k++)
        {
            double overlap = 0, predicted = 0, there = 0;
            foreach (var p in Counted)
            {
                predicted += Softmax(p)[k];
                if (labels[p] != k)
                    continue;
                overlap += Softmax(p)[k];
                there++;
            }
            if (there > 0)
                losses.Add(1 - (2 * overlap + smooth) / (predicted + there + smooth));
        }
        return losses.Average();
    }

    /// <summary>
    /// By the definition of the extension: Σ m(i) · (Δ(the i worst errors) − Δ(the i − 1 worst)), Δ being 1 − IoU when exactly those are
    /// wrong.
    /// </summary>
    public double Lovasz()
    {
        var losses = new List<double>();
        for (var k = 0; k < classes; k++)
        {
            var of = Counted.Where(p => labels[p] == k).ToHashSet();
            if (of.Count == 0)
                continue;
            double Error(int p) => of.Contains(p) ? 1 - Softmax(p)[k] : Softmax(p)[k];
            double Delta(IEnumerable<int> wrong)
            {
                var mistakes = wrong.ToHashSet();
                return (double)mistakes.Count / of.Union(mistakes).Count();
            }
            var worst = Counted.OrderByDescending(Error).ToArray();
            losses.Add(Enumerable.Range(0, worst.Length).Sum(i => Error(worst[i]) * (Delta(worst[..(i + 1)]) - Delta(worst[..i]))));
        }
        return losses.Average();
    }

    /// <summary>Mean over images and classes of the binary cross entropy of whether a class is in the image.</summary>
    public double Presence(double[][] presence, int pixelsAnImage)
    {
        var sum = 0.0;
        for (var image = 0; image < presence.Length; image++)
            for (var k = 0; k < classes; k++)
            {
                var probability = 1 / (1 + Math.Exp(-presence[image][k]));
                var isThere = labels.Skip(image * pixelsAnImage).Take(pixelsAnImage).Contains(k);
                sum -= Math.Log(isThere ? probability : 1 - probability);
            }
        return sum / (presence.Length * classes);
    }
}
