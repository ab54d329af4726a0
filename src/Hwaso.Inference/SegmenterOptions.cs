using Hwaso.Runtime;
using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>How a <see cref="Segmenter"/> computes and how it looks at images.</summary>
public sealed record SegmenterOptions
{
    /// <summary>The engine.</summary>
    public Engine Engine { get; init; }

    /// <summary>
    /// Where libtorch computes; null: the first GPU if there is one, else the processor. Hwaso.Runtime has the processor only.
    /// </summary>
    public Device? Device { get; init; }

    /// <summary>Threads to compute on; 0: one per processor. libtorch has one such number for the whole process.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// The probability above which a pixel is of the second class, above 0 and below 1, for a network of one output channel; null: as in
    /// training, or as the exported file says.
    /// </summary>
    public double? Threshold { get; init; }

    /// <summary>How the network looks at an image; a <see cref="Protocol"/> has views of its own.</summary>
    public Views Views { get; init; } = new();

    /// <summary>What is known of an exported network whose file does not say it; null for nothing.</summary>
    public SegmentationOptions? Known { get; init; }

    /// <summary>
    /// Receives a line where an image is segmented in tiles, or where a network cannot be exported so that libtorch computes.
    /// </summary>
    public Action<string>? Log { get; init; }
}

/// <summary>The engine that computes the labels of an image.</summary>
public enum Engine
{
    /// <summary>
    /// Hwaso.Runtime for an exported network, and for a run or checkpoint on the processor whose images are seen once and whole; else, or
    /// where the network cannot be exported, libtorch.
    /// </summary>
    Automatic,

    /// <summary>libtorch, with a run or a checkpoint.</summary>
    Libtorch,

    /// <summary>Hwaso.Runtime; a run's or checkpoint's network is exported in memory.</summary>
    Runtime,
}
