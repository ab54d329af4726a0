using Hwaso.Nn;
using Hwaso.Recipes;

namespace Hwaso.Models;

/// <summary>A network that can be built: a name, what it is, its settings, and what its authors say it costs.</summary>
public abstract record ModelDefinition
{
    /// <summary>Its short name, <c>family[-size][+attention]</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One line about it.</summary>
    public required string Description { get; init; }

    /// <summary>What it answers.</summary>
    public abstract ModelTask Task { get; }

    /// <summary>The settings of its own that a recipe's <c>model:</c> can hold, in the order in which a run's recipe lists them.</summary>
    public abstract Settings<ModelDefinition> Settings { get; }

    /// <summary>
    /// Learnable parameters of the official implementation at <see cref="PublishedClasses"/>; null where none is published.
    /// </summary>
    public long? PublishedParameters { get; init; }

    /// <summary>The number of classes that the published count is for; 0 where the network knows no classes.</summary>
    public abstract int PublishedClasses { get; init; }

    /// <summary>
    /// The input height and width that published costs are of; null for the usual ones of its task (<see
    /// cref="ModelDefinitions.UsualSize"/>).
    /// </summary>
    public (int Height, int Width)? PublishedSize { get; init; }

    /// <summary>Channels of its images: 3, or those of <see cref="SegmentationDefinition.InChannels"/>.</summary>
    public int ImageChannels => (this as SegmentationDefinition)?.InChannels ?? ColourChannels;

    /// <summary>Red, green and blue.</summary>
    public const int ColourChannels = 3;

    /// <summary>Whether it has a number of classes at all.</summary>
    public bool HasClasses => PublishedClasses > 0;

    /// <summary>Builds it, its initial values drawn from libtorch's generator.</summary>
    /// <param name="w">The root of its weights.</param>
    /// <param name="classes">K, at least 1; of no effect where the network knows no classes.</param>
    /// <exception cref="ArgumentException">Settings that do not fit each other.</exception>
    public abstract Net Build(Weights w, int classes);
}

/// <summary>A segmentation network that can be built.</summary>
public abstract record SegmentationDefinition : ModelDefinition
{
    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Segmentation;

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 59;

    /// <summary>
    /// Channels of its images, at least 1, as many as its first convolution takes; 3 unless a recipe says otherwise. A definition that does
    /// not override it takes colours alone.
    /// </summary>
    /// <exception cref="SettingException">The network takes no other images than colours.</exception>
    public virtual int InChannels
    {
        get => ColourChannels;
        init
        {
            if (value != ColourChannels)
                throw new SettingException("in_channels", $"{Name} takes images of {ColourChannels} channels, not of {value}");
        }
    }

    /// <summary>The same without what only training uses: what predicts, is exported and is counted. Same class, same answers.</summary>
    public abstract SegmentationDefinition Deployed { get; }

    /// <inheritdoc/>
    public abstract override SegmentationNet Build(Weights w, int classes);
}

/// <summary>A network for the joints of a person; its classes are the joints.</summary>
public abstract record PoseDefinition : ModelDefinition
{
    /// <inheritdoc/>
    public override ModelTask Task => ModelTask.Pose;

    /// <inheritdoc/>
    public abstract override PoseNet Build(Weights w, int classes);
}

/// <summary>What holds for every definition.</summary>
public static class ModelDefinitions
{
    /// <summary>ImageNet's classes.</summary>
    public const int ImageNetClasses = 1000;

    /// <summary>
    /// The network without what only training uses: what predicts, is exported and is counted; itself where it has no such part.
    /// </summary>
    public static ModelDefinition Deployed(this ModelDefinition definition) =>
        definition is SegmentationDefinition segmentation ? segmentation.Deployed : definition;

    /// <summary>The input that the network is usually counted at: the published one, else what its field counts at.</summary>
    public static (int Height, int Width) UsualSize(this ModelDefinition definition) => definition.PublishedSize ?? definition.Task switch
    {
        ModelTask.Classification => (224, 224),
        ModelTask.Pose => (256, 192),
        ModelTask.Detection => (800, 1344),
        ModelTask.Features or ModelTask.Depth => (518, 518),
        _ => (480, 480),
    };
}
