// Ren et al., "Faster R-CNN", NIPS 2015; He et al., "Mask R-CNN", ICCV 2017; on a pyramid as Lin et al., CVPR 2017.
using System.Runtime.InteropServices;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Detectors;

/// <summary>What distinguishes one detector from another besides its pyramid.</summary>
public sealed record DetectorConfig
{
    /// <summary>Whose conventions and names.</summary>
    public required BoxForm Form { get; init; }

    /// <summary>Whether it finds masks too.</summary>
    public bool Masks { get; init; }

    /// <summary>Channels of every level of the pyramid, and inside the mask head.</summary>
    public int Channels { get; init; } = 256;

    /// <summary>Width of the box head's two layers.</summary>
    public int Width { get; init; } = 1024;

    /// <summary>Proposals of an image where their number is fixed: in recordings, costs and exports.</summary>
    public int Proposals { get; init; } = 1000;

    /// <summary>Which of the head's answers are detections.</summary>
    public DetectionLimits Limits { get; init; } = new();

    /// <summary>Side of a square anchor in strides of its level: 8 as published, so 32 pixels at the finest level.</summary>
    public int AnchorScale { get; init; } = 8;

    /// <summary>The settings that every detector has in recipes.</summary>
    public static Settings<DetectorConfig> Settings { get; } = new Settings<DetectorConfig>()
        .Int("anchor_scale", c => c.AnchorScale, (c, v) => c with { AnchorScale = v }, 1,
            "side of a detector's square anchors in strides of their level: 8 is 32 pixels at the finest level")
        .Int("pyramid_channels", c => c.Channels, (c, v) => c with { Channels = v }, 1,
            "channels of every level of a detector's pyramid, and inside its proposal and mask heads")
        .Int("head_width", c => c.Width, (c, v) => c with { Width = v }, 1, "width of both layers of a detector's box head");
}

/// <summary>An image in a batch.</summary>
/// <param name="Height">Its height in the batch, without the padding.</param>
/// <param name="Width">Its width, likewise.</param>
/// <param name="ScaleX">Its width over that of the stored image.</param>
/// <param name="ScaleY">Its height over that of the stored image.</param>
public sealed record DetectorImage(int Height, int Width, float ScaleX = 1, float ScaleY = 1);

/// <summary>A detection with its mask.</summary>
/// <param name="Detection">The box, in pixels of the stored image.</param>
/// <param name="Mask">28×28 probabilities over the box, row by row.</param>
public sealed record DetectedMask(Detection Detection, float[] Mask);

/// <summary>
/// A two-stage detector. As a network of one answer it takes images [N, 3, H, W] without padding and gives [N, 100, 6]: x1, y1, x2, y2,
/// score and class of each detection, zeros behind the last; with <see cref="Detect"/> it takes padded batches.
/// </summary>
public sealed class Detector : Net, ISeveralOutputs, ISeveralAnswers
{
    const int LevelCount = 5;

    static readonly float[] ratios = [0.5f, 1, 2];

    // A box that no network finds marks the end of an image's.
    static readonly Box none = new(0, 0, -1, -1);

    static readonly Operator proposing = Operator.Managed(
        "hwaso::box_proposals(Tensor[] logits, Tensor[] deltas, int height, int width, int proposals, int form, "
        + "int anchor_scale) -> Tensor");
    static readonly Operator detecting = Operator.Managed(
        "hwaso::box_detections(Tensor rois, Tensor logits, Tensor deltas, int images, int height, int width, int kept, int form, "
        + "float score, float overlap) -> Tensor");

    static readonly Operator boxing = Operator.Managed("hwaso::box_rois(Tensor detections) -> Tensor");

    readonly Net<Tensor, Tensor[]> pyramid;
    readonly ProposalHead proposals;
    readonly BoxHead head;
    readonly MaskHead? masks;
    readonly DetectorConfig config;

    /// <summary>Builds the heads behind a pyramid.</summary>
    /// <param name="w">The root, where the pyramid has been built.</param>
    /// <param name="pyramid">Images to levels of strides 4 to 64; the last serves proposals alone.</param>
    /// <param name="config">Conventions and numbers.</param>
    /// <param name="classes">K, without the background.</param>
    /// <exception cref="ArgumentOutOfRangeException">No class.</exception>
    public Detector(Weights w, Net<Tensor, Tensor[]> pyramid, DetectorConfig config, int classes) : base(w)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (classes < 1)
            throw new ArgumentOutOfRangeException(nameof(classes), $"a detector of {classes} classes; at least 1 was wanted");
        (this.pyramid, this.config, Classes) = (pyramid, config, classes);
        proposals = new(w, config.Form, config.Channels, ratios.Length);
        head = new(w, config.Form, config.Channels, config.Width, classes);
        masks = config.Masks ? new(w, config.Form, config.Channels, classes) : null;
    }

    /// <summary>K, without the background.</summary>
    public int Classes { get; }

    /// <summary>Conventions and numbers.</summary>
    public DetectorConfig Config => config;

    /// <summary>Whether it finds masks too.</summary>
    public bool HasMasks => masks is not null;

    /// <summary>The names of the modules that do not belong to the backbone: what learns at the head's rate.</summary>
    public IReadOnlyList<string> HeadPaths => config.Form switch
    {
        BoxForm.Authors => ["neck", "rpn_head", "bbox_head", "mask_head"],
        BoxForm.Mmdetection => ["neck", "rpn_head", "roi_head"],
        _ => ["backbone.fpn", "rpn", "roi_heads"],
    };

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames =>
    [
        .. Enumerable.Range(0, LevelCount).Select(level => $"logits{level}"),
        .. Enumerable.Range(0, LevelCount).Select(level => $"deltas{level}"),
        "classes", "boxes", .. masks is null ? Array.Empty<string>() : ["masks"], "",
    ];

    /// <summary>The levels of images [N, 3, H, W], finest first.</summary>
    public Tensor[] Levels(Tensor images) => images.Apply(pyramid);

    /// <summary>The proposal network's logits of every level, then its differences.</summary>
    public Tensor[] Maps(Tensor[] levels) => levels.Apply(proposals);

    /// <summary>The anchors of each level, row by row.</summary>
    /// <param name="maps">As <see cref="Maps"/> gives them.</param>
    /// <param name="height">Height of the batch with its padding.</param>
    /// <param name="width">Width of the batch with its padding.</param>
    public Box[][] Anchors(Tensor[] maps, int height, int width)
    {
        var anchors = new Box[maps.Length / 2][];
        for (var level = 0; level < anchors.Length; level++)
        {
            int rows = (int)maps[level].Size(2), columns = (int)maps[level].Size(3), stride = 4 << level;
            anchors[level] = config.Form == BoxForm.Torchvision
                ? AnchorGrid.Over(
                    AnchorGrid.Shapes(config.Form, 1, [config.AnchorScale * stride], ratios), rows, columns, height / rows, width / columns)
                : AnchorGrid.Over(AnchorGrid.Shapes(config.Form, stride, [config.AnchorScale], ratios), rows, columns, stride, stride);
        }
        return anchors;
    }

    /// <summary>The proposals of each image.</summary>
    /// <param name="maps">As <see cref="Maps"/> gives them.</param>
    /// <param name="height">Height of the batch with its padding.</param>
    /// <param name="width">Width of the batch with its padding.</param>
    /// <param name="images">The images in it.</param>
    /// <param name="limits">How many; null for as many as published.</param>
    public ScoredBox[][] Proposals(
        Tensor[] maps, int height, int width, IReadOnlyList<DetectorImage> images, ProposalLimits? limits = null)
    {
        limits ??= ProposalLimits.Published(config.Form, IsTraining);
        var anchors = Anchors(maps, height, width);
        var numbers = Array.ConvertAll(maps, map => map.ToArray<float>());
        var found = new ScoredBox[images.Count][];
        Parallel.For(0, images.Count, n =>
        {
            var levels = new ProposalLevel[anchors.Length];
            for (var level = 0; level < levels.Length; level++)
                levels[level] = new ProposalLevel(Of(level), Of(anchors.Length + level), anchors[level]) { Shapes = ratios.Length };
            found[n] = ProposalSelection.Of(config.Form, levels, limits, (images[n].Height, images[n].Width));

            ReadOnlyMemory<float> Of(int map)
            {
                var each = numbers[map].Length / images.Count;
                return numbers[map].AsMemory(n * each, each);
            }
        });
        return found;
    }

    /// <summary>The features of boxes, [R, C, side, side], image after image.</summary>
    public Tensor Pool(Tensor[] levels, IReadOnlyList<Box[]> boxes, int side = BoxHead.Side) =>
        Pool(levels, Rois(boxes).To(levels[0].Device), side);

    /// <summary>Class logits and differences of pooled features.</summary>
    public Tensor[] Head(Tensor features) => features.Apply(head);

    /// <summary>Masks' logits of features pooled at <see cref="MaskHead.Side"/>.</summary>
    /// <exception cref="InvalidOperationException">The detector has no masks.</exception>
    public Tensor Masks(Tensor features) => features.Apply(masks ?? throw new InvalidOperationException("this detector finds no masks"));

    /// <summary>The detections of each image, in pixels of the stored images.</summary>
    /// <param name="batch">[N, 3, H, W], padded on the right and below.</param>
    /// <param name="images">The images in it.</param>
    /// <param name="limits">Which answers are detections; null for the configuration's.</param>
    public Detection[][] Detect(Tensor batch, IReadOnlyList<DetectorImage> images, DetectionLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var scope = new Scope();
        return Detected(Levels(batch), batch, images, limits);
    }

    /// <summary>The detections of each image and the mask of each, 28×28 probabilities over its box.</summary>
    /// <inheritdoc cref="Detect(Tensor, IReadOnlyList{DetectorImage}, DetectionLimits?)"/>
    /// <exception cref="InvalidOperationException">The detector has no masks.</exception>
    public DetectedMask[][] DetectMasks(Tensor batch, IReadOnlyList<DetectorImage> images, DetectionLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var scope = new Scope();
        var levels = Levels(batch);
        var found = Detected(levels, batch, images, limits);
        Box[][] boxes = [.. found.Zip(images, (own, image) => own.Select(d => d.Box.Scaled(image.ScaleX, image.ScaleY)).ToArray())];
        if (found.All(own => own.Length == 0))
            return [.. found.Select(_ => Array.Empty<DetectedMask>())];
        var logits = Masks(Pool(levels, boxes, MaskHead.Side));
        long[] labels = [.. found.SelectMany(own => own.Select(d => (long)d.Label + (config.Form.BackgroundLast ? 0 : 1)))];
        var shares = DetectionLosses.OfClass(logits, Tensor.From(labels).To(logits.Device)).Sigmoid().ToArray<float>();
        var each = shares.Length / labels.Length;
        var at = 0;
        return [.. found.Select(own => own.Select(d => new DetectedMask(d, shares[(at * each)..(++at * each)])).ToArray())];
    }

    Detection[][] Detected(Tensor[] levels, Tensor batch, IReadOnlyList<DetectorImage> images, DetectionLimits? limits)
    {
        var found = Proposals(Maps(levels), (int)batch.Size(2), (int)batch.Size(3), images);
        Box[][] boxes = [.. found.Select(own => own.Select(p => p.Box).ToArray())];
        return Detections(Head(Pool(levels, boxes)), boxes, images, limits);
    }

    /// <summary>The detections of each image from its head's answers.</summary>
    /// <param name="answers">Class logits and differences, image after image.</param>
    /// <param name="boxes">The proposals that they belong to.</param>
    /// <param name="images">The images.</param>
    /// <param name="limits">Which answers are detections; null for the configuration's.</param>
    public Detection[][] Detections(
        Tensor[] answers, IReadOnlyList<Box[]> boxes, IReadOnlyList<DetectorImage> images, DetectionLimits? limits = null)
    {
        float[] logits = answers[0].ToArray<float>(), deltas = answers[1].ToArray<float>();
        int columns = (int)answers[0].Size(1), differences = (int)answers[1].Size(1), at = 0;
        var found = new Detection[images.Count][];
        for (var n = 0; n < found.Length; n++)
        {
            var (count, image) = (boxes[n].Length, images[n]);
            found[n] = DetectionSelection.Of(
                config.Form, boxes[n], logits.AsSpan(at * columns, count * columns), deltas.AsSpan(at * differences, count * differences),
                limits ?? config.Limits, (image.Height, image.Width), image.ScaleX, image.ScaleY);
            at += count;
        }
        return found;
    }

    /// <summary>
    /// What losses look at, at a fixed number of proposals: the proposal network's maps, and class logits, boxes and masks of the heads
    /// as [N, P, …]; then the answer.
    /// </summary>
    public Tensor[] Outputs(Tensor image)
    {
        var levels = Levels(image);
        var maps = Maps(levels);
        var rois = FixedRois(maps, image);
        var answers = Head(Pool(levels, rois, BoxHead.Side));
        var n = image.Size(0);
        Tensor[] seen = [.. maps, .. answers.Select(a => a.Reshape(n, -1, a.Size(1)))];
        if (masks is not null)
        {
            // One proposal of each image stands for its detections.
            var few = rois.Reshape(n, -1, 5).Narrow(1, 0, 1).Reshape(n, 5);
            seen = [.. seen, Pool(levels, few, MaskHead.Side).Apply(masks)];
        }
        return [.. seen, FixedDetections(rois, answers, image)];
    }

    /// <summary>The detections, and where there are masks those of each, [N, 100, K, 28, 28] as logits.</summary>
    public Tensor[] Answers(Tensor image)
    {
        var levels = Levels(image);
        var rois = FixedRois(Maps(levels), image);
        var detections = FixedDetections(rois, Head(Pool(levels, rois, BoxHead.Side)), image);
        if (masks is null)
            return [detections];
        var found = Door.CallManaged(boxing, [detections], () => RoisOf(detections));
        var shapes = Pool(levels, found, MaskHead.Side).Apply(masks);
        return [detections, shapes.Reshape(detections.Size(0), detections.Size(1), shapes.Size(1), shapes.Size(2), shapes.Size(3))];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var levels = Levels(x);
        var rois = FixedRois(Maps(levels), x);
        return FixedDetections(rois, Head(Pool(levels, rois, BoxHead.Side)), x);
    }

    Tensor Pool(Tensor[] levels, Tensor rois, int side) => PyramidPooling.Of(
        config.Form, levels[..^1], rois, [.. Enumerable.Range(2, levels.Length - 1).Select(level => 1.0 / (1 << level))], side);

    /// <summary>[N·P, 5].</summary>
    Tensor FixedRois(Tensor[] maps, Tensor images)
    {
        var (n, height, width, half) = ((int)images.Size(0), (int)images.Size(2), (int)images.Size(3), maps.Length / 2);
        return Door.CallManaged(
            proposing, [maps[..half], maps[half..], height, width, config.Proposals, (long)config.Form, config.AnchorScale], () =>
            {
                var whole = Enumerable.Repeat(new DetectorImage(height, width), n).ToArray();
                var limits = ProposalLimits.Published(config.Form, IsTraining);
                var found = Proposals(maps, height, width, whole, limits with { Kept = Math.Min(limits.Kept, config.Proposals) });
                return Rois([.. found.Select(own =>
                    own.Select(p => p.Box).Concat(Enumerable.Repeat(none, config.Proposals)).Take(config.Proposals).ToArray())])
                    .To(images.Device);
            });
    }

    /// <summary>[N, 100, 6].</summary>
    Tensor FixedDetections(Tensor rois, Tensor[] answers, Tensor images)
    {
        var (n, height, width, kept) = ((int)images.Size(0), (int)images.Size(2), (int)images.Size(3), config.Limits.Kept);
        return Door.CallManaged(
            detecting,
            [
                rois, answers[0], answers[1], n, height, width, kept, (long)config.Form, (double)config.Limits.Score,
                config.Limits.Threshold,
            ],
            () =>
            {
                var rows = new float[n * kept * 6];
                var all = rois.ToArray<float>();
                for (var k = 0; k < n; k++)
                {
                    Box[] own = [.. all.AsSpan(k * config.Proposals * 5, config.Proposals * 5).ToArray().Chunk(5)
                        .Select(r => new Box(r[1], r[2], r[3], r[4])).TakeWhile(b => b != none)];
                    Tensor[] seen = [.. answers.Select(a => a.Narrow(0, (long)k * config.Proposals, own.Length))];
                    var found = Detections(seen, [own], [new DetectorImage(height, width)])[0];
                    for (var d = 0; d < found.Length; d++)
                    {
                        var (box, score, label) = found[d];
                        new[] { box.X1, box.Y1, box.X2, box.Y2, score, label }.CopyTo(rows, (k * kept + d) * 6);
                    }
                }
                return Tensor.From(rows, n, kept, 6).To(images.Device);
            });
    }

    static Tensor RoisOf(Tensor detections)
    {
        var rows = detections.ToArray<float>();
        var each = (int)detections.Size(1);
        return Rois([.. rows.Chunk(6).Select(r => new Box(r[0], r[1], r[2], r[3])).Chunk(each)]).To(detections.Device);
    }

    static Tensor Rois(IReadOnlyList<Box[]> boxes)
    {
        List<float> rows = [];
        for (var n = 0; n < boxes.Count; n++)
            foreach (var box in boxes[n])
                rows.AddRange([n, box.X1, box.Y1, box.X2, box.Y2]);
        return Tensor.From(CollectionsMarshal.AsSpan(rows), rows.Count / 5, 5);
    }
}
