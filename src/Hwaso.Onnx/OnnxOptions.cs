using Hwaso.Graph;
using Hwaso.Nn.Boxes;

namespace Hwaso.Onnx;

/// <summary>Settings of an exported file.</summary>
public sealed record OnnxOptions
{
    /// <summary>The same network recorded at another height and width, which makes both free in the file; null fixes them.</summary>
    public NetworkGraph? OtherSize { get; init; }

    /// <summary>Texts to write into the file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether batch norms are folded into the convolutions before them.</summary>
    public bool FoldBatchNorm { get; init; }

    /// <summary>
    /// Whether weights and computation have half precision, with batch norms folded; input and output keep single precision.
    /// </summary>
    public bool HalfPrecision { get; init; }

    /// <summary>
    /// Makes the output the best class of every pixel of the image, [1, H, W] of integers, by resizing the scores to it; null leaves the
    /// scores.
    /// </summary>
    public LabelOptions? Labels { get; init; }

    /// <summary>
    /// Whether deformable convolutions are written as DeformConv, in operator set 19, for Hwaso.Runtime and recent ONNX Runtimes; else they
    /// sample a grid.
    /// </summary>
    public bool DeformConv { get; init; }

    /// <summary>How the file of a detector takes images; null for other networks.</summary>
    public DetectorOptions? Detector { get; init; }

    /// <summary>The input's name.</summary>
    public string InputName { get; init; } = "input";

    /// <summary>The output's name.</summary>
    public string OutputName { get; init; } = "output";

    /// <summary>A name for each output, instead of <see cref="OutputName"/> and numbers; empty for those.</summary>
    public IReadOnlyList<string> OutputNames { get; init; } = [];
}

/// <summary>How a file computes labels from scores.</summary>
/// <param name="AlignCorners">Whether resizing the scores maps corner pixels to corner pixels.</param>
/// <param name="Threshold">
/// The probability above which a pixel is of class 1 where the scores are one channel, a logit; above 0 and below 1.
/// </param>
public sealed record LabelOptions(bool AlignCorners, double Threshold = 0.5);

/// <summary>
/// How the file of a detector takes images: it pads them, and divides the boxes that it finds by a second input, <c>scale</c>.
/// </summary>
/// <param name="Form">Whose conventions.</param>
/// <param name="Multiple">Padded sides are multiples of this many pixels.</param>
/// <param name="Least">The shortest padded side.</param>
/// <param name="Size">Height and width of the image without its padding; null leaves them free.</param>
public sealed record DetectorOptions(BoxForm Form, int Multiple, int Least, (int Height, int Width)? Size);
