using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A map whose node computes it again, to the bit: nodes behind it keep the node instead of the map's numbers.</summary>
interface IRemadeMap
{
    /// <summary>Maps of the same kind that are computed again first.</summary>
    int Depth { get; }

    /// <summary>The map, row-major. It is computed once, belongs to its node, and is freed after that node's backward pass.</summary>
    Tensor Again();
}

/// <summary>The maps of a forward pass on this thread that can be computed again.</summary>
sealed class RemadeMaps
{
    [ThreadStatic]
    static RemadeMaps? current;

    readonly Dictionary<Tensor, IRemadeMap> sources = [];

    /// <summary>Those of the forward pass that runs now; null where none may be computed again.</summary>
    public static RemadeMaps? Current => current;

    /// <summary>The node that computes a map again; null where nodes behind it must keep its numbers.</summary>
    public static IRemadeMap? SourceOf(Tensor map) => current?.sources.GetValueOrDefault(map);

    /// <summary>Offers a map to the nodes behind it.</summary>
    public void Offer(Tensor map, IRemadeMap source) => sources[map] = source;

    /// <summary>Begins a forward pass, or none; returns what was before.</summary>
    public static RemadeMaps? Replace(RemadeMaps? next)
    {
        var before = current;
        current = next;
        return before;
    }
}
