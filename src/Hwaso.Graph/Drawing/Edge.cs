namespace Hwaso.Graph.Drawing;

/// <summary>A tensor on its way from one part to another.</summary>
/// <param name="From">Where it comes from.</param>
/// <param name="Label">How its size changes on the way, e.g. <c>↑2</c>; empty where it does not.</param>
sealed record Edge(Item From, string Label);
