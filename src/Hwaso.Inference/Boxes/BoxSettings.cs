using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Nn.Boxes;
using Hwaso.Recipes;
using Hwaso.Runtime.Boxes;

namespace Hwaso.Inference.Boxes;

/// <summary>A recipe's settings of detection as those of the loader, of the detector and of checkpoints.</summary>
public static class BoxSettings
{
    /// <summary>How images become training samples.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="form">The conventions of the network.</param>
    public static BoxSampling TrainingOf(Recipe recipe, BoxForm form)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var detection = recipe.Detection ?? new DetectionRecipe();
        return SamplingOf(recipe, form) with
        {
            Flip = recipe.Augment.Flip,
            Sizes = detection.ShortSides.Count == 0
                ? [SizeOf(form, recipe.Augment.Crop)]
                : [.. detection.ShortSides.Zip(detection.LongSides, (shorter, longer) => SizeOf(form, new SizePx(shorter, longer)))],
        };
    }

    /// <summary>How images are looked at when they are scored and used.</summary>
    /// <inheritdoc cref="TrainingOf"/>
    public static BoxSampling TestOf(Recipe recipe, BoxForm form)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return SamplingOf(recipe, form) with { Sizes = [SizeOf(form, TestSizeOf(recipe))] };
    }

    /// <summary>Which answers are detections.</summary>
    public static DetectionLimits LimitsOf(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var detection = recipe.Detection ?? new DetectionRecipe();
        return new DetectionLimits { Score = (float)detection.Score, Threshold = detection.Overlap, Kept = detection.Most };
    }

    /// <summary>How the network is used, for checkpoints.</summary>
    public static BoxMetadata MetadataOf(Recipe recipe, IReadOnlyList<CocoCategory> categories)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(categories);
        var (size, detection) = (TestSizeOf(recipe), recipe.Detection ?? new DetectionRecipe());
        return new BoxMetadata
        {
            Categories = [.. categories.Select(c => (c.Id, c.Name))],
            ShortSide = size.Height,
            LongSide = size.Width,
            Score = detection.Score,
            Overlap = detection.Overlap,
            Most = detection.Most,
        };
    }

    /// <summary>The short side, as height, and the long side of images that are scored.</summary>
    static SizePx TestSizeOf(Recipe recipe) => recipe.Validate.Size ?? recipe.Augment.Crop;

    static BoxSampling SamplingOf(Recipe recipe, BoxForm form) =>
        SamplingOf(form) with { Mean = recipe.Augment.Mean, Deviation = recipe.Augment.Std };

    /// <summary>How a form looks at images, but for their size.</summary>
    internal static BoxSampling SamplingOf(BoxForm form) => new()
    {
        Sizes = [],
        Flip = false,
        Extent = form.Extent,
        ClipsFirst = form != BoxForm.Authors,
        Rounds = form != BoxForm.Torchvision,
        Multiple = ResizeRule.Multiple,
        Least = form == BoxForm.Torchvision ? ResizeRule.Multiple : 2 * ResizeRule.Multiple,
    };

    /// <summary>The size at which images are fitted into a short and a long side.</summary>
    internal static Func<int, int, SampledSize> SizeOf(BoxForm form, SizePx sides)
    {
        var rule = new ResizeRule(form, sides.Height, sides.Width);
        return (height, width) =>
        {
            var size = rule.Of(height, width);
            // The authors scale boxes by the factor before rounding, the others by the quotient of the sizes.
            return form == BoxForm.Authors
                ? new SampledSize(size.Height, size.Width, (float)size.Scale, (float)size.Scale)
                : new SampledSize(size.Height, size.Width, (float)size.ScaleX, (float)size.ScaleY);
        };
    }
}
