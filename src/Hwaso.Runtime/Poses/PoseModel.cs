using System.Buffers;
using System.Collections.Concurrent;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Poses;

/// <summary>
/// A pose network from an ONNX file: an image and boxes of people in, joints out. Any number of threads may use one model at the same time.
/// </summary>
public sealed class PoseModel : IDisposable
{
    // The published unit of size and the share by which boxes grow.
    const float Unit = 200, BoxPadding = 1.25f;

    readonly OnnxModel model;
    readonly ConcurrentBag<Session> idle = [];
    readonly float[] normalised = new float[3 * 256];
    readonly string place;

    PoseModel(OnnxModel model, string place)
    {
        (this.model, this.place) = (model, place);
        if (!model.Metadata.TryGetValue(PoseMetadata.Key, out var text))
            throw new ModelFormatException(place, $"has no metadata {PoseMetadata.Key}; a pose network that Hwaso exported was wanted");
        Metadata = PoseMetadata.Read(text, place);
        if (model.Inputs is not [{ IsFloat: true, Shape: null or [1 or -1, 3 or -1, _, _] }])
            throw new ModelFormatException(place, "is not a pose network: one input [1, 3, H, W] was wanted");
        var images = SegmentationMetadata.Read(model.Metadata, place, new SegmentationOptions(), channels: 3, isFloat: true);
        for (var c = 0; c < 3; c++)
            for (var v = 0; v < 256; v++)
                normalised[c * 256 + v] = (float)((v / 255.0 - images.Mean[c]) / images.Deviation[c]);
    }

    /// <summary>Joints, crops and protocol from the file.</summary>
    public PoseMetadata Metadata { get; }

    /// <summary>Whether an ONNX file says that it is a pose network.</summary>
    /// <exception cref="ModelFormatException">The file is not an ONNX file, or is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool Is(string path)
    {
        using IMemoryOwner<byte> bytes = new FileBytes(path);
        return OnnxReader.Read(bytes.Memory, path, Path.GetDirectoryName(Path.GetFullPath(path))).Metadata.ContainsKey(PoseMetadata.Key);
    }

    /// <summary>Loads a model from a file.</summary>
    /// <exception cref="ModelFormatException">
    /// The file is not an ONNX file, is damaged, is not a pose network, or uses something that is not supported.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PoseModel Load(string path, RuntimeOptions? options = null) => Of(OnnxModel.Load(path, options), path);

    /// <summary>Loads a model from memory.</summary>
    /// <inheritdoc cref="Load(string, RuntimeOptions?)"/>
    public static PoseModel Load(ReadOnlyMemory<byte> file, string name, RuntimeOptions? options = null) =>
        Of(OnnxModel.Load(file, name, options), name);

    /// <summary>Finds joints with a model that is loaded already; disposing the result disposes the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">The name to use in messages.</param>
    /// <exception cref="ModelFormatException">The model is not a pose network that Hwaso exported.</exception>
    public static PoseModel Over(OnnxModel model, string name)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new(model, name);
    }

    /// <summary>Finds the joints of people.</summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="boxes">The people's boxes; null for one person who fills the image.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    /// <returns>A pose for each box, in order.</returns>
    /// <exception cref="ArgumentException">
    /// The buffer has the wrong length, the image has no pixels, or a box is not finite or has no area.
    /// </exception>
    public IReadOnlyList<EstimatedPose> Estimate(
        ReadOnlySpan<byte> rgb, int width, int height, IReadOnlyList<PoseBox>? boxes = null, CancellationToken stop = default)
    {
        if (width < 1 || height < 1 || rgb.Length != 3L * width * height)
            throw new ArgumentException($"{rgb.Length} bytes for an image of {width}×{height} pixels; {3L * width * height} were wanted");
        boxes ??= [new PoseBox(0, 0, width, height)];
        var poses = new List<EstimatedPose>(boxes.Count);
        foreach (var (k, box) in boxes.Index())
        {
            if (!(box.Width > 0 && box.Height > 0 && double.IsFinite(box.X + box.Y + box.Width + box.Height)))
                throw new ArgumentException($"boxes[{k}]: {box}; finite numbers, width and height above 0 were wanted");
            stop.ThrowIfCancellationRequested();
            poses.Add(One(rgb, width, height, box, stop));
        }
        return poses;
    }

    /// <summary>The network's answer to one crop, before anything is made of it.</summary>
    /// <param name="crop">Red, green and blue of each pixel: 3 × Metadata.Width × Metadata.Height bytes.</param>
    /// <param name="mirrored">Whether the network sees the crop mirrored left to right; its answer is then mirrored too.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    /// <returns>J × height × width values, and the heat maps' size.</returns>
    /// <exception cref="ArgumentException">The buffer has the wrong length.</exception>
    /// <exception cref="ModelFormatException">The network answers with something else than heat maps of its joints.</exception>
    public (float[] Maps, int Height, int Width) HeatMaps(
        ReadOnlySpan<byte> crop, bool mirrored = false, CancellationToken stop = default)
    {
        if (crop.Length != 3 * Metadata.Width * Metadata.Height)
            throw new ArgumentException($"{crop.Length} bytes for a crop of {Metadata.Width}×{Metadata.Height} pixels; "
                + $"{3 * Metadata.Width * Metadata.Height} were wanted");
        if (!idle.TryTake(out var session))
            session = model.Open([1, 3, Metadata.Height, Metadata.Width]);
        try
        {
            Fill(session.Input(0), crop, mirrored);
            session.Run(stop);
            var shape = session.OutputShape(0);
            return shape.Length == 4 && shape[1] == Metadata.Joints.Count
                ? (session.Output(0).ToArray(), shape[2], shape[3])
                : throw new ModelFormatException(
                    place, $"answers [{string.Join(", ", shape.ToArray())}]; heat maps of {Metadata.Joints.Count} joints were wanted");
        }
        finally
        {
            idle.Add(session);
        }
    }

    /// <summary>Ends the model's threads, unless they belong to a shared pool, and releases the memory of its runs.</summary>
    public void Dispose()
    {
        model.Dispose();
        idle.Clear();
    }

    static PoseModel Of(OnnxModel model, string place)
    {
        try
        {
            return new PoseModel(model, place);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    EstimatedPose One(ReadOnlySpan<byte> rgb, int width, int height, PoseBox box, CancellationToken stop)
    {
        var (x, y) = ((float)(box.X + box.Width * 0.5), (float)(box.Y + box.Height * 0.5));
        var (scaleX, scaleY) = ScaleOf(box);
        var (cropWidth, cropHeight) = (scaleX * Unit, scaleY * Unit);
        var pixels = new byte[Metadata.Width * Metadata.Height * 3];
        var map = Metadata.Unbiased
            ? CropWarp.UnbiasedMap(x, y, cropWidth, cropHeight, 0, Metadata.Width, Metadata.Height)
            : CropWarp.Map(x, y, cropWidth, 0, Metadata.Width, Metadata.Height);
        CropWarp.Warp(rgb, width, height, map, Metadata.Width, Metadata.Height, pixels, mirrored: false);
        var (maps, mapHeight, mapWidth) = Maps(pixels, stop);
        var joints = new HeatMapDecoder(mapWidth, mapHeight, Metadata.Refinement, Metadata.Blur).Decode(maps);
        (Metadata.Unbiased ? CropPlace.Unbiased(x, y, cropWidth, cropHeight, mapWidth, mapHeight)
            : CropPlace.Of(x, y, cropWidth, mapWidth, mapHeight)).ToImage(joints);
        var (sum, count) = (0.0, 0);
        for (var k = 2; k < joints.Length; k += 3)
            if (joints[k] > Metadata.JointThreshold)
                (sum, count) = (sum + joints[k], count + 1);
        return new EstimatedPose(box, joints, count == 0 ? 0 : sum / count * box.Score);
    }

    (float ScaleX, float ScaleY) ScaleOf(PoseBox box)
    {
        var aspect = (double)Metadata.Width / Metadata.Height;
        var (width, height) = (box.Width, box.Height);
        if (width > aspect * height)
            height = width / aspect;
        else if (width < aspect * height)
            width = height * aspect;
        return ((float)(width / Unit) * BoxPadding, (float)(height / Unit) * BoxPadding);
    }

    (float[] Maps, int Height, int Width) Maps(byte[] pixels, CancellationToken stop)
    {
        var straight = HeatMaps(pixels, mirrored: false, stop);
        if (Metadata.Flip)
            HeatMapFlip.Merge(
                straight.Maps, HeatMaps(pixels, mirrored: true, stop).Maps, straight.Width, straight.Height, Metadata.FlipPairs,
                Metadata.Shift);
        return straight;
    }

    void Fill(Span<float> input, ReadOnlySpan<byte> pixels, bool mirrored)
    {
        var (width, plane) = (Metadata.Width, Metadata.Width * Metadata.Height);
        for (var c = 0; c < 3; c++)
            for (var y = 0; y < Metadata.Height; y++)
                for (var x = 0; x < width; x++)
                    input[c * plane + y * width + x] =
                        normalised[c * 256 + pixels[(y * width + (mirrored ? width - 1 - x : x)) * 3 + c]];
    }
}

/// <summary>The box of a person in pixels of the image.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Upper edge.</param>
/// <param name="Width">Width, above 0.</param>
/// <param name="Height">Height, above 0.</param>
/// <param name="Score">How sure the detector is, which a pose's score is multiplied by.</param>
public readonly record struct PoseBox(double X, double Y, double Width, double Height, double Score = 1);

/// <summary>The joints of a person.</summary>
/// <param name="Box">The box that was looked at.</param>
/// <param name="Keypoints">x, y in pixels of the image, and score of each joint.</param>
/// <param name="Score">The person's score: the box's times the mean of the joints' above the threshold.</param>
public sealed record EstimatedPose(PoseBox Box, float[] Keypoints, double Score);
