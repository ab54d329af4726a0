using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using static System.FormattableString;

namespace Hwaso.Nn;

/// <summary>Changes parameters by their gradients. Its own tensors are owned until it is disposed.</summary>
public abstract class Optimiser(IReadOnlyList<ParameterGroup> groups, double learningRate) : IDisposable
{
    readonly Dictionary<string, Tensor> state = new(StringComparer.Ordinal);

    /// <summary>The rate of the next step, before each group's factor.</summary>
    public double LearningRate { get; set; } = learningRate;

    /// <summary>
    /// The rate of the next step for groups that <see cref="ParameterGroup.StartsLater"/>; null where it is <see cref="LearningRate"/>.
    /// </summary>
    public double? LaterRate { get; set; }

    /// <summary>The groups.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; } = Checked(groups);

    /// <summary>The optimiser's own tensors by name; with the weights, a run continues from them bit for bit.</summary>
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
                Update(group, ready.Select(p => p.Key).ToArray(), ready.Select(p => p.Value).ToArray(),
                    ready.Select(p => p.Gradient!).ToArray());
        }
    }

    /// <summary>One whole step in a scope of its own: the loss, its gradients, the update; returns the loss's value.</summary>
    /// <param name="loss">Runs the network and returns the loss, a single number; every tensor that it makes is freed at the end of the
    /// step.</param>
    public double Minimise(Func<Tensor> loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        using var scope = new Scope();
        ZeroGrad();
        var value = loss();
        value.Backward();
        Step();
        ZeroGrad();
        return value.Item();
    }

    /// <summary>Takes every gradient away, so that the next backward begins at none.</summary>
    public void ZeroGrad()
    {
        foreach (var group in Groups)
            foreach (var (_, parameter) in group.Parameters)
                parameter.Grad = null;
    }

    /// <summary>Replaces the state by that of another optimiser of the same kind and parameters.</summary>
    /// <exception cref="ArgumentException">A tensor of another shape than its parameter, of a parameter that is not there, or of another
    /// kind of optimiser; nothing changed.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> saved)
    {
        var parameters = Groups.SelectMany(g => g.Parameters).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
        using var scope = new Scope();
        using var off = new NoGrad();
        var loaded = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (key, tensor) in saved)
        {
            var slash = key.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0 || !parameters.TryGetValue(key[(slash + 1)..], out var parameter))
                throw new ArgumentException($"{key}: the optimiser has no such parameter; is the state of another network?");
            var what = key[..slash];
            if (PerParameter.Contains(what))
            {
                if (tensor.Dimensions != 0)
                    throw new ArgumentException($"{key}: {tensor} where a single number was wanted");
                loaded[key] = Aten.Copy_(Tensor.Zeros([], ScalarType.Float64), tensor);
                continue;
            }
            if (!PerElement.Contains(what))
            {
                var own = PerElement.Count == 0 ? "nothing" : string.Join(", ", PerElement.Concat(PerParameter));
                throw new ArgumentException(
                    $"{key}: {GetType().Name} with these settings remembers {own}; is the state of another optimiser?");
            }
            if (!tensor.Shape.AsSpan().SequenceEqual(parameter.Shape))
                throw new ArgumentException($"{key}: {tensor} for a parameter of {parameter}");
            // As the parameter lies in memory.
            loaded[key] = Aten.Copy_(Aten.EmptyLike(parameter), tensor);
        }
        // Only now, so that a bad state changes nothing.
        Forget();
        foreach (var (key, tensor) in loaded)
            state.Add(key, tensor.Own());
    }

    /// <summary>Frees the state.</summary>
    public void Dispose()
    {
        Forget();
        GC.SuppressFinalize(this);
    }

    /// <summary>The rate of the next step for a group.</summary>
    protected double RateOf(ParameterGroup group) =>
        (group.StartsLater ? LaterRate ?? LearningRate : LearningRate) * group.LearningRateFactor;

    /// <summary>The names of state tensors that have the parameter's shape.</summary>
    protected abstract IReadOnlyList<string> PerElement { get; }

    /// <summary>The names of state numbers, one a parameter, in float64 on the processor.</summary>
    protected abstract IReadOnlyList<string> PerParameter { get; }

    /// <summary>The update rule, on parameters that all have gradients; gradients are only read.</summary>
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
        state.Add(key, tensor.Own());
        return tensor;
    }

    void Forget()
    {
        foreach (var tensor in state.Values)
            tensor.Dispose();
        state.Clear();
    }

    static IReadOnlyList<ParameterGroup> Checked(IReadOnlyList<ParameterGroup> groups)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var group in groups)
        {
            if (!(group.LearningRateFactor >= 0 && group.WeightDecay >= 0))
                throw new ArgumentException(
                    Invariant($"a group with learning-rate factor {group.LearningRateFactor} and weight decay {group.WeightDecay}: ")
                    + "neither may be negative");
            foreach (var (name, _) in group.Parameters)
                if (!names.Add(name))
                    throw new ArgumentException($"{name}: the parameter is in the groups twice; put it in one");
        }
        return groups;
    }
}

/// <summary>Parameters that learn alike.</summary>
/// <param name="Parameters">Names and tensors.</param>
/// <param name="LearningRateFactor">The factor of the learning rate for them.</param>
/// <param name="WeightDecay">L2 penalty (SGD, Adam) or decoupled decay (AdamW).</param>
/// <param name="StartsLater">Whether they learn at the rate of parameters that start later.</param>
public sealed record ParameterGroup(IReadOnlyList<KeyValuePair<string, Tensor>> Parameters, double LearningRateFactor = 1,
    double WeightDecay = 0, bool StartsLater = false);
