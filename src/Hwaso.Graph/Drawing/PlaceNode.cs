namespace Hwaso.Graph.Drawing;

/// <summary>One run of a module with the modules that ran in it.</summary>
/// <param name="Place">The run.</param>
/// <param name="Children">What ran in it, in order.</param>
sealed record PlaceNode(GraphPlace Place, IReadOnlyList<PlaceNode> Children)
{
    /// <summary>0 where no module ran in it, else one more than the highest of those.</summary>
    public int Height { get; } = Children.Count == 0 ? 0 : 1 + Children.Max(c => c.Height);

    /// <summary>The module's whole run: the root of a recording.</summary>
    public static PlaceNode Root(NetworkGraph graph)
    {
        // Places stand in the order in which they began: what is deeper and follows is inside.
        var at = 0;
        return Read(graph.Places, ref at);
    }

    /// <summary>It and everything that ran in it, outermost first.</summary>
    public IEnumerable<PlaceNode> All => Children.SelectMany(c => c.All).Prepend(this);

    static PlaceNode Read(IReadOnlyList<GraphPlace> places, ref int at)
    {
        var place = places[at++];
        var children = new List<PlaceNode>();
        while (at < places.Count && places[at].Depth > place.Depth)
            children.Add(Read(places, ref at));
        return new PlaceNode(place, children);
    }
}
