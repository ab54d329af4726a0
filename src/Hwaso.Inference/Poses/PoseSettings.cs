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

    /// <summary>The joints of an exported network or a checkpoint.</summary>
    public static PoseDescription DescriptionOf(PoseMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return new PoseDescription
        {
            Joints = metadata.Joints,
            Skeleton = metadata.Skeleton,
            FlipPairs = metadata.FlipPairs,
            Sigmas = metadata.Sigmas.Count > 0 ? metadata.Sigmas : null,
        };
    }

    /// <summary>What an exported network says about its use, as the recipe whose settings those are.</summary>
    public static Recipe RecipeOf(PoseMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return new Recipe(
            "exported", new ModelRecipe { Name = "exported" },
            new DataRecipe(metadata.Joints.Count == PoseDescription.Mpii.Count ? PoseLayouts.Mpii : PoseLayouts.Coco),
            new AugmentRecipe(new SizePx(metadata.Height, metadata.Width)), new TrainRecipe(1, new OptimizerRecipe(1)) { Epochs = 1 })
        {
            Pose = new PoseRecipe
            {
                FlipTest = metadata.Flip,
                Shift = metadata.Shift,
                Targets = metadata.Unbiased ? PoseTargets.Udp : PoseTargets.Published,
                // The two kernels that heat maps are blurred with stand for σ of 2 and of 3.
                Sigma = metadata.Blur == PoseOptions.BlurOf(3) ? 3 : 2,
                Offset = metadata.Refinement switch
                {
                    PoseRefinement.None => PoseOffset.None,
                    PoseRefinement.Dark => PoseOffset.Dark,
                    PoseRefinement.DarkUdp => PoseOffset.DarkUdp,
                    _ => PoseOffset.Quarter,
                },
                JointThreshold = metadata.JointThreshold,
            },
        };
    }
}
