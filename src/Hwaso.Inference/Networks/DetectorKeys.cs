using System.Globalization;

namespace Hwaso.Inference.Networks;

/// <summary>What the names of a detector's tensors say: the number of its classes, and whose conventions it follows.</summary>
static class DetectorKeys
{
    const string Authors = "bbox_head.", Mmdetection = "roi_head.bbox_head.";

    // The classifier's bias has an output a class, and one for the background.
    static readonly string[] classes = [Authors + "fc_cls.bias", Mmdetection + "fc_cls.bias", "roi_heads.box_predictor.cls_score.bias"];

    /// <summary>Whether a tensor has an output for each class and one for the background.</summary>
    public static bool HasClasses(string key) => classes.Contains(key);

    /// <summary>The number of classes of the first of these tensors that is there; null where there is none.</summary>
    /// <param name="shapeOf">The shape of a tensor, null where it is not there.</param>
    public static int? ClassesOf(Func<string, IReadOnlyList<long>?> shapeOf) =>
        classes.Select(shapeOf).FirstOrDefault(shape => shape is not null) is [var columns] ? (int)columns - 1 : null;

    /// <summary>
    /// torchvision's names before 0.14, which its published weights have, as they are since: layers got a place in a block.
    /// </summary>
    /// <param name="key">A name of a detector's file.</param>
    public static string Renamed(string key)
    {
        var parts = key.Split('.');
        return parts switch
        {
            [.., "fpn", "inner_blocks" or "layer_blocks", _, var kind] => $"{key[..^kind.Length]}0.{kind}",
            [.., "rpn", "head", "conv", "weight" or "bias"] => $"{key[..^parts[^1].Length]}0.0.{parts[^1]}",
            [.., "mask_head", ['m', 'a', 's', 'k', '_', 'f', 'c', 'n', .. var place], var kind]
                when int.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out var number) =>
                $"{key[..^(parts[^2].Length + 1 + kind.Length)]}{number - 1}.0.{kind}",
            _ => key,
        };
    }

    /// <summary>What to do about a file whose detector follows other conventions than the network; null where it does not.</summary>
    /// <param name="given">The file's names.</param>
    /// <param name="wanted">The network's names.</param>
    public static string? OtherConventions(IReadOnlyCollection<string> given, IReadOnlyCollection<string> wanted)
    {
        return (Of(given), Of(wanted)) switch
        {
            (Mmdetection, Authors) => "has the names of mmdetection 2 and 3, the network those of the HRNet authors' release, whose boxes "
                + "differ; give a recipe with model.conventions: mmdetection",
            (Authors, Mmdetection) => "has the names of the HRNet authors' release, the network those of mmdetection 2 and 3, whose boxes "
                + "differ; give a recipe with model.conventions: authors",
            _ => null,
        };

        static string? Of(IEnumerable<string> keys)
        {
            string? found = null;
            foreach (var key in keys)
                if (key.Contains(Mmdetection, StringComparison.Ordinal))
                    return Mmdetection;
                else if (key.Contains(Authors, StringComparison.Ordinal))
                    found = Authors;
            return found;
        }
    }
}
