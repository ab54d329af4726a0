using System.CommandLine;
using Hwaso.Inference;
using Hwaso.Recipes;

namespace Hwaso.Cli.Arguments;

/// <summary>The options of the verbs that ask a network: scales, mirroring, windows, or a published protocol that names them all.</summary>
sealed class ViewOptions
{
    readonly Option<double[]?> scales = Values.PositiveList("--scales", "LIST", "averages predictions at these scales, e.g. 0.75,1,1.25 (default: 1)");
    readonly Option<bool> flip = Values.Flag("--flip", "averages with the mirrored image");
    readonly Option<SizePx?> crop = Values.Size("--crop", "slides a window of this height x width over the image");
    readonly Option<SizePx?> stride = Values.Size("--stride", "step of that window (default: two thirds of it)");
    readonly Option<string?> protocol = Values.Text("--protocol", "NAME", "a published protocol instead: DATASET/hrnet or DATASET/mmseg with several scales and mirrored, DATASET/hrnet-single or DATASET/mmseg-single with one scale, where DATASET is a layout; docs/measures.md lists them");

    /// <summary>All of them, as help lists them.</summary>
    public IReadOnlyList<Option> All => [scales, flip, crop, stride, protocol];

    /// <summary>What was asked for.</summary>
    /// <exception cref="UsageException">Options that do not go together, or a protocol that is not known.</exception>
    public ViewArguments Of(ParseResult arguments)
    {
        if (arguments.GetValue(stride) is not null && arguments.GetValue(crop) is null)
            throw new UsageException("--stride is the step of a sliding window: give its size with --crop HxW");
        var views = new ViewArguments(
            arguments.GetValue(scales) is { Length: > 0 } given ? given : [1.0], arguments.GetValue(flip), arguments.GetValue(crop), arguments.GetValue(stride), ProtocolOf(arguments));
        if (views.Protocol is { } named && (arguments.GetValue(scales) is { Length: > 0 } || views.Flip || views.Crop is not null))
            throw new UsageException($"--protocol {named.Name} says scales, mirroring and windows itself: leave out --scales, --flip, --crop and --stride");
        return views;
    }

    Protocol? ProtocolOf(ParseResult arguments)
    {
        if (arguments.GetValue(protocol) is not { } name)
            return null;
        return UsageException.When(() => Protocol.Find(name), option: "--", hint: NearName.HintOfSeveral(name, Protocol.All.Select(p => p.Name)));
    }
}
