using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Nn;
using Hwaso.Runtime.Poses;

namespace Hwaso.Inference.Poses;

/// <summary>How a pose network looks at people.</summary>
public sealed record PoseOptions
{
    /// <summary>Size and form of crops.</summary>
    public required PoseSampling Sampling { get; init; }

    /// <summary>Left and right joints.</summary>
    public required IReadOnlyList<(int Left, int Right)> FlipPairs { get; init; }

    /// <summary>Whether mirror images are looked at too.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Whether the mirror image's heat maps move one pixel.</summary>
    public bool Shift { get; init; } = true;

    /// <summary>How joints are placed between pixels.</summary>
    public PoseRefinement Refinement { get; init; } = PoseRefinement.Quarter;

    /// <summary>Joints above this score make a person's score.</summary>
    public double JointThreshold { get; init; } = 0.2;

    /// <summary>Side of the kernel that DARK blurs heat maps with, by the σ of targets.</summary>
    public static int BlurOf(double sigma) => sigma >= 3 ? 17 : 11;
}

/// <summary>Finds the joints of people on images with a pose network.</summary>
/// <param name="engine">Runs the network.</param>
/// <param name="options">How it looks at people.</param>
public sealed class PoseEstimator(IHeatMapEngine engine, PoseOptions options)
{
    /// <summary>Finds joints with a network on libtorch.</summary>
    /// <param name="net">The network; put into evaluation mode.</param>
    /// <param name="options">How it looks at people.</param>
    public PoseEstimator(Net net, PoseOptions options)
        : this(new TorchHeatMaps(net, (options ?? throw new ArgumentNullException(nameof(options))).Sampling), options)
    {
    }

    /// <summary>How it looks at people.</summary>
    public PoseOptions Options => options;

    /// <summary>The joints of a person, in pixels of the image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="crop">The person's part of it.</param>
    /// <returns>x, y and score of each joint.</returns>
    public float[] Estimate(RgbImage image, PersonCrop crop) => Estimate([Crop(image, crop)], [crop])[0];

    /// <summary>The part of an image that the network sees.</summary>
    public RgbImage Crop(RgbImage image, PersonCrop crop)
    {
        var sampling = options.Sampling;
        return ImageWarp.Warp(image, sampling.MapOf(crop, 0), sampling.Width, sampling.Height);
    }

    /// <summary>The joints of several people, in pixels of their images.</summary>
    /// <param name="crops">What the network sees of each.</param>
    /// <param name="places">Where that lies.</param>
    /// <returns>For each person, x, y and score of each joint.</returns>
    public float[][] Estimate(IReadOnlyList<RgbImage> crops, IReadOnlyList<PersonCrop> places)
    {
        ArgumentNullException.ThrowIfNull(crops);
        ArgumentNullException.ThrowIfNull(places);
        var sampling = options.Sampling;
        var (width, height) = (sampling.MapWidth, sampling.MapHeight);
        var decoder = new HeatMapDecoder(width, height, options.Refinement, PoseOptions.BlurOf(sampling.Sigma));
        var maps = Maps(crops);
        var answers = new float[crops.Count][];
        for (var n = 0; n < answers.Length; n++)
        {
            answers[n] = decoder.Decode(maps[n]);
            var place = places[n];
            var (cropWidth, cropHeight) = (place.ScaleX * PersonCrop.Unit, place.ScaleY * PersonCrop.Unit);
            (sampling.Form == HeatMapForm.Udp
                ? CropPlace.Unbiased(place.CenterX, place.CenterY, cropWidth, cropHeight, width, height)
                : CropPlace.Of(place.CenterX, place.CenterY, cropWidth, width, height)).ToImage(answers[n]);
        }
        return answers;
    }

    /// <summary>A person's score: the box's, times the mean of the joints' above the threshold, 0 where none is.</summary>
    public double ScoreOf(ReadOnlySpan<float> joints, double boxScore)
    {
        var (sum, count) = (0.0, 0);
        for (var k = 2; k < joints.Length; k += 3)
            if (joints[k] > options.JointThreshold)
                (sum, count) = (sum + joints[k], count + 1);
        return count == 0 ? 0 : sum / count * boxScore;
    }

    /// <summary>The heat maps of crops, joined with those of their mirror images where that is wanted.</summary>
    /// <returns>For each crop J × h × w values.</returns>
    public float[][] Maps(IReadOnlyList<RgbImage> crops)
    {
        ArgumentNullException.ThrowIfNull(crops);
        var straight = engine.Maps(crops, mirrored: false);
        if (!options.Flip)
            return straight;
        foreach (var (maps, other) in straight.Zip(engine.Maps(crops, mirrored: true)))
            HeatMapFlip.Merge(
                maps, other, options.Sampling.MapWidth, options.Sampling.MapHeight, options.FlipPairs, options.Shift);
        return straight;
    }
}
