using Hwaso.Models.Networks;
using Hwaso.Nn;

namespace Hwaso.Models;

/// <summary>A network that can be built: a name, what it is, and what its authors say it costs.</summary>
public abstract record ModelDefinition
{
    /// <summary>Its short name, <c>family[-size][+attention]</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One line about it.</summary>
    public required string Description { get; init; }

    /// <summary>Learnable parameters of the official implementation at <see cref="PublishedClasses"/>; null where none is published.</summary>
    public long? PublishedParameters { get; init; }

    /// <summary>The number of classes that the published count is for.</summary>
    public int PublishedClasses { get; init; } = 59;

    /// <summary>Builds it, its initial values drawn from libtorch's generator.</summary>
    /// <param name="w">The root of its weights.</param>
    /// <param name="classes">K, at least 1.</param>
    /// <exception cref="ArgumentException">Settings that do not fit each other.</exception>
    public abstract SegmentationNet Build(Weights w, int classes);
}
