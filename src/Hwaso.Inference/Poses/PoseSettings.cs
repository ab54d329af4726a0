using Hwaso.Data.Poses;
using Hwaso.Recipes;
using Hwaso.Runtime.Poses;

namespace Hwaso.Inference.Poses;

/// <summary>A recipe's settings of poses as those of the loader and of the estimator.</summary>
public static class PoseSettings
{
    /// <summary>How people become samples.</summary>
    public static PoseSampling SamplingOf(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var pose = recipe.Pose ?? new PoseRecipe();
        return new PoseSampling
        {
            Width = recipe.Augment.Crop.Width,
            Height = recipe.Augment.Crop.Height,
            Sigma = pose.Sigma,
            Form = pose.Targets switch
            {
                PoseTargets.Dark => HeatMapForm.Dark,
                PoseTargets.Udp => HeatMapForm.Udp,
                _ => HeatMapForm.Published,
            },
            Augmentation = new PoseAugmentation
            {
                Scale = pose.Scale,
                Rotation = pose.Rotation,
                Flip = recipe.Augment.Flip,
                HalfBody = pose.HalfBody,
                HalfBodyJoints = pose.HalfBodyJoints,
            },
            WeighJoints = pose.WeighJoints,
            Mean = recipe.Augment.Mean,
            Deviation = recipe.Augment.Std,
        };
    }

    /// <summary>How people are looked at.</summary>
    public static PoseOptions OptionsOf(Recipe recipe, PoseDescription description)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(description);
        var pose = recipe.Pose ?? new PoseRecipe();
        return new PoseOptions
        {
            Sampling = SamplingOf(recipe),
            FlipPairs = description.FlipPairs,
            Flip = pose.FlipTest,
            Shift = pose.Shift,
            Refinement = pose.Offset switch
            {
                PoseOffset.None => PoseRefinement.None,
                PoseOffset.Dark => PoseRefinement.Dark,
                PoseOffset.DarkUdp => PoseRefinement.DarkUdp,
                _ => PoseRefinement.Quarter,
            },
            JointThreshold = pose.JointThreshold,
        };
    }

    /// <summary>How the network is used, for checkpoints and exported files.</summary>
    public static PoseMetadata MetadataOf(Recipe recipe, PoseDescription description)
    {
        var options = OptionsOf(recipe, description);
        return new PoseMetadata
        {
            Joints = description.Joints,
            Skeleton = description.Skeleton,
            FlipPairs = description.FlipPairs,
            Sigmas = description.Sigmas ?? [],
            Width = options.Sampling.Width,
            Height = options.Sampling.Height,
            Refinement = options.Refinement,
            Blur = PoseOptions.BlurOf(options.Sampling.Sigma),
            Flip = options.Flip,
            Shift = options.Shift,
            Unbiased = options.Sampling.Form == HeatMapForm.Udp,
            JointThreshold = options.JointThreshold,
        };
    }
}
