using Hwaso.Nn;

namespace Hwaso.Models.Attention;

/// <summary>An attention module to be built into blocks: [N, C, H, W] to the same shape.</summary>
public abstract record AttentionModule
{
    /// <summary>Its short name, as recipes and, after a <c>+</c>, model names have it.</summary>
    public abstract string Name { get; }

    /// <summary>Where it stands in a block.</summary>
    public AttentionPlace Place { get; init; } = AttentionPlace.Between;

    /// <summary>Builds one at a place for so many channels.</summary>
    /// <exception cref="ArgumentException">The channel count does not fit; the message names the place and what would.</exception>
    public abstract Net Build(Weights w, int channels);

    /// <summary>The modules that model names have.</summary>
    public static IReadOnlyList<AttentionModule> Whole { get; } = [new PsaSpatial(), new PsaParallel(), new PsaSequential(), new DeformableAttention(), new SqueezeExcitation()];

    /// <summary>Every module by name: those, and the branches of the released ones, for recipes.</summary>
    public static IReadOnlyList<AttentionModule> All { get; } =
    [
        .. Whole,
        .. new[] { PsaBranches.Channels, PsaBranches.Pixels }.SelectMany(b => new AttentionModule[] { new PsaParallel { Branches = b }, new PsaSequential { Branches = b } }),
    ];

    /// <summary>Half the channels.</summary>
    protected int Half(Weights w, int channels) => channels >= 2 && channels % 2 == 0
        ? channels / 2
        : throw new ArgumentException($"{w.Path}: {channels} channels cannot be halved, as {Name} does; {channels + 1} would fit");

    /// <summary>The name of a module with some of its branches.</summary>
    protected static string NameOf(string whole, PsaBranches branches) => branches switch
    {
        PsaBranches.Channels => $"{whole}-channel",
        PsaBranches.Pixels => $"{whole}-spatial",
        _ => whole,
    };
}
