using System.Numerics;
using Hwaso.Torch;
using static System.FormattableString;

namespace Hwaso.Nn;

/// <summary>
/// Adam (Kingma and Ba, ICLR 2015) or, with decoupled weight decay, AdamW (Loshchilov and Hutter, ICLR 2019), in PyTorch's order of
/// operations.
/// </summary>
public sealed class Adam : Optimiser
{
    const string First = "exp_avg", Second = "exp_avg_sq", Count = "step";
    readonly double beta1, beta2, epsilon;
    readonly bool decoupled;

    /// <summary>An optimiser over groups of parameters.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="learningRate">η.</param>
    /// <param name="beta1">Decay of the mean of gradients, from 0 up to 1.</param>
    /// <param name="beta2">Decay of the mean of squares, from 0 up to 1.</param>
    /// <param name="epsilon">Added to the root.</param>
    /// <param name="decoupled">True for AdamW.</param>
    /// <exception cref="ArgumentException">A number out of its range.</exception>
    public Adam(IReadOnlyList<ParameterGroup> groups, double learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8,
        bool decoupled = false)
        : base(groups, learningRate)
    {
        if (!(learningRate >= 0 && epsilon >= 0) || beta1 is not (>= 0 and < 1) || beta2 is not (>= 0 and < 1))
            throw new ArgumentException(
                Invariant($"Adam with rate {learningRate}, betas {beta1} and {beta2}, epsilon {epsilon}: ")
                + "rate and epsilon at least 0, betas from 0 up to 1 were wanted");
        (this.beta1, this.beta2, this.epsilon, this.decoupled) = (beta1, beta2, epsilon, decoupled);
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> PerElement => [First, Second];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> PerParameter => [Count];

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, string[] names, Tensor[] parameters, Tensor[] gradients)
    {
        var (rate, decay) = (RateOf(group), group.WeightDecay);
        var dense = new DenseUpdate();
        var corrections = new (float Root, float Rate)[names.Length];
        for (var k = 0; k < names.Length; k++)
        {
            var (parameter, gradient) = (parameters[k], gradients[k]);
            var count = Remember(Count, names[k], () => Tensor.Zeros([], ScalarType.Float64));
            var mean = Remember(First, names[k], () => Aten.ZerosLike(parameter));
            var square = Remember(Second, names[k], () => Aten.ZerosLike(parameter));
            var step = count.Span<double>()[0] += 1;
            // Corrections and rates are worked out in double and rounded once, as PyTorch does outside of CUDA graphs.
            var (root, corrected) = (Math.Sqrt(1 - Math.Pow(beta2, step)), -rate / (1 - Math.Pow(beta1, step)));
            corrections[k] = ((float)root, (float)corrected);
            if (!dense.TryAdd(k, parameter, gradient, mean, square))
                UpdateOne(parameter, gradient, mean, square, 1 - rate * decay, decay, root, corrected);
        }
        var rule = new AdamRule(
            decoupled ? (float)(1 - rate * decay) : 1, decoupled ? 0 : (float)decay,
            (float)beta1, (float)(1 - beta1), (float)beta2, (float)(1 - beta2), (float)epsilon);
        dense.Run(slice => rule.Apply(slice, corrections[slice.Index].Root, corrections[slice.Index].Rate));
    }

    /// <summary>A tensor of any device and type.</summary>
    void UpdateOne(Tensor parameter, Tensor gradient, Tensor mean, Tensor square, double keep, double decay, double root, double rate)
    {
        if (decoupled)
            Aten.Mul_(parameter, keep);
        else if (decay != 0)
            gradient = Aten.Add(gradient, parameter, decay);
        Aten.Add_(Aten.Mul_(mean, beta1), gradient, 1 - beta1);
        Aten.Addcmul_(Aten.Mul_(square, beta2), gradient, gradient, 1 - beta2);
        Aten.Addcdiv_(parameter, mean, Aten.Add(Aten.Div(Aten.Sqrt(square), root), epsilon), rate);
    }
}

/// <summary>Adam's update of one stretch of memory, in the same operations as <see cref="Adam"/> has for tensors.</summary>
/// <param name="keep">The factor of the parameter before the step: 1 − η·λ when decoupled, else 1.</param>
/// <param name="decay">λ when it is added to the gradient, else 0.</param>
/// <param name="beta1">Decay of the mean.</param>
/// <param name="share1">1 − <paramref name="beta1"/>, in double before it is rounded.</param>
/// <param name="beta2">Decay of the squares.</param>
/// <param name="share2">1 − <paramref name="beta2"/>, likewise.</param>
/// <param name="epsilon">Added to the root.</param>
readonly unsafe struct AdamRule(float keep, float decay, float beta1, float share1, float beta2, float share2, float epsilon)
{
    /// <summary>One step.</summary>
    /// <param name="slice">Parameter, gradient, mean and squares.</param>
    /// <param name="root">√(1 − β₂ᵗ).</param>
    /// <param name="rate">−η / (1 − β₁ᵗ).</param>
    public void Apply(DenseSlice slice, float root, float rate)
    {
        float* parameter = slice.Parameter, gradient = slice.Gradient, mean = slice.First, square = slice.Second;
        Vector<float> decays = new(decay), shares1 = new(share1), epsilons = new(epsilon), roots = new(root), rates = new(rate);
        long k = 0;
        for (; k <= slice.Length - Vector<float>.Count; k += Vector<float>.Count)
        {
            var p = Vector.Load(parameter + k) * keep;
            var g = Vector.Load(gradient + k);
            if (decay != 0)
                g = Vector.FusedMultiplyAdd(p, decays, g);
            var m = Vector.FusedMultiplyAdd(g, shares1, Vector.Load(mean + k) * beta1);
            var v = Vector.FusedMultiplyAdd(g * share2, g, Vector.Load(square + k) * beta2);
            Vector.Store(m, mean + k);
            Vector.Store(v, square + k);
            Vector.Store(p + m * rates / (Vector.SquareRoot(v) / roots + epsilons), parameter + k);
        }
        for (; k < slice.Length; k++)
        {
            var p = parameter[k] * keep;
            var g = gradient[k];
            if (decay != 0)
                g = MathF.FusedMultiplyAdd(p, decay, g);
            var m = mean[k] = MathF.FusedMultiplyAdd(g, share1, mean[k] * beta1);
            var v = square[k] = MathF.FusedMultiplyAdd(g * share2, g, square[k] * beta2);
            parameter[k] = p + m * rate / (MathF.Sqrt(v) / root + epsilon);
        }
    }
}
