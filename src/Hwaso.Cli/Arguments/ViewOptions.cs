using System.CommandLine;
using Hwaso.Inference;
using Hwaso.Recipes;

namespace Hwaso.Cli.Arguments;

/// <summary>The options of the verbs that segment: scales, mirroring, windows, or a published protocol that names them all.</summary>
sealed class ViewOptions
{
    readonly Option<double[]?> scales = Values.PositiveList(
        "--scales", "LIST", "averages predictions at these scales, e.g. 0.75,1,1.25 (default: 1)");

    readonly Option<bool> flip = Values.Flag("--flip", "averages with the mirrored image");
    readonly Option<SizePx?> crop = Values.Size("--crop", "slides a window of this height x width over the image");
    readonly Option<SizePx?> stride = Values.Size("--stride", "step of that window (default: two thirds of it)");

    readonly Option<string?> protocol = Values.Text(
        "--protocol", "NAME",
        "a published protocol instead: DATASET/hrnet or DATASET/mmseg with several scales and mirrored, DATASET/hrnet-single or "
        + "DATASET/mmseg-single with one scale, where DATASET is a layout; docs/measures.md lists them");

    readonly Option<double?> threshold = Values.Share("--threshold", "P",
        "of a network of one output channel: probability above which a pixel is of the second class (default: the recipe's or the file's)");

    /// <summary>All of them, as help lists them.</summary>
    public IReadOnlyList<Option> All => [scales, flip, crop, stride, protocol, threshold];

    /// <summary>The views that were asked for.</summary>
    /// <exception cref="UsageException">Options that do not go together, or an unknown protocol.</exception>
    public ViewArguments Of(ParseResult arguments)
    {
        var (given, window, step) = (arguments.GetValue(scales), arguments.GetValue(crop), arguments.GetValue(stride));
        if (step is not null && window is null)
            throw new UsageException("--stride is the step of a sliding window: give its size with --crop HxW");
        var listed = given is { Length: > 0 };
        var views = new ViewArguments(
            listed ? given! : [1.0], arguments.GetValue(flip), window, step, ProtocolOf(arguments), arguments.GetValue(threshold));
        if (views.Protocol is { } named && (listed || views.Flip || window is not null))
            throw new UsageException(
                $"--protocol {named.Name} sets scales, mirroring and windows itself: leave out --scales, --flip, --crop and --stride");
        return views;
    }

    Protocol? ProtocolOf(ParseResult arguments) => arguments.GetValue(protocol) is not { } name ? null
        : UsageException.When(() =>
            Protocol.Find(name), option: "--", hint: NearName.HintOfSeveral(name, Protocol.All.Select(p => p.Name)));
}

/// <summary>How a network was asked to look at images.</summary>
/// <param name="Scales">Scales whose predictions are averaged.</param>
/// <param name="Flip">Whether to average with the mirrored image.</param>
/// <param name="Crop">Size of a sliding window; null: whole images.</param>
/// <param name="Stride">Step of the sliding window; null: two thirds of the window.</param>
/// <param name="Protocol">A published protocol, which sets all of that; null for none.</param>
/// <param name="Threshold">The probability above which a pixel is of the second of two classes; null: the network's own.</param>
sealed record ViewArguments(
    IReadOnlyList<double> Scales, bool Flip, SizePx? Crop, SizePx? Stride, Protocol? Protocol, double? Threshold = null)
{
    /// <summary>Whether any option of segmentation was given.</summary>
    public bool Any => !Views.IsPlain || Protocol is not null || Threshold is not null;

    /// <summary>The same for a segmenter.</summary>
    public Views Views => Protocol?.Views ?? new Views { Scales = Scales, Flip = Flip, Crop = Crop, Stride = Stride };
}
