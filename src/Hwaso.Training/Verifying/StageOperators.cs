using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hwaso.Nn.Boxes;
using static System.StringComparison;

namespace Hwaso.Training.Verifying;

/// <summary>Compares the two steps of choice in a detector with recorded ones: maps to proposals, head outputs to detections.</summary>
static class StageOperators
{
    const double Corners = 1e-4;

    public static void Stages(OperatorFixture fixture, OperatorCheck check)
    {
        Torchvision(fixture, check);
        Authors(fixture, check);
        Head(fixture, check);
    }

    static void Torchvision(OperatorFixture fixture, OperatorCheck check)
    {
        var settings = Section(fixture, fixture.Json, "rpn");
        var (image, batch) = (Size(fixture, settings, "image_height_width"), Size(fixture, settings, "batch_height_width"));
        var (sizes, ratios) = (fixture.List(settings, "anchor_sizes"), Single(fixture.List(settings, "ratios")));
        var maps = MapSizes(fixture, settings);
        var levels = maps.Select((map, level) => Level(fixture, "rpn", level, AnchorGrid.Over(
            AnchorGrid.Shapes(BoxForm.Torchvision, 1, [(float)sizes[level]], ratios), map.Rows, map.Columns, batch.Height / map.Rows,
            batch.Width / map.Columns), ratios.Length)).ToArray();
        const string Prefix = "rpn.torchvision_";
        foreach (var name in fixture.Names.Where(n => n.StartsWith(Prefix, Ordinal) && n.EndsWith(".boxes", Ordinal)))
        {
            var stem = name[..^".boxes".Length];
            check.Begin(stem);
            var numbers = stem[Prefix.Length..].Split('_').Select(n => double.Parse(n, CultureInfo.InvariantCulture)).ToArray();
            var proposals = ProposalSelection.Of(
                BoxForm.Torchvision, levels, new ProposalLimits((int)numbers[0], (int)numbers[1], numbers[2]), image);
            check.Near("boxes", BoxOperators.Numbers([.. proposals.Select(p => p.Box)]), fixture.Floats(name), Corners);
            check.Near("scores", [.. proposals.Select(p => p.Score)], fixture.Floats($"{stem}.scores"), Corners);
        }
    }

    static void Authors(OperatorFixture fixture, OperatorCheck check)
    {
        var settings = Section(fixture, fixture.Json, "rpn_mmdet1");
        var image = Size(fixture, settings, "image_height_width");
        var (scale, ratios) = ((float)fixture.Number(settings, "anchor_scale"), Single(fixture.List(settings, "ratios")));
        var strides = fixture.List(settings, "strides");
        var levels = MapSizes(fixture, settings).Select((map, level) => Level(fixture, "rpn_mmdet1", level, AnchorGrid.Over(
            AnchorGrid.Shapes(BoxForm.Authors, (float)strides[level], [scale], ratios), map.Rows, map.Columns, (float)strides[level],
            (float)strides[level]), ratios.Length)).ToArray();
        foreach (var (name, value) in Section(fixture, settings, "cases"))
        {
            check.Begin(name);
            var fields = value as JsonObject ?? throw fixture.Error(name, "is no object");
            var limits = new ProposalLimits(
                (int)fixture.Number(fields, "nms_pre"), (int)fixture.Number(fields, "max_num"), fixture.Number(fields, "nms_thr"))
            {
                PerLevel = (int)fixture.Number(fields, "nms_post"),
                AcrossLevels = fields["nms_across_levels"]!.GetValue<bool>(),
                MinSide = (float)fixture.Number(fields, "min_bbox_size"),
            };
            var proposals = ProposalSelection.Of(BoxForm.Authors, levels, limits, image);
            check.Near("proposals", MemoryMarshal.Cast<ScoredBox, float>(proposals), fixture.Floats(name), Corners);
        }
    }

    static void Head(OperatorFixture fixture, OperatorCheck check)
    {
        var image = Size(fixture, Section(fixture, fixture.Json, "head"), "image_height_width");
        var proposals = BoxOperators.Boxes(fixture, "head.rois");
        float[] logits = fixture.Floats("head.logits"), deltas = fixture.Floats("head.deltas");
        foreach (var name in fixture.Names.Where(n => n.StartsWith("head.", Ordinal) && n.EndsWith(".labels", Ordinal)))
        {
            var stem = name[..^".labels".Length];
            if (BoxOperators.FormOf(stem["head.".Length..]) is not { } named)
                continue;
            check.Begin(stem);
            // The settings that the JSON's source names.
            var torchvision = named.Form == BoxForm.Torchvision;
            var kept = torchvision ? 25 : (int)BoxOperators.Last(stem.Replace("max", "", Ordinal));
            var scale = torchvision ? 1 : 1.25f;
            var found = DetectionSelection.Of(
                named.Form, proposals, logits, deltas, new DetectionLimits { Kept = kept }, image, scale, scale);
            check.Same("labels", [.. found.Select(d => torchvision ? d.Label + 1 : d.Label)], BoxOperators.Whole(fixture, name));
            if (fixture.Has($"{stem}.boxes"))
            {
                check.Near("boxes", BoxOperators.Numbers([.. found.Select(d => d.Box)]), fixture.Floats($"{stem}.boxes"), Corners);
                check.Near("scores", [.. found.Select(d => d.Score)], fixture.Floats($"{stem}.scores"), Corners);
            }
            else
            {
                float[] rows = [.. found.SelectMany(d => new[] { d.Box.X1, d.Box.Y1, d.Box.X2, d.Box.Y2, d.Score })];
                check.Near("detections", rows, fixture.Floats($"{stem}.detections"), Corners);
            }
        }
    }

    static ProposalLevel Level(OperatorFixture fixture, string prefix, int level, Box[] anchors, int shapes) =>
        new(fixture.Floats($"{prefix}.objectness{level}"), fixture.Floats($"{prefix}.deltas{level}"), anchors) { Shapes = shapes };

    static JsonObject Section(OperatorFixture fixture, JsonObject fields, string name) =>
        fields[name] as JsonObject ?? throw fixture.Error(name, "is no object");

    static (int Height, int Width) Size(OperatorFixture fixture, JsonObject fields, string name) =>
        fixture.List(fields, name) is [var height, var width] ? ((int)height, (int)width)
            : throw fixture.Error(name, "is no height and width");

    static (int Rows, int Columns)[] MapSizes(OperatorFixture fixture, JsonObject fields) =>
        fields["map_sizes"] is JsonArray sizes ? [.. sizes.Select(s => (s![0]!.GetValue<int>(), s[1]!.GetValue<int>()))]
            : throw fixture.Error("map_sizes", "is no list of sizes");

    static float[] Single(double[] values) => Array.ConvertAll(values, v => (float)v);
}
