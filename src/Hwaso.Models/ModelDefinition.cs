using Hwaso.Nn;

namespace Hwaso.Models;

/// <summary>A network that can be built: a name, what it is, and what its authors say it costs.</summary>
public abstract record ModelDefinition
{
    /// <summary>Its short name, <c>family[-size][+attention]</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One line about it.</summary>
    public required string Description { get; init; }

    /// <summary>What it answers.</summary>
    public abstract ModelTask Task { get; }

    /// <summary>Learnable parameters of the official implementation at <see cref="PublishedClasses"/>; null where none is published.</summary>
    public long? PublishedParameters { get; init; }

    /// <summary>The number of classes that the published count is for; 0 where the network knows no classes.</summary>
    public abstract int PublishedClasses { get; init; }

    /// <summary>The input height and width that published costs are of; null for the usual ones of its task (<see cref="ModelDefinitions.UsualSize"/>).</summary>
    public (int Height, int Width)? PublishedSize { get; init; }

    /// <summary>Whether it has a number of classes at all.</summary>
    public bool HasClasses => PublishedClasses > 0;

    /// <summary>Builds it, its initial values drawn from libtorch's generator.</summary>
    /// <param name="w">The root of its weights.</param>
    /// <param name="classes">K, at least 1; of no effect where the network knows no classes.</param>
    /// <exception cref="ArgumentException">Settings that do not fit each other.</exception>
    public abstract Net Build(Weights w, int classes);
}
