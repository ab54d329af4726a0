using System.Numerics;

namespace Hwaso.Nn;

/// <summary>SGD's update of one stretch of memory; operation by operation what <see cref="Sgd"/> says in tensors.</summary>
/// <param name="decay">λ, 0 for none.</param>
/// <param name="momentum">μ; means nothing without a buffer.</param>
/// <param name="share">1 − dampening.</param>
/// <param name="nesterov">Whether the step looks ahead.</param>
/// <param name="rate">−η.</param>
readonly unsafe struct SgdRule(float decay, float momentum, float share, bool nesterov, float rate)
{
    /// <summary>One step.</summary>
    /// <param name="slice">Parameter, gradient and, with momentum, its buffer.</param>
    /// <param name="fresh">Whether the buffer begins with this gradient.</param>
    public void Apply(DenseSlice slice, bool fresh)
    {
        float* parameter = slice.Parameter, gradient = slice.Gradient, buffer = slice.First;
        Vector<float> decays = new(decay), momenta = new(momentum), shares = new(share), rates = new(rate);
        long k = 0;
        for (; k <= slice.Length - Vector<float>.Count; k += Vector<float>.Count)
        {
            var p = Vector.Load(parameter + k);
            var step = Vector.Load(gradient + k);
            if (decay != 0)
                step = Vector.FusedMultiplyAdd(p, decays, step);
            if (buffer != null)
            {
                var v = fresh ? step : Vector.FusedMultiplyAdd(step, shares, Vector.Load(buffer + k) * momenta);
                Vector.Store(v, buffer + k);
                step = nesterov ? Vector.FusedMultiplyAdd(v, momenta, step) : v;
            }
            Vector.Store(Vector.FusedMultiplyAdd(step, rates, p), parameter + k);
        }
        for (; k < slice.Length; k++)
        {
            var (p, step) = (parameter[k], gradient[k]);
            if (decay != 0)
                step = MathF.FusedMultiplyAdd(p, decay, step);
            if (buffer != null)
            {
                var v = buffer[k] = fresh ? step : MathF.FusedMultiplyAdd(step, share, buffer[k] * momentum);
                step = nesterov ? MathF.FusedMultiplyAdd(v, momentum, step) : v;
            }
            parameter[k] = MathF.FusedMultiplyAdd(step, rate, p);
        }
    }
}
