namespace Hwaso.Graph.Drawing;

/// <summary>One run of a module with the modules that ran in it.</summary>
/// <param name="Place">The run.</param>
/// <param name="Children">The runs in it, in order.</param>
sealed record PlaceNode(GraphPlace Place, IReadOnlyList<PlaceNode> Children)
{
    /// <summary>0 for a module that runs no other, else one more than the highest level it runs.</summary>
    public int Height { get; } = Children.Count == 0 ? 0 : 1 + Children.Max(c => c.Height);

    /// <summary>The root of a recording: the run of the whole network.</summary>
    public static PlaceNode Root(NetworkGraph graph)
    {
        // Places are in the order in which they began: the deeper ones that follow ran inside.
        var at = 0;
        return Read(graph.Places, ref at);
    }

    /// <summary>This run and every run inside it, outermost first.</summary>
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
