using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Stochastic gradient descent with momentum, in PyTorch's form: v ← μ·v + (1 − τ)·(g + λ·p), p ← p − η·v (or η·(g + μ·v) with Nesterov).</summary>
/// <remarks>Sutskever et al., ICML 2013; the first step sets v to the gradient undamped, as PyTorch does.</remarks>
public sealed class Sgd : Optimiser
{
    const string Momentum = "momentum_buffer";
    readonly double momentum, dampening;
    readonly bool nesterov;

    /// <summary>An optimiser over groups of parameters.</summary>
    /// <exception cref="ArgumentException">Nesterov without momentum or with dampening, or a negative number.</exception>
    public Sgd(IReadOnlyList<ParameterGroup> groups, double learningRate, double momentum = 0, double dampening = 0, bool nesterov = false) : base(groups, learningRate)
    {
        if (learningRate < 0 || momentum < 0)
            throw new ArgumentException($"SGD with rate {learningRate} and momentum {momentum}: neither may be negative");
        if (nesterov && (momentum == 0 || dampening != 0))
            throw new ArgumentException("Nesterov momentum wants a momentum above 0 and no dampening");
        (this.momentum, this.dampening, this.nesterov) = (momentum, dampening, nesterov);
    }

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, string[] names, Tensor[] parameters, Tensor[] gradients)
    {
        // One call for all tensors: PyTorch's foreach form, whose arithmetic is that of its one-by-one form.
        var steps = gradients;
        if (group.WeightDecay != 0)
            steps = Aten.Call(AddLists, steps, parameters, group.WeightDecay).AsTensors();
        if (momentum != 0)
        {
            var fresh = names.Where(n => !Remembers(Momentum, n)).ToHashSet(StringComparer.Ordinal);
            var buffers = new Tensor[names.Length];
            for (var k = 0; k < names.Length; k++)
            {
                var at = k;
                buffers[k] = Remember(Momentum, names[k], () => steps[at].Clone());
            }
            var old = Enumerable.Range(0, names.Length).Where(k => !fresh.Contains(names[k])).ToArray();
            if (old.Length > 0)
            {
                var moving = old.Select(k => buffers[k]).ToArray();
                Aten.Call(Scale, moving, momentum);
                Aten.Call(AddListsInPlace, moving, old.Select(k => steps[k]).ToArray(), 1 - dampening);
            }
            steps = nesterov ? Aten.Call(AddLists, steps, buffers, momentum).AsTensors() : buffers;
        }
        Aten.Call(AddListsInPlace, parameters, steps, -LearningRate * group.LearningRateFactor);
    }

    static readonly Torch.Operators.Operator AddLists = new("aten::_foreach_add.List");
    static readonly Torch.Operators.Operator AddListsInPlace = new("aten::_foreach_add_.List");
    static readonly Torch.Operators.Operator Scale = new("aten::_foreach_mul_.Scalar");
}
