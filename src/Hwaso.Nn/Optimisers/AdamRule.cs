using System.Numerics;

namespace Hwaso.Nn;

/// <summary>Adam's update of one stretch of memory; operation by operation what <see cref="Adam"/> says in tensors.</summary>
/// <param name="keep">What the parameter is multiplied by first: 1 − η·λ when decoupled, else 1.</param>
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
