using System.Collections.Concurrent;

namespace Hwaso.Runtime.Planning;

/// <summary>Weights in the order in which kernels read them: packed at their first use, shared by all sizes and all runs.</summary>
sealed class PackedWeights
{
    readonly ConcurrentDictionary<(Constant Weights, int Layout), Lazy<Constant>> packed = new();

    /// <summary>The packed form of some weights; <paramref name="layout"/> tells forms of the same weights apart.</summary>
    public Constant Get(Constant weights, int layout, Func<Constant> pack) => packed.GetOrAdd((weights, layout), _ => new Lazy<Constant>(pack)).Value;
}
