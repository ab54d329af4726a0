using Hwaso.Nn;

namespace Hwaso.Models.Attention;

/// <summary>An attention module to be built into blocks: [N, C, H, W] to the same shape.</summary>
public abstract record AttentionModule
{
    /// <summary>Its short name, as it follows a <c>+</c> in a model name.</summary>
    public abstract string Name { get; }

    /// <summary>Builds one at a place for so many channels.</summary>
    /// <exception cref="ArgumentException">The channel count does not fit; the message names the place and what would.</exception>
    public abstract Net Build(Weights w, int channels);

    /// <summary>Every module by name.</summary>
    public static IReadOnlyList<AttentionModule> All { get; } = [new PsaSpatial(), new PsaParallel(), new PsaSequential()];

    /// <summary>Half the channels, which polarized self-attention keeps.</summary>
    protected static int Half(Weights w, int channels) => channels >= 2 && channels % 2 == 0
        ? channels / 2
        : throw new ArgumentException($"{w.Path}: {channels} channels cannot be halved, as polarized self-attention does; {channels + 1} would fit");
}
