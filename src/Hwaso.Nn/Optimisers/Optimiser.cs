using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Changes parameters by their gradients. Its own tensors are owned until it is disposed.</summary>
public abstract class Optimiser(IReadOnlyList<ParameterGroup> groups, double learningRate) : IDisposable
{
    readonly Dictionary<string, Tensor> state = new(StringComparer.Ordinal);

    /// <summary>The rate of the next step, before each group's factor.</summary>
    public double LearningRate { get; set; } = learningRate;

    /// <summary>The groups.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; } = groups;

    /// <summary>What it remembers, by name: with the weights, all that a run needs to go on bit for bit.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State => state.OrderBy(s => s.Key, StringComparer.Ordinal);

    /// <summary>One step on every parameter that has a gradient.</summary>
    public void Step()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        foreach (var group in Groups)
        {
            var ready = group.Parameters.Select(p => (p.Key, p.Value, Gradient: p.Value.Grad)).Where(p => p.Gradient is not null).ToArray();
            if (ready.Length > 0)
                Update(group, ready.Select(p => p.Key).ToArray(), ready.Select(p => p.Value).ToArray(), ready.Select(p => p.Gradient!).ToArray());
        }
    }

    /// <summary>Takes every gradient away, so that the next backward begins at none.</summary>
    public void ZeroGrad()
    {
        foreach (var group in Groups)
            foreach (var (_, parameter) in group.Parameters)
                parameter.Grad = null;
    }

    /// <summary>Takes over what another optimiser of the same parameters remembered.</summary>
    /// <exception cref="ArgumentException">A tensor of another shape than its parameter, or of a parameter that is not there.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> saved)
    {
        var parameters = Groups.SelectMany(g => g.Parameters).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
        using var scope = new Scope();
        using var off = new NoGrad();
        foreach (var (key, tensor) in saved)
        {
            var slash = key.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0 || !parameters.TryGetValue(key[(slash + 1)..], out var parameter))
                throw new ArgumentException($"{key}: the optimiser has no such parameter; is the state of another network?");
            if (tensor.Dimensions > 0 && !tensor.Shape.AsSpan().SequenceEqual(parameter.Shape))
                throw new ArgumentException($"{key}: {tensor} for a parameter of {parameter}");
            // As the parameter lies in memory; step counts are single numbers on the processor.
            var own = tensor.Dimensions == 0 && parameter.Dimensions != 0 ? tensor.Clone() : Aten.Copy_(Aten.EmptyLike(parameter), tensor);
            Set(key, own);
        }
    }

    /// <summary>Frees what it remembers.</summary>
    public void Dispose()
    {
        foreach (var tensor in state.Values)
            tensor.Dispose();
        state.Clear();
        GC.SuppressFinalize(this);
    }

    /// <summary>The update rule, on parameters that all have gradients; gradients may be written to.</summary>
    protected abstract void Update(ParameterGroup group, string[] names, Tensor[] parameters, Tensor[] gradients);

    /// <summary>A remembered tensor, made by <paramref name="first"/> where there is none yet.</summary>
    protected Tensor Remember(string what, string name, Func<Tensor> first)
    {
        var key = $"{what}/{name}";
        return state.TryGetValue(key, out var tensor) ? tensor : Set(key, first());
    }

    /// <summary>Whether something is remembered of a parameter.</summary>
    protected bool Remembers(string what, string name) => state.ContainsKey($"{what}/{name}");

    Tensor Set(string key, Tensor tensor)
    {
        if (state.Remove(key, out var old))
            old.Dispose();
        state.Add(key, tensor.Own());
        return tensor;
    }
}
