using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using Hwaso.Torch.Processes;

namespace Hwaso.Nn;

/// <summary>Batch normalisation over N, H, W of [N, C, H, W]. Ioffe and Szegedy, ICML 2015; names and statistics as PyTorch's.</summary>
public sealed class BatchNorm2d : Net
{
    readonly Tensor weight, bias, runningMean, runningVariance;
    readonly Tensor? batchesTracked;
    readonly double epsilon, momentum;

    /// <summary>Normalises <paramref name="channels"/> channels.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="channels">C.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="momentum">Share of the new batch in the running statistics.</param>
    /// <param name="absolute">
    /// Whether the scale is |weight| + epsilon and batches are not counted, as in InPlaceABN (Rota Bulò et al., CVPR 2018).
    /// </param>
    public BatchNorm2d(Weights w, int channels, double epsilon = 1e-5, double momentum = 0.1, bool absolute = false) : base(w)
    {
        weight = w.Parameter("weight", [channels], t => Init.Constant(t, 1));
        bias = w.Parameter("bias", [channels]);
        runningMean = w.Buffer("running_mean", [channels]);
        runningVariance = w.Buffer("running_var", [channels], 1);
        batchesTracked = absolute ? null : w.Buffer("num_batches_tracked", [], 0, ScalarType.Int64);
        (this.epsilon, this.momentum) = (epsilon, momentum);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var together = IsTraining ? SharedStep.BatchNormProcesses : null;
        if (IsTraining && together is null && x.Elements == x.Size(1))
            throw new OneValuePerChannelException(Path, x);
        if (IsTraining)
            CountBatch();
        if (together is not null)
            return Shared(x, Scale, together);
        if (Fuses(x))
            return Fused(x, plus: null, relu: false);
        return Aten.BatchNorm(x, Scale, bias, runningMean, runningVariance, IsTraining, momentum, epsilon, cudnnEnabled: true);
    }

    /// <summary>Whether Hwaso's own kernels normalise this input, with what follows if need be.</summary>
    internal bool Fuses(Tensor x) =>
        UsesOwnKernels && IsTraining && batchesTracked is not null && SharedStep.BatchNormProcesses is null
        && x.Elements > x.Size(1) && FusedNorm.Takes(x, weight);

    Tensor Scale => batchesTracked is null ? Aten.Abs(weight) + epsilon : weight;

    /// <summary>relu(norm(x) + plus), through the module door.</summary>
    internal Tensor CallFused(Tensor x, Tensor? plus)
    {
        Door.Enter(Path, Door.IsObserved ? nameof(BatchNorm2d) : "", plus is null ? [x] : [x, plus]);
        Tensor? y = null;
        try
        {
            using var scope = new Scope();
            CountBatch();
            return y = scope.Keep(Fused(x, plus, relu: true));
        }
        finally
        {
            Door.Leave(Path, y is null ? [] : [y]);
        }
    }

    Tensor Fused(Tensor x, Tensor? plus, bool relu)
    {
        Value[] arguments = relu ? [x, weight, bias, plus]
            : [x, weight, bias, runningMean, runningVariance, true, momentum, epsilon, false];
        return Door.CallManaged(relu ? NormRelu : Norm, arguments, () =>
        {
            var norm = new FusedNorm(epsilon, relu);
            var y = norm.Apply(plus is null ? [x, weight, bias] : [x, weight, bias, plus])[0];
            Move(runningMean, norm.Statistics.Means);
            Move(runningVariance, norm.Statistics.Variances);
            if (y.RequiresGrad && norm.CanBeRemade)
                RemadeMaps.Current?.Offer(y, norm);
            return y;
        });
    }

    // In double precision, as libtorch does.
    void Move(Tensor running, double[] batch)
    {
        var numbers = running.Span<float>();
        for (var k = 0; k < numbers.Length; k++)
            numbers[k] = (float)(momentum * batch[k] + (1 - momentum) * numbers[k]);
    }

    void CountBatch()
    {
        if (batchesTracked is null)
            return;
        using var off = new NoGrad();
        Aten.Call(AddInPlace, batchesTracked, 1L);
    }

    Tensor Shared(Tensor x, Tensor scale, ProcessGroup processes)
    {
        var norm = new SharedBatchNorm(Path, processes, epsilon);
        var y = norm.Apply(x, scale, bias)[0];
        using var off = new NoGrad();
        var (count, mean, variance) = norm.Statistics;
        Aten.Call(Lerp, runningMean, mean, momentum);
        Aten.Call(Lerp, runningVariance, variance * (count / (count - 1)), momentum);
        return y;
    }

    static readonly Operator Norm = new("aten::batch_norm");

    static readonly Operator NormRelu = Operator.Managed(
        "hwaso::batch_norm_relu(Tensor input, Tensor weight, Tensor bias, Tensor? plus) -> Tensor");

    static readonly Operator Lerp = new("aten::lerp_.Scalar");

    static readonly Operator AddInPlace = new("aten::add_.Scalar");
}

/// <summary>Thrown where a batch norm in training sees one value per channel, as behind global pooling with one image.</summary>
/// <param name="module">The batch norm's path.</param>
/// <param name="input">Its input [1, C, 1, 1].</param>
public sealed class OneValuePerChannelException(string module, Tensor input) : InvalidOperationException(
    $"{module}: {input} holds one value per channel, whose variance is 0; train with two images or more, or in evaluation mode")
{
    /// <summary>The batch norm's path.</summary>
    public string Module { get; } = module;
}

/// <summary>Keeps batch norms as they are while the rest of a network learns: for batches too small for statistics of their own.</summary>
public static class BatchNormFreezing
{
    /// <summary>
    /// Lets every batch norm under a place use its running statistics and leave them; undone by <see cref="Module.Train"/>.
    /// </summary>
    public static void FreezeStatistics(Weights weights)
    {
        foreach (var norm in weights.Modules.OfType<BatchNorm2d>())
            norm.Eval();
    }

    /// <summary>Takes the scale and shift of every batch norm under a place out of learning.</summary>
    public static void FreezeParameters(Weights weights)
    {
        foreach (var norm in weights.Modules.OfType<BatchNorm2d>())
            foreach (var (_, parameter) in norm.Weights.Parameters)
                parameter.RequiresGrad = false;
    }
}
