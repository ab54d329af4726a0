using System.Text.Json.Nodes;
using Hwaso.Imaging.Masks;

namespace Hwaso.Training.Verifying;

/// <summary>Compares masks as run lengths with pycocotools' answers.</summary>
static class MaskOperators
{
    public static void RunLengths(OperatorFixture fixture, OperatorCheck check)
    {
        var (height, width) = ((int)fixture.Number(fixture.Json, "height"), (int)fixture.Number(fixture.Json, "width"));
        Dictionary<string, RunLengths> masks = [];
        foreach (var (name, value) in fixture.Json["polygons"] as JsonObject ?? [])
        {
            check.Begin(name);
            var fields = Object(fixture, name, value);
            var corners = Polygons(fixture, fields);
            masks[name] = Imaging.Masks.RunLengths.OfPolygons(corners, height, width);
            Compare(fixture, check, masks[name], fields);
            if (fields["parts"] is JsonArray parts)
                check.Same(
                    "parts", [.. corners.Select(c => RunLengthText.Write(Imaging.Masks.RunLengths.OfPolygons([c], height, width)))],
                    [.. parts.Select(p => p!.GetValue<string>())]);
        }
        foreach (var (k, value) in (fixture.Json["boxes"] as JsonArray ?? []).Index())
        {
            check.Begin($"box{k}");
            var fields = Object(fixture, "boxes", value);
            Compare(fixture, check, Imaging.Masks.RunLengths.OfBox(Box(fixture.List(fields, "xywh")), height, width), fields);
        }
        foreach (var value in fixture.Json["masks"] as JsonArray ?? [])
        {
            var fields = Object(fixture, "masks", value);
            var name = fields["name"]!.GetValue<string>();
            check.Begin(name);
            var bitmap = fixture.Bytes(name);
            masks[name] =
                Imaging.Masks.RunLengths.Of(bitmap, (int)fixture.Number(fields, "height"), (int)fixture.Number(fields, "width"));
            Compare(fixture, check, masks[name], fields);
            check.Same("decoded", masks[name].ToMask(), Array.ConvertAll(bitmap, p => p == 0 ? (byte)0 : (byte)1));
        }
        if (fixture.Json["uncompressed"] is JsonObject uncompressed)
        {
            check.Begin("uncompressed");
            var given = Object(fixture, "given", uncompressed["given"]);
            var size = fixture.List(given, "size");
            Compare(fixture, check, new RunLengths((int)size[0], (int)size[1], Counts(fixture, given)), uncompressed);
        }
        Merges(fixture, check, masks);
        Overlaps(fixture, check, masks);
    }

    static void Merges(OperatorFixture fixture, OperatorCheck check, Dictionary<string, RunLengths> masks)
    {
        foreach (var value in fixture.Json["merge"] as JsonArray ?? [])
        {
            var fields = Object(fixture, "merge", value);
            var names = Names(fields, "of");
            check.Begin(string.Join("+", names));
            RunLengths[] of = [.. names.Select(n => Named(fixture, masks, n))];
            Compare(fixture, check, Imaging.Masks.RunLengths.Merge(of, intersect: false), Object(fixture, "union", fields["union"]));
            Compare(
                fixture, check, Imaging.Masks.RunLengths.Merge(of, intersect: true),
                Object(fixture, "intersection", fields["intersection"]));
        }
    }

    static void Overlaps(OperatorFixture fixture, OperatorCheck check, Dictionary<string, RunLengths> masks)
    {
        // Quotients of whole numbers, and of products of a few doubles.
        const double Doubles = 1e-12;
        if (fixture.Json["iou"] is JsonObject pairs)
        {
            RunLengths[] rows = [.. Names(pairs, "rows").Select(n => Named(fixture, masks, n))];
            RunLengths[] columns = [.. Names(pairs, "columns").Select(n => Named(fixture, masks, n))];
            var mixed = pairs["crowd_of_iou_mixed"] is null ? [] : fixture.List(pairs, "crowd_of_iou_mixed");
            foreach (var (name, crowd) in new (string, Func<int, bool>)[]
                { ("iou", _ => false), ("iou_crowd", _ => true), ("iou_mixed", c => mixed[c] != 0) })
            {
                if (!fixture.Has(name))
                    continue;
                check.Begin(name);
                check.Near(
                    name, [.. rows.SelectMany(r => columns.Select((c, k) => r.Overlap(c, crowd(k))))], fixture.Doubles(name), Doubles);
            }
        }
        foreach (var (name, crowd) in new[] { ("box_iou", false), ("box_iou_crowd", true) })
        {
            if (!fixture.Has(name))
                continue;
            check.Begin(name);
            MaskBox[] rows = Boxes(fixture, "box_rows"), columns = Boxes(fixture, "box_columns");
            check.Near(name, [.. rows.SelectMany(r => columns.Select(c => r.Overlap(c, crowd)))], fixture.Doubles(name), Doubles);
        }
    }

    /// <summary>A mask's text, counts, area and box, each there and back.</summary>
    static void Compare(OperatorFixture fixture, OperatorCheck check, RunLengths mask, JsonObject fields)
    {
        check.Same("counts", mask.Counts.ToArray(), Counts(fixture, fields));
        var text = fields["string"]!.GetValue<string>();
        check.Same("string", [RunLengthText.Write(mask)], [text]);
        check.Same("read", RunLengthText.Read(text, mask.Height, mask.Width).Counts.ToArray(), Counts(fixture, fields));
        if (fields["area"] is not null)
            check.Same("area", [(double)mask.Area], [fixture.Number(fields, "area")]);
        if (fields["pixels_by_decode"] is not null)
            check.Same("pixels", [(double)mask.ToMask().Sum(p => p)], [fixture.Number(fields, "pixels_by_decode")]);
        if (fields["bbox"] is not null)
            check.Same("bbox", [mask.Box], [Box(fixture.List(fields, "bbox"))]);
    }

    static uint[] Counts(OperatorFixture fixture, JsonObject fields) => Array.ConvertAll(fixture.List(fields, "counts"), c => (uint)c);

    static MaskBox Box(double[] xywh) => new(xywh[0], xywh[1], xywh[2], xywh[3]);

    static MaskBox[] Boxes(OperatorFixture fixture, string name) => [.. fixture.Doubles(name).Chunk(4).Select(Box)];

    static double[][] Polygons(OperatorFixture fixture, JsonObject fields) =>
        fields["polygons"] is JsonArray list ? [.. list.Select(p => p!.AsArray().Select(n => n!.GetValue<double>()).ToArray())]
            : throw fixture.Error("polygons", "is no list");

    static string[] Names(JsonObject fields, string name) => [.. fields[name]!.AsArray().Select(n => n!.GetValue<string>())];

    static RunLengths Named(OperatorFixture fixture, Dictionary<string, RunLengths> masks, string name) =>
        masks.GetValueOrDefault(name) ?? throw fixture.Error(name, "is no mask of this file");

    static JsonObject Object(OperatorFixture fixture, string name, JsonNode? node) =>
        node as JsonObject ?? throw fixture.Error(name, "is no object");
}
