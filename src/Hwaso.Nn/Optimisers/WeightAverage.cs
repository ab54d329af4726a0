using Hwaso.Checkpoints;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>
/// An exponential moving average of a network's weights (Polyak and Juditsky, 1992, in the form of Tarvainen and Valpola, NeurIPS 2017):
/// after each step a ← d·a + (1 − d)·w, with d rising to the decay as (1 + n) / (10 + n) so that the first steps do not count for long.
/// Running statistics are averaged likewise. Its tensors are owned until it is disposed.
/// </summary>
public sealed class WeightAverage : IDisposable
{
    const string CountKey = "updates";
    readonly Weights weights;
    readonly double decay;
    readonly Dictionary<string, Tensor> averages = new(StringComparer.Ordinal);
    long updates;

    /// <summary>Begins at the weights as they are.</summary>
    /// <param name="weights">The network's weights.</param>
    /// <param name="decay">d, 0 up to 1.</param>
    /// <exception cref="ArgumentException">A decay outside 0 up to 1.</exception>
    public WeightAverage(Weights weights, double decay)
    {
        if (decay is not (>= 0 and < 1))
            throw new ArgumentException($"a moving average with decay {decay}: 0 up to 1 was wanted");
        (this.weights, this.decay) = (weights, decay);
        using var scope = new Scope();
        foreach (var (name, tensor) in weights.State)
            averages.Add(name, tensor.Detach().Clone().Own());
    }

    /// <summary>Takes the weights of one more step in.</summary>
    public void Update()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var share = 1 - Math.Min(decay, (1.0 + updates) / (10 + updates));
        updates++;
        foreach (var (name, tensor) in weights.State)
            // Counters are no means.
            if (tensor.Type == ScalarType.Int64)
                Aten.Copy_(averages[name], tensor);
            else
                Aten.Lerp_(averages[name], tensor.Detach(), share);
    }

    /// <summary>Exchanges the network's weights with the averages, without copying; a second time, back.</summary>
    public void Swap()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        foreach (var (name, tensor) in weights.State)
        {
            var before = tensor.Detach();
            tensor.SetData(averages[name].Detach());
            averages[name].SetData(before);
        }
    }

    /// <summary>The averages and the number of updates, by name.</summary>
    public IEnumerable<KeyValuePair<string, HostTensor>> State() =>
        averages.Select(a => KeyValuePair.Create(a.Key, a.Value.ToHost()))
            .Append(KeyValuePair.Create(CountKey, HostTensor.Of(new long[] { updates }, 1)));

    /// <summary>Replaces the averages by a saved <see cref="State"/>.</summary>
    /// <exception cref="ArgumentException">A tensor is missing.</exception>
    public void LoadState(IReadOnlyDictionary<string, HostTensor> saved)
    {
        HostTensor Find(string name) => saved.TryGetValue(name, out var host)
            ? host
            : throw new ArgumentException($"'{name}' is missing: is the state of another network?");
        foreach (var (name, tensor) in averages)
            tensor.CopyFrom(Find(name));
        using var scope = new Scope();
        updates = (long)Tensor.From(Find(CountKey)).Item();
    }

    /// <summary>Frees the averages.</summary>
    public void Dispose()
    {
        foreach (var tensor in averages.Values)
            tensor.Dispose();
    }
}
