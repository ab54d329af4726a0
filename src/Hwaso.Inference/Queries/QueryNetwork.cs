using System.Globalization;
using Hwaso.Checkpoints;
using Hwaso.Common;
using Hwaso.Data;
using Hwaso.Data.Panoptic;
using Hwaso.Imaging;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Models.Heads;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Queries;

/// <summary>
/// A segmentation network with queries, asked for instances and panoptic segments: a trained or imported one on libtorch, or an exported
/// one on Hwaso.Runtime.
/// </summary>
public sealed class QueryNetwork : IDisposable
{
    readonly IDisposable owner;
    SizePx? fixedSize;
    readonly Func<RgbImage, QueryOutput> ask;

    QueryNetwork(IDisposable owner, string source, string engine, IReadOnlyList<ClassEntry> classes, Func<RgbImage, QueryOutput> ask)
    {
        (this.owner, Source, Engine, Classes, this.ask) = (owner, source, engine, classes, ask);
        Things = classes.Index().Where(c => c.Item.HasInstances).Select(c => c.Index).ToHashSet();
    }

    /// <summary>The weight file, or the exported one.</summary>
    public string Source { get; }

    /// <summary>The engine: <c>libtorch</c> or <c>Hwaso.Runtime</c>.</summary>
    public string Engine { get; }

    /// <summary>Its classes; named by their numbers from 0 where the file does not name them.</summary>
    public IReadOnlyList<ClassEntry> Classes { get; }

    /// <summary>The classes whose objects are told apart, from 0; none where the file does not say.</summary>
    public IReadOnlySet<int> Things { get; private set; }

    /// <summary>Which answers become instances and segments.</summary>
    public QueryLimits Limits { get; set; } = new();

    /// <summary>
    /// The size that images are fitted into, the rest black, as EoMT's authors do with the size of their training images; null: images are
    /// seen at their own size. An exported network of fixed size has its own.
    /// </summary>
    /// <exception cref="ArgumentException">An exported network takes images of another size.</exception>
    public SizePx? Fit
    {
        get;
        set => field = fixedSize is not { } size || value == size ? value
            : throw new ArgumentException($"{Source} takes images of {size} pixels; {value?.ToString() ?? "any size"} was asked for: leave "
                + "it out, or export the network at that size");
    }

    /// <summary>The classes as categories: the data set's numbers where the file has them, else from 1 on.</summary>
    public IReadOnlyList<PanopticCategory> Categories =>
    [
        .. Classes.Select((c, k) => new PanopticCategory(c.CategoryId ?? k + 1, c.Name, Things.Contains(k)) { Colour = (c.R, c.G, c.B) }),
    ];

    /// <summary>Opens a run folder's best weights, or a checkpoint that Hwaso wrote.</summary>
    /// <param name="source">The run folder or the checkpoint.</param>
    /// <param name="device">The device of the weights.</param>
    /// <exception cref="FileNotFoundException">There is no such file, or no weights in the folder.</exception>
    /// <exception cref="CheckpointException">The file is damaged, or of a network without queries.</exception>
    public static QueryNetwork Open(string source, Device device)
    {
        var model = LoadedModel.Open(source, device);
        try
        {
            if (model.Net is not (SegmentationNet and IMaskQueries))
                throw new CheckpointException(model.Source, null, Refusal(model.Task == ModelTask.Segmentation
                    ? model.Name : $"{model.Name}, a network for {model.Task.Word()},"));
            return Of(model.Segmentation, model.Normalisation, Named(model.Classes, model.ClassCount), model.Source, model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>A network in memory, on libtorch.</summary>
    /// <param name="net">The network; put into evaluation mode.</param>
    /// <param name="normalisation">The normalisation of its images in training.</param>
    /// <param name="classes">Its classes.</param>
    /// <exception cref="ArgumentException">The network has no queries.</exception>
    public static QueryNetwork Of(SegmentationNet net, Normalisation normalisation, IReadOnlyList<ClassEntry> classes)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentNullException.ThrowIfNull(normalisation);
        return net is IMaskQueries ? Of(net, normalisation, classes, "", new Nothing())
            : throw new ArgumentException(Refusal(net.GetType().Name));
    }

    /// <summary>Opens an exported network, which needs no libtorch.</summary>
    /// <param name="file">The <c>.onnx</c> file, exported with its queries' answers.</param>
    /// <param name="threads">Threads; 0: one per processor.</param>
    /// <exception cref="ModelFormatException">The file is damaged, or does not answer with queries.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static QueryNetwork OpenExported(string file, int threads)
    {
        if (!File.Exists(file))
            throw new FileNotFoundException($"{file}: no such file");
        var model = OnnxModel.Load(file, new RuntimeOptions { Threads = threads });
        try
        {
            return Over(model, file);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>What the queries say of an image, seen once and whole.</summary>
    /// <param name="image">The image.</param>
    /// <exception cref="ArgumentException">The network does not take images of this size.</exception>
    /// <exception cref="TorchException">libtorch refuses the image, or lacks memory.</exception>
    public QueryAnswer Ask(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (seen, height, width) = (image, image.Height, image.Width);
        if (Fit is { } size)
        {
            var factor = Math.Min((double)size.Height / height, (double)size.Width / width);
            (height, width) = (Scaled(height), Scaled(width));
            seen = new RgbImage(size.Width, size.Height);
            Resize.BilinearCrop(image, width, height, 0, 0, seen);

            int Scaled(int side) => Math.Max(1, (int)Math.Round(side * factor));
        }
        var (classes, masks, shape, multiple) = ask(seen);
        return shape is [1, var queries, var maskHeight, var maskWidth]
            ? new QueryAnswer(
                classes, masks, queries, (maskHeight, maskWidth), (Padded(seen.Height, multiple), Padded(seen.Width, multiple)),
                (height, width), (image.Height, image.Width))
            : throw new ArgumentException($"{Source}: masks [{string.Join(", ", shape)}]; [1, Q, h, w] was wanted");
    }

    /// <summary>The objects of an image, the surest first: of all classes where none or all are things, else of things alone.</summary>
    /// <inheritdoc cref="Ask"/>
    public FoundInstance[] Instances(RgbImage image) =>
        QuerySegments.Instances(Ask(image), Limits, Things.Count > 0 ? Things : null);

    /// <summary>The segments of an image.</summary>
    /// <inheritdoc cref="Ask"/>
    public PanopticMap Panoptic(RgbImage image) =>
        QuerySegments.Panoptic(Ask(image), Things, Limits, [.. Categories.Select(c => c.Id)]);

    /// <summary>Says which classes are things, where the file does not or others are wanted.</summary>
    /// <param name="names">Their names.</param>
    /// <exception cref="ArgumentException">A name is none of the classes'.</exception>
    public void TellApart(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var known = Classes.Select(c => c.Name).ToList();
        Things = names.Select(name => known.IndexOf(name) is >= 0 and var k ? k : throw new ArgumentException(
            $"'{name}' is none of the {known.Count} classes of {Source}: {string.Join(", ", known)}")).ToHashSet();
    }

    /// <summary>Frees the weights, unless they are the caller's.</summary>
    public void Dispose() => owner.Dispose();

    static QueryNetwork Of(
        SegmentationNet net, Normalisation normalisation, IReadOnlyList<ClassEntry> classes, string source, IDisposable owner) =>
        new(owner, source, "libtorch", classes, image =>
        {
            var queries = (IMaskQueries)net;
            net.Eval();
            using var scope = new Scope();
            using var off = new NoGrad();
            var input = normalisation.ToTensor(new ChannelImage(image), net.Weights.Device).Contiguous(MemoryFormat.ChannelsLast);
            var (found, masks) = queries.Answer(input);
            return new(Numbers(found), Numbers(masks), [.. masks.Shape.Select(s => (int)s)], queries.Multiple);
        });

    static float[] Numbers(Tensor tensor) => tensor.To(Device.Cpu).Contiguous().ToArray<float>();

    static QueryNetwork Over(OnnxModel model, string file)
    {
        if (!model.Metadata.TryGetValue(ModelMetadata.Queries, out var text))
            throw new ModelFormatException(file, Refusal("it", " If the network has queries, export it with --queries."));
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var multiple) || multiple < 1
            || model.Outputs.Count != 2)
            throw new ModelFormatException(file, $"metadata {ModelMetadata.Queries} '{text}' with {model.Outputs.Count} outputs; a number "
                + "above 0 and two outputs were wanted: export the network again");
        var normalisation = Normalisation.OfExported(model.Metadata, file);
        var classes = model.Metadata.TryGetValue(ModelMetadata.Classes, out var json)
            ? CheckpointMetadata.ReadClasses(json) : Named([], ClassesOf(model, file));
        var size = model.Inputs[0].Shape is [_, _, > 0 and var height, > 0 and var width] ? new SizePx(height, width) : (SizePx?)null;
        return new QueryNetwork(model, file, "Hwaso.Runtime", classes, image =>
        {
            var session = model.Open([1, normalisation.Channels, image.Height, image.Width]);
            normalisation.Fill(new ChannelImage(image), session.Input(0));
            session.Run();
            return new(session.Output(0).ToArray(), session.Output(1).ToArray(), session.OutputShape(1).ToArray(), multiple);
        })
        {
            fixedSize = size,
            Fit = size,
        };
    }

    static int ClassesOf(OnnxModel model, string file) => model.Outputs[0].Shape is [_, _, > 1 and var all] ? all - 1
        : throw new ModelFormatException(file, "does not say how many classes it has; export the network again");

    static int Padded(int side, int multiple) => (side + multiple - 1) / multiple * multiple;

    static IReadOnlyList<ClassEntry> Named(IReadOnlyList<ClassEntry> classes, int count) =>
        classes.Count > 0 ? classes : ClassList.Numbered(count).Entries;

    static string Refusal(string network, string remark = "") =>
        $"{network} has no queries, so it finds no instances and no panoptic segments; EoMT or Mask2Former was wanted.{remark}";

    /// <summary>Logits of classes [1, Q, K + 1] and of masks, the masks' shape, and to multiples of which the image was padded.</summary>
    sealed record QueryOutput(float[] Classes, float[] Masks, int[] Shape, int Multiple);

    sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
