using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hwaso.Nn.Boxes;
using static System.StringComparison;

namespace Hwaso.Training.Verifying;

/// <summary>
/// Compares the operators of detectors with recorded answers of torchvision, of the HRNet authors' code, of mmdetection and pycocotools.
/// </summary>
public static class BoxOperators
{
    // Corners are float32 of some hundred pixels, or shares of them.
    const double Corners = 1e-4, Shares = 1e-5;

    static readonly (string Name, BoxForm Form)[] forms =
    [
        ("torchvision", BoxForm.Torchvision), ("mmdet1", BoxForm.Authors), ("mmdet2", BoxForm.Mmdetection), ("mmdet3", BoxForm.Mmdetection),
    ];

    /// <summary>The operators by name.</summary>
    public static IReadOnlyDictionary<string, Action<OperatorFixture, OperatorCheck>> All { get; } =
        new Dictionary<string, Action<OperatorFixture, OperatorCheck>>
        {
            ["anchors"] = Anchors,
            ["box-coder"] = Coder,
            ["iou"] = Overlaps,
            ["nms"] = Suppressed,
            ["roi-align"] = DetectorOperators.Pooling,
            ["levels"] = Levels,
            ["assign"] = AssignOperators.Assigned,
            ["stages"] = StageOperators.Stages,
            ["detection-losses"] = DetectorOperators.Losses,
            ["resize-rules"] = DetectorOperators.Resizing,
            ["rle"] = MaskOperators.RunLengths,
        };

    /// <summary>The convention whose name begins a tensor's.</summary>
    internal static (string Name, BoxForm Form)? FormOf(string tensor) =>
        forms.Where(f => tensor.StartsWith(f.Name, Ordinal)).Select(f => ((string, BoxForm)?)f).FirstOrDefault();

    /// <summary>A tensor [n, 4] as boxes.</summary>
    internal static Box[] Boxes(OperatorFixture fixture, string name) =>
        MemoryMarshal.Cast<float, Box>(fixture.Floats(name)).ToArray();

    /// <summary>Boxes as numbers.</summary>
    internal static float[] Numbers(ReadOnlySpan<Box> boxes) => MemoryMarshal.Cast<Box, float>(boxes).ToArray();

    /// <summary>A tensor of whole numbers.</summary>
    internal static int[] Whole(OperatorFixture fixture, string name) => [.. fixture.Doubles(name).Select(v => (int)v)];

    /// <summary>A number at the end of a name.</summary>
    internal static double Last(string name) => double.Parse(name.Split('_')[^1], CultureInfo.InvariantCulture);

    static void Anchors(OperatorFixture fixture, OperatorCheck check)
    {
        foreach (var (name, fields) in fixture.Cases)
        {
            check.Begin(name);
            if (FormOf(name) is not { } named)
                throw fixture.Error(name, "belongs to no convention: torchvision, mmdet1 or mmdet2 was wanted");
            var size = fixture.List(fields, "image_height_width");
            var (height, width) = ((int)size[0], (int)size[1]);
            List<Box> anchors = [];
            foreach (var level in LevelsOf(fixture, fields, named.Form, height, width).Index())
            {
                var (shapes, rows, columns, stepY, stepX) = level.Item;
                Compare("cell", shapes);
                Compare("base", shapes);
                anchors.AddRange(AnchorGrid.Over(shapes, rows, columns, stepY, stepX));

                void Compare(string what, Box[] given)
                {
                    if (fixture.Has($"{name}.{what}{level.Index}"))
                        check.Near($"{what}{level.Index}", Numbers(given), fixture.Floats($"{name}.{what}{level.Index}"), Corners);
                }
            }
            if (fixture.Has($"{name}.anchors"))
                check.Near("anchors", Numbers(CollectionsMarshal.AsSpan(anchors)), fixture.Floats($"{name}.anchors"), Corners);
            // mmdetection's shapes are recorded for the authors' settings.
            if (named.Form == BoxForm.Authors)
                Mmdetection(fixture, check, name, fields);
        }
    }

    static IEnumerable<(Box[] Shapes, int Rows, int Columns, float StepY, float StepX)> LevelsOf(
        OperatorFixture fixture, JsonObject fields, BoxForm form, int height, int width)
    {
        if (form == BoxForm.Torchvision)
        {
            var (maps, sizes, ratios) = (Rows(fixture, fields, "feature_sizes"), Rows(fixture, fields, "sizes"),
                Rows(fixture, fields, "ratios"));
            for (var level = 0; level < maps.Length; level++)
            {
                var (rows, columns) = ((int)maps[level][0], (int)maps[level][1]);
                yield return (AnchorGrid.Shapes(form, 1, sizes[level], ratios[level]), rows, columns, height / rows, width / columns);
            }
            yield break;
        }
        float[] scales = Single(fixture.List(fields, "scales")), shares = Single(fixture.List(fields, "ratios"));
        foreach (var stride in fixture.List(fields, "strides"))
        {
            var (rows, columns) = ((int)Math.Ceiling(height / stride), (int)Math.Ceiling(width / stride));
            yield return (AnchorGrid.Shapes(form, (float)stride, scales, shares), rows, columns, (float)stride, (float)stride);
        }
    }

    static void Mmdetection(OperatorFixture fixture, OperatorCheck check, string name, JsonObject fields)
    {
        float[] scales = Single(fixture.List(fields, "scales")), ratios = Single(fixture.List(fields, "ratios"));
        var other = name.Replace("mmdet1", "mmdet2", Ordinal);
        foreach (var (level, stride) in fixture.List(fields, "strides").Index())
            if (fixture.Has($"{other}.base{level}"))
                check.Near(
                    $"{other}.base{level}", Numbers(AnchorGrid.Shapes(BoxForm.Mmdetection, (float)stride, scales, ratios)),
                    fixture.Floats($"{other}.base{level}"), Corners);
    }

    static float[][] Rows(OperatorFixture fixture, JsonObject fields, string name) =>
        fields[name] is JsonArray rows ? [.. rows.Select(row => (row as JsonArray ?? throw fixture.Error(name, "holds no lists"))
            .Select(n => n!.GetValue<float>()).ToArray())] : throw fixture.Error(name, "is no list of lists");

    static float[] Single(double[] values) => Array.ConvertAll(values, v => (float)v);

    static void Coder(OperatorFixture fixture, OperatorCheck check)
    {
        Box[] boxes = Boxes(fixture, "boxes"), truth = Boxes(fixture, "truth");
        foreach (var name in fixture.Names.Order(StringComparer.Ordinal))
        {
            if (FormOf(name) is not { } named)
                continue;
            check.Begin(name);
            var form = named.Form;
            var parts = name.Split('.');
            if (parts[^1].StartsWith("clip_", Ordinal))
            {
                // Recorded are the head's boxes, cut off.
                check.Near(
                    "clip", Decoded(fixture, BoxCoder.Head(form), boxes, parts[^1].Replace("clip", "decode_clipped", Ordinal)),
                    fixture.Floats(name), Shares);
                continue;
            }
            // The three heads of a cascade: Cai and Vasconcelos, CVPR 2018.
            var coder = parts[1] switch
            {
                "rpn" => BoxCoder.Proposals(form),
                "cascade2" => new BoxCoder(form, 0.05f, 0.05f, 0.1f, 0.1f),
                "cascade3" => new BoxCoder(form, 0.033f, 0.033f, 0.067f, 0.067f),
                _ => BoxCoder.Head(form),
            };
            var given = parts[^1] == "encode" ? Encoded(coder, boxes, truth) : Decoded(fixture, coder, boxes, parts[^1]);
            check.Near(parts[^1], given, fixture.Floats(name), Shares);
        }
    }

    static float[] Encoded(BoxCoder coder, Box[] boxes, Box[] truth)
    {
        var deltas = new float[4 * boxes.Length];
        for (var k = 0; k < boxes.Length; k++)
            coder.Encode(boxes[k], truth[k], deltas.AsSpan(4 * k, 4));
        return deltas;
    }

    static float[] Decoded(OperatorFixture fixture, BoxCoder coder, Box[] boxes, string kind)
    {
        var deltas = fixture.Floats(kind.EndsWith("_classes", Ordinal) ? kind.Replace("decode", "deltas", Ordinal) : "deltas");
        var each = deltas.Length / 4 / boxes.Length;
        var decoded = new Box[each * boxes.Length];
        for (var k = 0; k < decoded.Length; k++)
        {
            var delta = deltas.AsSpan(4 * k, 4);
            decoded[k] = kind.StartsWith("decode_clipped_", Ordinal)
                ? coder.Decode(boxes[k / each], delta, SizeOf(kind)) : coder.Decode(boxes[k / each], delta);
        }
        return Numbers(decoded);
    }

    /// <summary>The height and width at the end of a name: 150x180.</summary>
    static (int Height, int Width) SizeOf(string name)
    {
        var sides = name.Split('_')[^1].Split('x');
        return (int.Parse(sides[0], CultureInfo.InvariantCulture), int.Parse(sides[1], CultureInfo.InvariantCulture));
    }

    static void Overlaps(OperatorFixture fixture, OperatorCheck check)
    {
        Box[] a = Boxes(fixture, "a"), b = Boxes(fixture, "b");
        foreach (var name in fixture.Names.Order(StringComparer.Ordinal))
        {
            if (FormOf(name) is not { } named)
                continue;
            check.Begin(name);
            var kind = name.Split('.')[^1] switch
            {
                "iof" => Overlap.First,
                "giou" => Overlap.Generalised,
                "iou" => Overlap.Union,
                _ => throw fixture.Error(name, "is no overlap that is known: iou, iof or giou was wanted"),
            };
            check.Near("overlaps", BoxOverlaps.Of(a, b, kind, named.Form.Extent), fixture.Floats(name), Shares);
        }
    }

    static void Suppressed(OperatorFixture fixture, OperatorCheck check)
    {
        foreach (var (name, fields) in fixture.Cases)
        {
            check.Begin(name);
            var (boxes, scores, labels) = (Boxes(fixture, $"{name}.boxes"), fixture.Floats($"{name}.scores"),
                Whole(fixture, $"{name}.labels"));
            foreach (var (key, value) in fields)
                if (value is JsonArray kept && key.Contains("nms", Ordinal))
                    check.Same(key, Kept(key), [.. kept.Select(k => k!.GetValue<int>())]);

            int[] Kept(string key) => key switch
            {
                _ when key.StartsWith("nms_plus_one_", Ordinal) => Suppression.KeepAsInPoses(boxes, scores, Last(key)),
                _ when key.StartsWith("batched_nms_", Ordinal) => Suppression.KeepByClass(boxes, scores, labels, Last(key)),
                _ => Suppression.Keep(boxes, scores, Last(key)),
            };
        }
    }

    static void Levels(OperatorFixture fixture, OperatorCheck check)
    {
        var boxes = Boxes(fixture, "boxes");
        foreach (var name in fixture.Names.Order(StringComparer.Ordinal))
            if (FormOf(name) is { } named)
            {
                check.Begin(name);
                check.Same("level", Array.ConvertAll(boxes, b => named.Form.LevelOf(b)), Whole(fixture, name));
            }
    }
}
