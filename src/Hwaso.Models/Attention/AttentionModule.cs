using Hwaso.Nn;
using Hwaso.Recipes;

namespace Hwaso.Models.Attention;

/// <summary>An attention module to be built into blocks: [N, C, H, W] to the same shape.</summary>
public abstract record AttentionModule : IVariant<AttentionModule>
{
    static readonly NamedValues<AttentionPlace> places = new(("between", AttentionPlace.Between), ("end", AttentionPlace.End));

    /// <summary>The settings that every module has: its place.</summary>
    protected static Settings<AttentionModule> Common { get; } = new Settings<AttentionModule>()
        .Choice("place", m => m.Place, (m, v) => m with { Place = v }, places,
            "behind a 3×3 convolution's ReLU (a BasicBlock's first, a Bottleneck's only one), or at the block's end, "
            + "before the shortcut is added; between");

    /// <summary>Every module by name; those of recipes alone have no place in model names.</summary>
    public static IReadOnlyList<AttentionModule> All { get; } =
    [
        new PsaSpatial(),
        new PsaParallel(),
        new PsaSequential(),
        new DeformableAttention(),
        new SqueezeExcitation(),
        new PsaParallel { Branches = PsaBranches.Channels, OfRecipesAlone = true },
        new PsaSequential { Branches = PsaBranches.Channels, OfRecipesAlone = true },
        new PsaParallel { Branches = PsaBranches.Pixels, OfRecipesAlone = true },
        new PsaSequential { Branches = PsaBranches.Pixels, OfRecipesAlone = true },
    ];

    /// <summary>The modules that model names have after a <c>+</c>.</summary>
    public static IReadOnlyList<AttentionModule> InNames { get; } = [.. All.Where(m => !m.OfRecipesAlone)];

    /// <summary>Its short name, as recipes and, after a <c>+</c>, model names have it.</summary>
    public abstract string Name { get; }

    /// <summary>Its settings, <see cref="Common"/> included.</summary>
    public abstract Settings<AttentionModule> Settings { get; }

    /// <summary>Where it stands in a block.</summary>
    public AttentionPlace Place { get; init; } = AttentionPlace.Between;

    /// <summary>Whether only recipes name it, as they name single branches of a released module; model names have the whole ones.</summary>
    public bool OfRecipesAlone { get; init; }

    /// <summary>The setting <c>attention</c> of a network with such modules in its blocks.</summary>
    /// <param name="get">Gets the module; null for none.</param>
    /// <param name="set">Gives the configuration with another module, or none.</param>
    public static Setting<T> Setting<T>(Func<T, AttentionModule?> get, Func<T, AttentionModule?, T> set) =>
        new VariantSetting<T, AttentionModule>(
        "attention", All, get, set, "the attention module in every BasicBlock and, in a ResNet, in every Bottleneck", byName: true);

    /// <summary>Builds one at a place for so many channels.</summary>
    /// <exception cref="ArgumentException">The channel count does not fit; the message names the place and what would.</exception>
    public abstract Net Build(Weights w, int channels);

    /// <summary>Half the channels.</summary>
    /// <exception cref="ArgumentException">They are odd.</exception>
    protected int Half(Weights w, int channels) => channels >= 2 && channels % 2 == 0
        ? channels / 2
        : throw new ArgumentException($"{w.Path}: {channels} channels cannot be halved, as {Name} does; {channels + 1} would fit");
}

/// <summary>Where an attention module stands in a residual block.</summary>
public enum AttentionPlace
{
    /// <summary>After a 3×3 convolution's batch norm and ReLU: between the two of a BasicBlock, behind the one of a Bottleneck.</summary>
    Between,

    /// <summary>After the last batch norm, before the shortcut is added.</summary>
    End,
}
