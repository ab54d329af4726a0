using Hwaso.Graph;
using Hwaso.Nn.Boxes;

namespace Hwaso.Onnx;

/// <summary>
/// Writes the steps of a two-stage detector that are ours in operators that every runtime has: proposals, pooling from a pyramid,
/// detections. One image is padded inside the file, and boxes are divided by the input <c>scale</c>, so that they lie in the stored image.
/// </summary>
static class OnnxDetector
{
    const string Scale = "scale", Both = "scale_of_boxes", Border = "image_border", Padded = "image_padded", PaddedSides = "padded_sides";

    // Sides grow at most by 1000 ÷ 16, as in BoxCoder.
    static readonly double most = Math.Log(1000.0 / 16);

    static readonly float[] ratios = [0.5f, 1, 2];

    /// <summary>The name of the image with its padding.</summary>
    public static string Input => Padded;

    /// <summary>Writes the inputs, the padding, and the numbers of the image's size.</summary>
    public static void Begin(OnnxExporter to, string image, DetectorOptions detector)
    {
        var document = to.Document;
        document.Input(image, OnnxDataType.Float32, (1, ""), (3, ""), (detector.Size?.Height, "height"), (detector.Size?.Width, "width"));
        document.Input(Scale, OnnxDataType.Float32, (2, ""));
        Plain("Shape", [image], "image_sizes");
        Plain("Slice", ["image_sizes", to.Constant(2), to.Constant(4), to.Constant(0)], "image_sides");
        Plain("Add", ["image_sides", to.Constant(detector.Multiple - 1)], "rounded_sides");
        Plain("Div", ["rounded_sides", to.Constant(detector.Multiple)], "multiples");
        Plain("Mul", ["multiples", to.Constant(detector.Multiple)], "multiple_sides");
        Plain("Max", ["multiple_sides", to.Constant(detector.Least)], PaddedSides);
        Plain("Sub", [PaddedSides, "image_sides"], "added_sides");
        Plain("Concat", [to.Constant(0, 0, 0, 0, 0, 0), "added_sides"], "padding", OnnxValue.Of("axis", 0L));
        Plain("Pad", [image, "padding"], Padded);
        Plain("Gather", ["image_sides", to.Constant(1, 0, 1, 0)], "border_sides", OnnxValue.Of("axis", 0L));
        Plain("Cast", ["border_sides"], "border_numbers", OnnxValue.Of("to", (long)OnnxDataType.Float32));
        Plain("Sub", ["border_numbers", to.Constant([1], [detector.Form.Extent])], Border);
        Plain("Concat", [Scale, Scale], Both, OnnxValue.Of("axis", 0L));

        void Plain(string type, string[] inputs, string output, params OnnxValue[] attributes) =>
            document.Node(type, $"{type}_{output}", inputs, [output], attributes);
    }

    /// <summary>Writes <c>hwaso::box_proposals</c>: [P, 5], boxes that are none behind the last.</summary>
    public static void Proposals(GraphNode node, OnnxExporter to)
    {
        var steps = new OnnxSteps(node, to);
        var (kept, form, anchorScale) = (node.Int(4), (BoxForm)node.Int(5), node.Int(6));
        var limits = ProposalLimits.Published(form, training: false);
        string[] logits = to.Arguments(node, 0), deltas = to.Arguments(node, 1);
        List<string> boxes = [], scores = [];
        for (var level = 0; level < logits.Length; level++)
        {
            var flat = steps.Shaped(Last(steps, logits[level]), -1);
            var sure = steps.Step("Sigmoid", [flat]);
            var best = steps.Best(
                form == BoxForm.Torchvision ? flat : sure,
                steps.Step("Min", [steps.Step("Shape", [flat]), to.Constant(limits.Before)]));
            var decoded = Decoded(
                steps, to, form, steps.Rows(Anchors(steps, to, form, logits[level], level, anchorScale), best),
                steps.Rows(steps.Shaped(Last(steps, deltas[level]), -1, 4), best), 2, 1, 1);
            sure = steps.Rows(sure, best);
            if (form != BoxForm.Authors)
            {
                var shortest = Shortest(steps, decoded, 2);
                var isLarge = form == BoxForm.Mmdetection ? steps.Step("Greater", [shortest, to.Constant(0.0)])
                    : steps.Step("GreaterOrEqual", [shortest, to.Constant(1e-3)]);
                sure = steps.Step("Where", [isLarge, sure, to.Constant(-1.0)]);
            }
            var places = Suppressed(
                steps, to, form, steps.Step("Unsqueeze", [decoded, to.Constant(0)]), steps.Shaped(sure, 1, 1, -1),
                Math.Min(limits.PerLevel, limits.Kept), limits.Threshold, 0);
            var own = steps.Shaped(steps.Columns(places, 2, 2, 3), -1);
            boxes.Add(steps.Rows(decoded, own));
            scores.Add(steps.Rows(sure, own));
        }
        var all = steps.Join(0, [.. scores, steps.Repeated("no_scores", kept, -1)]);
        var found = steps.Join(0, [.. boxes, steps.Repeated("no_boxes", kept, 0, 0, -1, -1)]);
        var chosen = steps.Rows(found, steps.Best(all, to.Constant(kept)));
        to.Emit(node, "Concat", [FirstImage(to, kept), chosen], to.Result(node), OnnxValue.Of("axis", 1L));
    }

    /// <summary>Writes <c>hwaso::roi_align_pyramid</c>: pools each box from its level and restores their order.</summary>
    public static void Pool(GraphNode node, OnnxExporter to)
    {
        var steps = new OnnxSteps(node, to);
        var (levels, side, form) = (to.Arguments(node, 0), node.Int(3), (BoxForm)node.Int(4));
        var count = to.Tensor(node, 1).Shape[0];
        var boxes = steps.Columns(to.Argument(node, 1), 2, 1, 5);
        var sides = Sides(steps, to, form, boxes, 2);
        var size = steps.Step("Sqrt", [steps.Step("Mul", [steps.Columns(sides, 2, 0, 1), steps.Columns(sides, 2, 1, 2)])]);
        var level = "";
        for (var k = 1; k < levels.Length; k++)
        {
            // As floor(log2(√area ÷ 56 + 10⁻⁶)) and floor(4 + log2(√area ÷ 224) + 10⁻⁶) − 2.
            var least = form == BoxForm.Torchvision ? 224 * Math.Pow(2, k - 2 - 1e-6) : 56 * (Math.Pow(2, k) - 1e-6);
            var reached = steps.Step("Cast", [steps.Step("GreaterOrEqual", [size, to.Constant(least)])],
                OnnxValue.Of("to", (long)OnnxDataType.Int64));
            level = k == 1 ? reached : steps.Step("Add", [level, reached]);
        }
        level = steps.Shaped(level, -1);
        List<string> pooled = [], order = [];
        for (var k = 0; k < levels.Length; k++)
        {
            var own = steps.Shaped(steps.Step("NonZero", [steps.Step("Equal", [level, to.Scalar(k)])]), -1);
            var rows = steps.Rows(boxes, own);
            // The levels' strides are 4, 8, ….
            var (stride, half) = (4 << k, 2f * (1 << k));
            if (form == BoxForm.Authors)
                rows = steps.Step("Add", [rows, steps.Numbers(half, half, 1 + half, 1 + half)]);
            pooled.Add(steps.Step("RoiAlign", [levels[k], rows, steps.Step("Sub", [own, own])],
                OnnxValue.Of("mode", "avg"), OnnxValue.Of("output_height", side), OnnxValue.Of("output_width", side),
                OnnxValue.Of("sampling_ratio", (long)form.Sampling), OnnxValue.Of("spatial_scale", 1.0 / stride),
                OnnxValue.Of("coordinate_transformation_mode", form == BoxForm.Torchvision ? "output_half_pixel" : "half_pixel")));
            order.Add(own);
        }
        var back = steps.Best(steps.Join(0, [.. order]), to.Constant(count), largest: false);
        to.Emit(node, "Gather", [steps.Join(0, [.. pooled]), back], to.Result(node), OnnxValue.Of("axis", 0L));
    }

    /// <summary>Writes <c>hwaso::box_detections</c>: [1, D, 6], zeros behind the last.</summary>
    public static void Detections(GraphNode node, OnnxExporter to)
    {
        var steps = new OnnxSteps(node, to);
        var (kept, form, least, overlap) = (node.Int(6), (BoxForm)node.Int(7), node.Number(8), node.Number(9));
        var columns = to.Tensor(node, 1).Shape[1];
        var (classes, differences) = (columns - 1, to.Tensor(node, 2).Shape[1] / 4);
        var first = form.BackgroundLast ? 0L : 1;
        var rois = to.Argument(node, 0);
        var isBox = steps.Step("GreaterOrEqual", [steps.Columns(rois, 2, 3, 4), to.Constant(0.0)]);
        var shares = steps.Columns(steps.Step("Softmax", [to.Argument(node, 1)], OnnxValue.Of("axis", 1L)), 2, first, first + classes);
        var scores = steps.Step("Transpose", [steps.Step("Where", [isBox, shares, to.Constant(0.0)])], OnnxValue.Of("perm", 1L, 0L));
        var deltas = steps.Shaped(to.Argument(node, 2), -1, differences, 4);
        if (differences == columns)
            deltas = steps.Step("Slice", [deltas, to.Constant(first), to.Constant(first + classes), to.Constant(1)]);
        deltas = steps.Step("Transpose", [deltas], OnnxValue.Of("perm", 1L, 0L, 2L));                  // [K, P, 4]
        var starts = steps.Step("Unsqueeze", [steps.Columns(rois, 2, 1, 5), to.Constant(0)]);
        var boxes = Decoded(steps, to, form, starts, deltas, 3, 0.1, 0.2);
        if (form == BoxForm.Torchvision)
            scores = steps.Step("Where",
                [steps.Step("GreaterOrEqual", [Shortest(steps, boxes, 3), to.Constant(1e-2)]), scores, to.Constant(0.0)]);
        var stored = steps.Step("Div", [boxes, Both]);
        var places = Suppressed(steps, to, form, stored, steps.Step("Unsqueeze", [scores, to.Constant(1)]), kept, overlap, least);
        var pairs = steps.Step("Gather", [places, to.Constant(0, 2)], OnnxValue.Of("axis", 1L));
        var sure = steps.Step("GatherND", [scores, pairs]);
        var labels = steps.Step("Cast", [steps.Columns(places, 2, 0, 1)], OnnxValue.Of("to", (long)OnnxDataType.Float32));
        var rows = steps.Join(1, steps.Step("GatherND", [stored, pairs]), steps.Shaped(sure, -1, 1), labels);
        var best = steps.Best(steps.Join(0, sure, steps.Repeated("zero_scores", kept, 0)), to.Constant(kept));
        var found = steps.Rows(steps.Join(0, rows, steps.Repeated("zero_rows", kept, 0, 0, 0, 0, 0, 0)), best);
        to.Emit(node, "Unsqueeze", [found, to.Constant(0)], to.Result(node));
    }

    /// <summary>Writes <c>hwaso::box_rois</c>: the detections' boxes in pixels of the input again.</summary>
    public static void Rois(GraphNode node, OnnxExporter to)
    {
        var steps = new OnnxSteps(node, to);
        var count = to.Tensor(node, 0).Shape[1];
        var boxes = steps.Step("Mul", [steps.Columns(steps.Shaped(to.Argument(node, 0), -1, 6), 2, 0, 4), Both]);
        to.Emit(node, "Concat", [FirstImage(to, count), boxes], to.Result(node), OnnxValue.Of("axis", 1L));
    }

    /// <summary>Writes the probabilities of each detection's mask from the logits of all classes: [1, D, h, w].</summary>
    public static void Masks(OnnxExporter to, string detections, string logits, IReadOnlyList<long> shape, BoxForm form, string output)
    {
        var document = to.Document;
        document.Weight("detection_numbers", [shape[1], 1], Enumerable.Range(0, (int)shape[1]).Select(k => (long)k).ToArray());
        Plain("Reshape", [logits, to.Constant(shape[1], shape[2], shape[3], shape[4])], "mask_logits");
        Plain("Slice", [detections, to.Constant(5), to.Constant(6), to.Constant(2)], "detection_labels");
        Plain("Reshape", ["detection_labels", to.Constant(shape[1], 1)], "label_column");
        Plain("Cast", ["label_column"], "labels_from_0", OnnxValue.Of("to", (long)OnnxDataType.Int64));
        Plain("Add", ["labels_from_0", to.Constant(form.BackgroundLast ? 0 : 1)], "mask_columns");
        Plain("Concat", ["detection_numbers", "mask_columns"], "mask_places", OnnxValue.Of("axis", 1L));
        Plain("GatherND", ["mask_logits", "mask_places"], "own_logits");
        Plain("Sigmoid", ["own_logits"], "own_masks");
        Plain("Unsqueeze", ["own_masks", to.Constant(0)], output);
        document.Output(output, OnnxDataType.Float32, (1, ""), (shape[1], ""), (shape[3], ""), (shape[4], ""));

        void Plain(string type, string[] inputs, string result, params OnnxValue[] attributes) =>
            document.Node(type, $"{type}_{result}", inputs, [result], attributes);
    }

    static string Last(OnnxSteps steps, string map) => steps.Step("Transpose", [map], OnnxValue.Of("perm", 0L, 2L, 3L, 1L));

    // Column 0 of boxes: the image.
    static string FirstImage(OnnxExporter to, long count)
    {
        var name = $"first_image_{count}";
        to.Document.Weight(name, [count, 1], new float[count]);
        return name;
    }

    /// <summary>The shapes at every position, [h·w·A, 4].</summary>
    static string Anchors(OnnxSteps steps, OnnxExporter to, BoxForm form, string map, int level, long anchorScale)
    {
        long stride = 4L << level;
        var shapes = form == BoxForm.Torchvision
            ? AnchorGrid.Shapes(form, 1, [anchorScale * stride], ratios)
            : AnchorGrid.Shapes(form, stride, [anchorScale], ratios);
        var sizes = steps.Step("Shape", [map]);
        var (down, across) = (Places(2, 0, [-1, 1, 1, 1]), Places(3, 1, [1, -1, 1, 1]));
        var moved = steps.Step("Add",
            [steps.Step("Mul", [across, steps.Numbers(1, 0, 1, 0)]), steps.Step("Mul", [down, steps.Numbers(0, 1, 0, 1)])]);
        var grid = steps.Step("Add",
            [moved, to.Constant([1, 1, shapes.Length, 4], [.. shapes.SelectMany(s => new[] { s.X1, s.Y1, s.X2, s.Y2 })])]);
        return steps.Shaped(grid, -1, 4);

        string Places(long dimension, long axis, long[] shape)
        {
            var count = steps.Step("Gather", [sizes, to.Constant(dimension)], OnnxValue.Of("axis", 0L));
            // torchvision's steps are whole quotients of the padded image and the map.
            var step = form != BoxForm.Torchvision ? to.Constant(stride)
                : steps.Step("Div", [steps.Step("Gather", [PaddedSides, to.Constant(axis)], OnnxValue.Of("axis", 0L)), count]);
            var range = steps.Step("Range", [to.Scalar(0), steps.Step("Squeeze", [count]), to.Scalar(1)]);
            return steps.Shaped(to.Floats(steps.Step("Mul", [range, step]), steps.Step), shape);
        }
    }

    /// <summary>BoxCoder's boxes, cut off at the image's border.</summary>
    static string Decoded(
        OnnxSteps steps, OnnxExporter to, BoxForm form, string starts, string deltas, int dimensions, double centre, double side)
    {
        var (low, high) = (steps.Columns(starts, dimensions, 0, 2), steps.Columns(starts, dimensions, 2, 4));
        var sides = Sides(steps, to, form, starts, dimensions);
        var middle = form == BoxForm.Authors ? steps.Step("Mul", [steps.Step("Add", [low, high]), to.Constant(0.5)])
            : steps.Step("Add", [low, steps.Step("Mul", [sides, to.Constant(0.5)])]);
        var moves = steps.Step("Mul", [steps.Columns(deltas, dimensions, 0, 2), to.Constant(centre)]);
        var grown = steps.Step("Mul", [steps.Columns(deltas, dimensions, 2, 4), to.Constant(side)]);
        grown = steps.Step("Min", [grown, to.Constant(most)]);
        if (form != BoxForm.Torchvision)
            grown = steps.Step("Max", [grown, to.Constant(-most)]);
        var half = steps.Step("Mul", [steps.Step("Mul", [sides, steps.Step("Exp", [grown])]), to.Constant(0.5)]);
        var at = steps.Step("Add", [middle, steps.Step("Mul", [sides, moves])]);
        var (from, until) = (steps.Step("Sub", [at, half]), steps.Step("Add", [at, half]));
        if (form.Extent != 0)
        {
            from = steps.Step("Add", [from, to.Constant(form.Extent / 2.0)]);
            until = steps.Step("Sub", [until, to.Constant(form.Extent / 2.0)]);
        }
        var boxes = steps.Join(dimensions - 1, from, until);
        return steps.Step("Max", [steps.Step("Min", [boxes, Border]), to.Constant(0.0)]);
    }

    static string Sides(OnnxSteps steps, OnnxExporter to, BoxForm form, string boxes, int dimensions)
    {
        var sides = steps.Step("Sub", [steps.Columns(boxes, dimensions, 2, 4), steps.Columns(boxes, dimensions, 0, 2)]);
        return form.Extent == 0 ? sides : steps.Step("Add", [sides, to.Constant((double)form.Extent)]);
    }

    // torchvision and mmdetection: no extent.
    static string Shortest(OnnxSteps steps, string boxes, int dimensions) => steps.Step(
        "ReduceMin", [steps.Step("Sub", [steps.Columns(boxes, dimensions, 2, 4), steps.Columns(boxes, dimensions, 0, 2)])],
        OnnxValue.Of("axes", [dimensions - 1L]), OnnxValue.Of("keepdims", 0L));

    /// <summary>The places (list, 0, box) that suppression leaves.</summary>
    static string Suppressed(
        OnnxSteps steps, OnnxExporter to, BoxForm form, string boxes, string scores, long count, double overlap, double least)
    {
        // A last pixel that belongs to the box makes it longer by one.
        var whole = form.Extent == 0 ? boxes : steps.Step("Add", [boxes, steps.Numbers(0, 0, form.Extent, form.Extent)]);
        return steps.Step("NonMaxSuppression",
            [whole, scores, to.Constant(count), to.Constant([1], [(float)overlap]), to.Constant([1], [(float)least])]);
    }
}
