using System.Security.Cryptography;
using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Depth;

/// <summary>
/// Estimates the depth of images, by a frozen DINOv2 with a depth head or by a depth decoder that Hwaso trained: a target for depth
/// decoders
/// where there is no true depth.
/// </summary>
public sealed class DepthTeacher : IDisposable
{
    // Characters of the weights' digest that are kept: enough that no two teachers share them.
    const int DigestLength = 16;

    // Values below 0 are near, not absent.
    const double LeastMetres = 0.001;

    readonly Weights weights;
    readonly Func<Tensor, Tensor> metres;
    readonly Normalisation normalisation;
    readonly DepthViews views;

    DepthTeacher(Weights weights, Func<Tensor, Tensor> metres, Normalisation normalisation, DepthViews views, string identity) =>
        (this.weights, this.metres, this.normalisation, this.views, Identity) = (weights, metres, normalisation, views, identity);

    /// <summary>The origin of a depth map: network, digest of its weights, and views. Equal where the maps are.</summary>
    public string Identity { get; }

    /// <summary>Builds a teacher and fills it.</summary>
    /// <param name="definition">The network.</param>
    /// <param name="files">
    /// Its checkpoint, or several that complete each other, as backbone and head were published; or <see cref="Verifier.Formula"/> alone.
    /// </param>
    /// <param name="views">How it looks at an image.</param>
    /// <param name="device">Where it computes.</param>
    /// <exception cref="ArgumentException">A network without a depth head, or settings that do not fit each other.</exception>
    /// <exception cref="CheckpointException">A tensor of another shape, or one that no file has.</exception>
    public static DepthTeacher Open(DinoDefinition definition, IReadOnlyList<string> files, DepthViews views, Device device)
    {
        views.Check();
        if (definition.Head is null)
            throw new ArgumentException($"{definition.Name} gives features, no depth; "
                + $"{definition.Name}-depth-linear, -depth-linear4 or -depth-dpt was wanted, or a recipe with depth_head");
        var weights = Weights.Create(device, initialise: false);
        try
        {
            var net = (DinoDepth)definition.Build(weights, 0);
            if (files is [Verifier.Formula])
                Verifier.Fill(weights, null);
            else
                Fill(weights, files, definition.Name);
            net.Eval();
            var source = files is [Verifier.Formula] ? Verifier.Formula : $"weights {Digest(weights)}";
            var range = $"{definition.Head.MinDepth} to {definition.Head.MaxDepth} m";
            return new DepthTeacher(weights, net.Call, Normalisation.ImageNet, views, $"{definition.Name}, {range}, {source}, {views}");
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Takes the depth decoder of a run, with its newest weights: the best are those of the best labels.</summary>
    /// <param name="run">A run of a U-Net with a depth decoder that learned metres.</param>
    /// <param name="views">How it looks at an image.</param>
    /// <param name="device">Where it computes.</param>
    /// <exception cref="ArgumentException">A network without a depth decoder, or one that learned disparity or nothing.</exception>
    /// <exception cref="FileNotFoundException">The run has no weights yet.</exception>
    public static DepthTeacher OfRun(RunFolder run, DepthViews views, Device device)
    {
        views.Check();
        var loaded = LoadedModel.Open(File.Exists(run.Last) ? run.Last : run.Weights, device, deployed: false);
        try
        {
            var data = loaded.Recipe.Recipe.Data;
            if (loaded.Net is not UNetMultiDecoder net)
                throw new ArgumentException(
                    $"{run.Root}: its network has no depth decoder; a run of one that has was wanted, such as unet-resnet50-multidecoder");
            if (data.Depth is null or "disparity")
                throw new ArgumentException($"{run.Root}: its depth decoder learned {data.Depth ?? "nothing"}, no metres; "
                    + "a run with a folder of depth PNGs as data.depth was wanted");
            net.Eval();
            var unit = data.DepthUnit ?? DepthFolder.UsualMetres;
            Tensor Metres(Tensor x) => Aten.Clamp(net.Depth(x) * unit, min: LeastMetres);
            return new DepthTeacher(
                net.Weights, Metres, loaded.Normalisation, views, $"depth decoder, weights {Digest(net.Weights)}, {views}");
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>The depth of an image in metres, at its own size.</summary>
    /// <exception cref="TorchException">There is too little memory; tiles need less.</exception>
    public DepthMap Depth(RgbImage image)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var x = normalisation.ToTensor(image, weights.Device);
        var depth = views.Flip ? (Tiled(x) + Aten.Flip(Tiled(Aten.Flip(x, [3])), [3])) * 0.5 : Tiled(x);
        return new DepthMap(image.Width, image.Height, depth.To(Device.Cpu).Contiguous().Span<float>().ToArray());
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => weights.Dispose();

    /// <summary>
    /// [1, 3, H, W] to [1, 1, H, W]: the tiles' answers, each pixel weighted by its distance from its tile's edge, so that no seams show.
    /// </summary>
    Tensor Tiled(Tensor x) => views.Tiles is not { } tiles ? metres(x)
        : Windows.Average(x, tiles, views.Step!.Value, channels: 1, metres, (height, width) =>
            Edges(height, x).Reshape(1, 1, height, 1) * Edges(width, x).Reshape(1, 1, 1, width));

    /// <summary>1, 2, 3, … 3, 2, 1.</summary>
    static Tensor Edges(long length, Tensor like) =>
        Tensor.From([.. Enumerable.Range(0, (int)length).Select(k => (float)Math.Min(k + 1, length - k))], length).To(like.Device);

    static void Fill(Weights weights, IReadOnlyList<string> paths, string name)
    {
        var files = paths.Select(path => TensorFile.Read(path)).ToArray();
        var shapes = weights.State.ToDictionary(s => s.Key, s => s.Value.Shape, StringComparer.Ordinal);
        foreach (var file in files)
            foreach (var (key, tensor) in StateDict.Match(file, shapes.Keys).Loaded)
                if (!tensor.Shape.AsSpan().SequenceEqual(shapes[key]))
                    throw new CheckpointException(file.Path, key,
                        $"has shape [{string.Join(", ", tensor.Shape)}], {name} wants [{string.Join(", ", shapes[key])}]; "
                        + "give the checkpoint of that size, or name its own teacher with --teacher");
        var report = LoadReport.Of([.. files.Select(file => (file.Path, WeightFile.Load(weights, file)))]);
        if (report.Missing.Count > 0)
            throw new CheckpointException(files[^1].Path, report.Missing[0],
                $"is missing{(report.Missing.Count > 1 ? $", and {report.Missing.Count - 1} more of {name}'s tensors" : "")}; "
                + "where backbone and head were published apart, give both, each with --weights");
    }

    static string Digest(Weights weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, tensor) in weights.State)
            hash.AppendData(tensor.ToHost().Data.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..DigestLength];
    }
}

/// <summary>How a depth teacher looks at an image.</summary>
/// <param name="Tiles">Size of the tiles that an image is cut into, each estimated by itself; null for whole images.</param>
/// <param name="Stride">Step from tile to tile, 1 up to a tile; null for two thirds of it.</param>
/// <param name="Flip">Whether the mirrored image is estimated too, and both answers averaged.</param>
public sealed record DepthViews(SizePx? Tiles = null, SizePx? Stride = null, bool Flip = false)
{
    /// <summary>The step from tile to tile; null for whole images.</summary>
    public SizePx? Step => Tiles is not { } tiles ? null : Stride ?? Windows.UsualStep(tiles);

    /// <summary>Checks that the settings fit each other.</summary>
    /// <exception cref="ArgumentException">A step without tiles, or one that skips pixels.</exception>
    public void Check()
    {
        if (Stride is { } given && Tiles is null)
            throw new ArgumentException($"stride {given} without tiles: name their size too");
        if (Tiles is { } tiles && Step is { } step && !Windows.Cover(tiles, step))
            throw new ArgumentException(
                $"stride {step} with tiles of {tiles}: it must be from 1 to the tile's size, or pixels are skipped");
    }

    /// <summary>In words, as they stand in the files that are made with them.</summary>
    public override string ToString() => (Tiles is null ? "whole" : $"tiles {Tiles} every {Step}") + (Flip ? ", mirrored too" : "");
}
