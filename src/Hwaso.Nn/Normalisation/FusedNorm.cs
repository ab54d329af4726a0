using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>
/// Batch normalisation by the batch's statistics with what follows it, relu(norm(x) + plus), as one node: float32 maps [N, C, H, W] on the
/// processor, row-major. Inputs are x, weight [C], bias [C] and, where something is added before the ReLU, a map like x. Where maps can be
/// computed again it keeps x, and what is added, but not the result.
/// </summary>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="relu">Whether a ReLU follows.</param>
sealed unsafe class FusedNorm(double epsilon, bool relu) : Function, IRemadeMap
{
    NormShape shape;
    NormPasses? passes;
    // Results that are computed from others which are themselves computed again: the longest chain. All of a chain lie in memory while
    // its backward pass runs.
    const int Deepest = 4;

    Tensor? input, weight, output;
    // What is added: its numbers, or the node that computes them again.
    Tensor? added;
    IRemadeMap? source;
    // [C] each: means, one over the deviations, and the result's factors and terms.
    double[] means = [], inverses = [];
    float[] scales = [], shifts = [];

    public override string Name => relu ? "batch_norm_relu" : "batch_norm";

    /// <summary>The width of vectors; null for the widest. For tests.</summary>
    internal NormPasses? Width { get; init; }

    /// <summary>Mean and unbiased variance of each channel, after the forward pass.</summary>
    public (double[] Means, double[] Variances) Statistics { get; private set; }

    /// <inheritdoc/>
    public int Depth { get; private set; }

    /// <summary>Whether the result can be computed again; else it is kept, where the backward pass reads it.</summary>
    public bool CanBeRemade { get; private set; }

    /// <summary>Whether these tensors can be normalised so.</summary>
    public static bool Takes(Tensor x, Tensor weight) =>
        NoGrad.IsFollowing && x.Device.Type == DeviceType.Cpu && x.Type == ScalarType.Float32 && weight.Type == ScalarType.Float32
        && x.Dimensions == 4 && x.Elements > 0 && x.Size(1) == weight.Size(0) && Autocast.TypeOn(x.Device) is null;

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        input = Save(inputs[0].Contiguous());
        weight = Save(inputs[1].Contiguous());
        shape = new NormShape((int)input.Size(0), (int)input.Size(1), (int)(input.Size(2) * input.Size(3)));
        passes = Width ?? NormPasses.For(shape.Pixels);
        var plus = inputs.Length > 3 ? inputs[3].Contiguous() : null;
        var result = Tensor.Empty(input.Shape, ScalarType.Float32);
        var c = shape.Channels;
        (means, inverses, scales, shifts) = (new double[c], new double[c], new float[c], new float[c]);
        var variances = new double[c];
        var planes = new (double Mean, double Squares)[shape.Images * c];
        float* x = (float*)input.Data(), y = (float*)result.Data(), w = (float*)weight.Data(),
            b = (float*)inputs[2].Contiguous().Data(), more = plus is null ? null : (float*)plus.Data();
        shape.EachPlaneTwice(Workers.For(input.Elements * 8),
            (n, k) => planes[shape.Plane(n, k)] = passes.Statistics(x + shape.At(n, k), shape.Pixels),
            k =>
            {
                (means[k], var squares) = Joined(planes, k);
                inverses[k] = 1 / Math.Sqrt(squares / shape.Values + epsilon);
                variances[k] = squares / (shape.Values - 1);
                var scale = w[k] * inverses[k];
                // The distances are those from the mean's float32.
                (scales[k], shifts[k]) = ((float)scale, (float)(b[k] - (means[k] - (float)means[k]) * scale));
            },
            (n, k) => Forward(n, k, x, more, y));
        Statistics = (means, variances);
        source = inputs.Length > 3 ? RemadeMaps.SourceOf(inputs[3]) : null;
        Depth = source is null ? 0 : source.Depth + 1;
        CanBeRemade = RemadeMaps.Current is not null && Depth <= Deepest;
        if (CanBeRemade)
            added = plus is null || source is not null ? null : Save(plus);
        else if (relu)
            output = Save(result);
        return [result];
    }

    /// <inheritdoc/>
    public Tensor Again()
    {
        if (output is not null)
            return output;
        using var span = OperatorTrace.Kernel(relu ? "batch_norm_relu again" : "batch_norm again");
        var result = Tensor.Empty(input!.Shape, ScalarType.Float32);
        var plus = source?.Again() ?? added;
        float* x = (float*)input.Data(), more = plus is null ? null : (float*)plus.Data(), y = (float*)result.Data();
        shape.EachPlane(Workers.For(input.Elements * 2), (n, k) => Forward(n, k, x, more, y));
        return output = Save(result);
    }

    void Forward(int image, int channel, float* x, float* more, float* y)
    {
        var at = shape.At(image, channel);
        passes!.Forward(x + at, more == null ? null : more + at, shape.Pixels, (float)means[channel], scales[channel], shifts[channel],
            relu, y + at);
    }

    // Of planes of equally many numbers (Chan, Golub and LeVeque, 1983).
    (double Mean, double Squares) Joined((double Mean, double Squares)[] planes, int channel)
    {
        var (mean, squares) = (0.0, 0.0);
        for (var n = 0; n < shape.Images; n++)
            mean += planes[shape.Plane(n, channel)].Mean;
        mean /= shape.Images;
        for (var n = 0; n < shape.Images; n++)
        {
            var plane = planes[shape.Plane(n, channel)];
            squares += plane.Squares + shape.Pixels * (plane.Mean - mean) * (plane.Mean - mean);
        }
        return (mean, squares);
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        if (gradients[0] is not { } given)
            return new Tensor?[NeedsGradient.Count];
        var gradient = given.Contiguous();
        var (c, values) = (shape.Channels, shape.Values);
        var planes = new (double Sum, double Product)[shape.Images * c];
        var (factors, slopes, terms) = (new float[c], new float[c], new float[c]);
        var toInput = NeedsGradient[0] ? Tensor.Empty(input!.Shape, ScalarType.Float32) : null;
        Tensor toWeight = Tensor.Empty([c], ScalarType.Float32), toBias = Tensor.Empty([c], ScalarType.Float32);
        var toPlus = NeedsGradient.Count > 3 && NeedsGradient[3] ? Tensor.Empty(input!.Shape, ScalarType.Float32) : null;
        float* g = (float*)gradient.Data(), x = (float*)input!.Data(), y = relu ? (float*)Again().Data() : null,
            w = (float*)weight!.Data(), dx = toInput is null ? null : (float*)toInput.Data(), dw = (float*)toWeight.Data(),
            db = (float*)toBias.Data(), passed = toPlus is null ? null : (float*)toPlus.Data();
        shape.EachPlaneTwice(Workers.For(gradient.Elements * 8),
            (n, k) =>
            {
                var at = shape.At(n, k);
                planes[shape.Plane(n, k)] = passes!.Sums(
                    g + at, y == null ? null : y + at, x + at, shape.Pixels, (float)means[k], passed == null ? null : passed + at);
            },
            k =>
            {
                var (sum, product) = (0.0, 0.0);
                for (var n = 0; n < shape.Images; n++)
                {
                    sum += planes[shape.Plane(n, k)].Sum;
                    product += planes[shape.Plane(n, k)].Product;
                }
                // The distances were those from the mean's float32.
                var apart = means[k] - (float)means[k];
                product -= sum * apart;
                dw[k] = (float)(product * inverses[k]);
                db[k] = (float)sum;
                var scale = w[k] * inverses[k];
                var slope = -scale * inverses[k] * inverses[k] * product / values;
                (factors[k], slopes[k], terms[k]) = ((float)scale, (float)slope, (float)(-scale * sum / values - slope * apart));
            },
            (n, k) =>
            {
                var at = shape.At(n, k);
                if (dx == null)
                    return;
                // What passed the ReLU need not be asked for again where it was kept.
                passes!.Backward(passed == null ? g + at : passed + at, y == null || passed != null ? null : y + at, x + at, shape.Pixels,
                    (float)means[k], factors[k], slopes[k], terms[k], dx + at);
            });
        Tensor?[] results = [toInput, toWeight, toBias, toPlus];
        return results[..NeedsGradient.Count];
    }
}
