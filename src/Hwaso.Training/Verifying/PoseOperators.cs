using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Metrics.Coco;
using Hwaso.Nn;
using Hwaso.Runtime.Poses;
using Hwaso.Torch;

namespace Hwaso.Training.Verifying;

/// <summary>Compares the operators of poses with recorded answers of the authors' code, of OpenCV and of mmpose.</summary>
public static class PoseOperators
{
    // Matrices and coordinates come from corners in single precision; maps and losses are single precision.
    const double Coordinates = 1e-4, Maps = 1e-6, Unbiased = 1e-4, Similarities = 1e-9;

    /// <summary>The operators by name.</summary>
    public static IReadOnlyDictionary<string, Action<OperatorFixture, OperatorCheck>> All { get; } =
        new Dictionary<string, Action<OperatorFixture, OperatorCheck>>
        {
            ["pose-warp"] = Warp,
            ["pose-augment"] = Augment,
            ["pose-targets"] = Targets,
            ["pose-decode"] = Decode,
            ["pose-loss"] = Loss,
            ["oks"] = Oks,
            ["pose-unbiased"] = WithoutBias,
        };

    static void Warp(OperatorFixture fixture, OperatorCheck check)
    {
        var image = Image(fixture);
        foreach (var (name, fields) in fixture.Cases)
        {
            check.Begin(name);
            var (width, height) = ((int)fixture.Number(fields, "output_width"), (int)fixture.Number(fields, "output_height"));
            var degrees = fixture.Number(fields, "rotation_degrees");
            var crop = PersonCrop.OfBox(Box(fixture, fields), (double)width / height);
            check.Near("center", [crop.CenterX, crop.CenterY], fixture.Doubles($"{name}.center"), Coordinates);
            check.Near("scale", [crop.ScaleX, crop.ScaleY], fixture.Doubles($"{name}.scale"), Coordinates);
            var map = AffineMap.Of(crop, degrees, width, height);
            check.Near("matrix", Numbers(map), fixture.Doubles($"{name}.matrix"), Coordinates);
            check.Near("inverse", Numbers(AffineMap.Back(crop, degrees, width, height)), fixture.Doubles($"{name}.inverse"), Coordinates);
            // The rule of the fixtures: equal bytes, or a few that a last bit of the matrix decides.
            check.Bytes(
                "output", ImageWarp.Warp(image, map, width, height).Pixels, fixture.Bytes($"{name}.output"), near: 0, allowed: 20, most: 8);
            if (fixture.Has($"{name}.points"))
            {
                var points = fixture.Doubles($"{name}.points");
                check.Near(
                    "points_mapped",
                    [.. points.Chunk(2).SelectMany(p => map.Map(p[0], p[1]) is var (x, y) ? new[] { x, y } : [])],
                    fixture.Doubles($"{name}.points_mapped"), Coordinates);
            }
        }
    }

    static void Augment(OperatorFixture fixture, OperatorCheck check)
    {
        var image = Image(fixture);
        var (input, maps) = (fixture.List(fixture.Json, "image_width_height"), fixture.List(fixture.Json, "heatmap_width_height"));
        var (width, height) = ((int)input[0], (int)input[1]);
        var settings = fixture.Json["settings"] as JsonObject ?? throw fixture.Error("settings", "is missing");
        var augmentation = new PoseAugmentation
        {
            Scale = fixture.Number(settings, "scale_factor"),
            Rotation = fixture.Number(settings, "rotation_factor"),
            Flip = settings["flip"]?.GetValue<bool>() ?? true,
            HalfBody = fixture.Number(settings, "prob_half_body"),
            HalfBodyJoints = (int)fixture.Number(settings, "num_joints_half_body"),
        };
        var aspect = settings.ContainsKey("aspect_ratio") ? fixture.Number(settings, "aspect_ratio") : (double)width / height;
        var targets = new HeatMapTargets((int)maps[0], (int)maps[1], width, height, fixture.Number(fixture.Json, "sigma"));
        foreach (var (name, fields) in fixture.Cases)
        {
            check.Begin(name);
            var joints = fixture.Doubles($"{name}.keypoints");
            for (var k = 2; k < joints.Length; k += 3)
                joints[k] = Math.Min(joints[k], 1);
            var description = Description(fixture, joints.Length / 3);
            var before = PersonCrop.OfBox(Box(fixture, fields), aspect);
            check.Near("center_before", [before.CenterX, before.CenterY], fixture.List(fields, "center_before"), Coordinates);
            check.Near("scale_before", [before.ScaleX, before.ScaleY], fixture.List(fields, "scale_before"), Coordinates);
            var change = augmentation.Draw(before, joints, description, aspect, new RecordedDraws(fixture, name, fields));
            var crop = change.In(image.Width);
            check.Near("center", [crop.CenterX, crop.CenterY], fixture.List(fields, "center"), Coordinates);
            check.Near("scale", [crop.ScaleX, crop.ScaleY], fixture.List(fields, "scale"), Coordinates);
            check.Near("rotation", [change.Degrees], [fixture.Number(fields, "rotation")], Coordinates);
            check.Same("half_body", [change.Halved], [fields["half_body"]?.GetValue<bool>() ?? false]);
            var map = AffineMap.Of(crop, change.Degrees, width, height);
            var pixels = new byte[width * height * 3];
            ImageWarp.Warp(image, map, width, height, pixels, change.Mirrored);
            check.Bytes("crop", pixels, fixture.Bytes($"{name}.crop"), near: 1, allowed: pixels.Length / 1000);
            change.Move(joints, image.Width, description.FlipPairs, map);
            check.Near("joints", Places(joints), Places(fixture.Doubles($"{name}.joints")), Coordinates);
            check.Near("visible", Third(joints), First(fixture.Doubles($"{name}.visible")), 0);
            var (drawn, weights) = (new float[description.Count * (int)maps[0] * (int)maps[1]], new float[description.Count]);
            targets.Draw(joints, drawn, weights);
            check.Near("target", drawn, fixture.Floats($"{name}.target"), Coordinates);
            check.Near("weight", weights, fixture.Floats($"{name}.weight"), 0);
        }
    }

    static void Targets(OperatorFixture fixture, OperatorCheck check)
    {
        foreach (var (name, fields) in fixture.Cases)
        {
            check.Begin(name);
            var (input, size) = (fixture.List(fields, "image_width_height"), fixture.List(fields, "heatmap_width_height"));
            var (width, height) = ((int)size[0], (int)size[1]);
            var joints = Joined(fixture.Doubles($"{name}.joints"), fixture.Doubles($"{name}.visible"));
            var count = joints.Length / 3;
            var targets = new HeatMapTargets(width, height, (int)input[0], (int)input[1], fixture.Number(fields, "sigma"));
            var (maps, weights) = (new float[count * width * height], new float[count]);
            targets.Draw(joints, maps, weights);
            var plane = width * height;
            var held = fixture.List(fields, "target_holds_joints");
            check.Near(
                "target", [.. held.SelectMany(j => maps.AsSpan((int)j * plane, plane).ToArray())], fixture.Floats($"{name}.target"), Maps);
            check.Near("weight", weights, fixture.Floats($"{name}.weight"), 0);
            float[][] planes = [.. maps.Chunk(plane)];
            if (fixture.Has($"{name}.target_max"))
                check.Near("target_max", [.. planes.Select(p => p.Max())], fixture.Floats($"{name}.target_max"), Maps);
            if (fixture.Has($"{name}.target_argmax"))
                check.Same(
                    "target_argmax", [.. planes.Select(p => (long)p.IndexOf(p.Max()))], fixture[$"{name}.target_argmax"].ToInt64s());
            if (fixture.Has($"{name}.target_sum"))
                check.Near("target_sum", [.. planes.Select(p => p.Sum(v => (double)v))], fixture.Doubles($"{name}.target_sum"), Maps);
            var different = Description(fixture, count).JointWeights;
            if (fixture.Has($"{name}.weight_different_joints") && different.Count == count)
                check.Near(
                    "weight_different_joints", [.. weights.Zip(different).Select(w => (float)(w.First * w.Second))],
                    fixture.Floats($"{name}.weight_different_joints"), Maps);
        }
    }

    static void Decode(OperatorFixture fixture, OperatorCheck check)
    {
        var shape = fixture["heatmaps"].Shape;
        var (people, joints, height, width) = ((int)shape[0], (int)shape[1], (int)shape[2], (int)shape[3]);
        var (plane, pairs) = (width * height, fixture.Pairs("flip_pairs") ?? [.. Description(fixture, joints).FlipPairs]);
        var (maps, mirrored) = (fixture.Floats("heatmaps"), fixture.Floats("heatmaps_of_mirrored"));
        float[] EachMirrored(Func<float[], float[], float[]> of) =>
            [.. maps.Chunk(joints * plane).Zip(mirrored.Chunk(joints * plane)).SelectMany(m => of(m.First, m.Second))];
        float[] Merged(bool shift) => EachMirrored((own, other) =>
        {
            HeatMapFlip.Merge(own, other, width, height, pairs, shift);
            return own;
        });

        check.Begin("flip");
        check.Near(
            "flip_back", EachMirrored((_, m) => HeatMapFlip.Back(m, width, height, pairs, shift: false)), fixture.Floats("flip_back"), 0);
        if (fixture.Has("flip_back_shifted"))
            check.Near(
                "flip_back_shifted", EachMirrored((_, m) => HeatMapFlip.Back(m, width, height, pairs, shift: true)),
                fixture.Floats("flip_back_shifted"), 0);
        check.Near("merged_no_shift", Merged(false), fixture.Floats("merged_no_shift"), Maps);
        check.Near("merged_shift", Merged(true), fixture.Floats("merged_shift"), Maps);
        var (centers, scales) = (fixture.Floats("center"), fixture.Floats("scale"));
        foreach (var (of, values) in new[] { ("heatmaps", maps), ("merged_shift", Merged(true)) })
        {
            if (!fixture.Has($"{of}.argmax_xy"))
                continue;
            check.Begin(of);
            Joints("argmax_xy", "max", PoseRefinement.None, inImage: false);
            Joints("preds_plain", null, PoseRefinement.None, inImage: true);
            Joints("preds_quarter", null, PoseRefinement.Quarter, inImage: true);

            void Joints(string places, string? scores, PoseRefinement refinement, bool inImage)
            {
                var decoder = new HeatMapDecoder(width, height, refinement);
                var found = values.Chunk(joints * plane).Select(m => decoder.Decode(m)).ToArray();
                if (scores is not null)
                    check.Near(scores, [.. found.SelectMany(f => f.Chunk(3).Select(j => j[2]))], fixture.Floats($"{of}.{scores}"), Maps);
                if (inImage)
                    foreach (var (n, of) in found.Index())
                        CropPlace.Of(centers[2 * n], centers[2 * n + 1], scales[2 * n] * PersonCrop.Unit, width, height).ToImage(of);
                check.Near(
                    places, [.. found.SelectMany(f => f.Chunk(3).SelectMany(j => j[..2]))], fixture.Floats($"{of}.{places}"), Coordinates);
            }
        }
        if (!fixture.Has("accuracy.target"))
            return;
        check.Begin("accuracy");
        var (mean, of2, counted) = HeatMapAccuracy.Of(maps, fixture.Floats("accuracy.target"), joints, width, height);
        check.Near("per_joint", [mean, .. of2], fixture.Doubles("accuracy.per_joint"), Coordinates);
        if (fixture.Json["accuracy"] is JsonObject recorded)
        {
            check.Near("mean", [mean], [fixture.Number(recorded, "mean")], Coordinates);
            check.Near("joints_counted", [counted], [fixture.Number(recorded, "joints_counted")], 0);
        }
    }

    static void Loss(OperatorFixture fixture, OperatorCheck check)
    {
        foreach (var (name, fields) in fixture.Cases)
        {
            check.Begin(name);
            var parts = name.Split('.');
            if (parts is not [var data, "mse" or "ohkm", "weighted" or "plain"])
                throw fixture.Error(name, "CASE.mse or CASE.ohkm, then .weighted or .plain, were wanted");
            using var scope = new Scope();
            var output = Tensor.From(fixture[$"{data}.output"]);
            output.RequiresGrad = true;
            var loss = new JointsError(parts[1] == "ohkm" ? JointsError.UsualHardest : null)
                .Of(output, Tensor.From(fixture[$"{data}.target"]), parts[2] == "weighted" ? Tensor.From(fixture[$"{data}.weight"]) : null);
            loss.Backward();
            check.Near("loss", [(float)loss.Item()], fixture.Floats($"{name}.loss"), Maps);
            check.Near("grad", output.Grad!.ToArray<float>(), fixture.Floats($"{name}.grad"), Maps);
        }
    }

    static void Oks(OperatorFixture fixture, OperatorCheck check)
    {
        foreach (var (name, fields) in fixture.Cases)
        {
            check.Begin(name);
            var (keypoints, areas, scores) =
                (fixture.Doubles($"{name}.keypoints"), fixture.Doubles($"{name}.areas"), fixture.Doubles($"{name}.scores"));
            var joints = keypoints.Length / Math.Max(1, areas.Length) / 3;
            var similarity = new ObjectKeypointSimilarity(Description(fixture, joints).Sigmas
                ?? throw fixture.Error($"{name}.keypoints", $"has {joints} joints, whose spreads are not known; COCO's 17 were wanted"));
            DetectedPose[] people = [.. keypoints.Chunk(3 * joints).Select((k, n) => new DetectedPose(k, scores[n], areas[n]))];
            double[] Table(double? above) => [.. people.SelectMany(a => people.Select(
                b => similarity.OfDetections(a.Keypoints, a.Area, b.Keypoints, b.Area, above)))];
            check.Near("oks", Table(null), fixture.Doubles($"{name}.oks"), Similarities);
            if (fixture.Has($"{name}.oks_visible_above_0.2"))
                check.Near("oks_visible_above_0.2", Table(0.2), fixture.Doubles($"{name}.oks_visible_above_0.2"), Similarities);
            var suppression = new PoseSuppression(similarity);
            foreach (var (key, value) in fields)
                if (key.IndexOf("oks_nms_", StringComparison.Ordinal) is var at and >= 0 && value is JsonArray kept
                    && double.TryParse(key[(at + "oks_nms_".Length)..], CultureInfo.InvariantCulture, out var threshold))
                    check.Same(
                        key, at == 0 ? suppression.Hard(people, threshold) : suppression.Soft(people, threshold),
                        [.. kept.Select(k => k!.GetValue<int>())]);
        }
    }

    static void WithoutBias(OperatorFixture fixture, OperatorCheck check)
    {
        var (input, size) = (fixture.List(fixture.Json, "image_width_height"), fixture.List(fixture.Json, "heatmap_width_height"));
        var (width, height, sigma) = ((int)size[0], (int)size[1], fixture.Number(fixture.Json, "sigma"));
        var (places, visible) = (fixture.Doubles("keypoints"), fixture.Doubles("visible"));
        var count = visible.Length;
        double[] joints = [.. Enumerable.Range(0, count).SelectMany(j => new[] { places[2 * j], places[2 * j + 1], visible[j] })];
        foreach (var (name, form) in new[] { ("dark", HeatMapForm.Dark), ("udp", HeatMapForm.Udp) })
        {
            check.Begin($"{name}.target");
            var (maps, weights) = (new float[count * width * height], new float[count]);
            new HeatMapTargets(width, height, (int)input[0], (int)input[1], sigma, form).Draw(joints, maps, weights);
            check.Near("target", maps, fixture.Floats($"{name}.target"), Unbiased);
            check.Near("weight", weights, fixture.Floats($"{name}.weight"), 0);
        }
        var (plane, heatmaps, start) = (width * height, fixture.Floats("heatmaps"), fixture.Floats("maximum_xy"));
        check.Begin("refined_quarter");
        Refined("refined_quarter", new HeatMapDecoder(width, height, PoseRefinement.QuarterOfEach));
        foreach (var blur in new[] { 3, 11 })
        {
            var decoder = new HeatMapDecoder(width, height, PoseRefinement.Dark, blur);
            check.Begin($"blurred{blur}");
            check.Near(
                "blurred", [.. heatmaps.Chunk(plane).SelectMany(m => decoder.Blur(m))], fixture.Floats($"blurred{blur}"), Unbiased);
            check.Begin($"refined_dark_blur{blur}");
            Refined($"refined_dark_blur{blur}", decoder);
            check.Begin($"refined_dark_udp_blur{blur}");
            Refined($"refined_dark_udp_blur{blur}", new HeatMapDecoder(width, height, PoseRefinement.DarkUdp, blur));
        }
        var (center, pixels) = (fixture.Floats("warp_center"), fixture.Doubles("warp_scale_pixels"));
        foreach (var degrees in new[] { 0, 33, -120 })
        {
            check.Begin($"warp_matrix_{degrees}");
            var crop = new PersonCrop(center[0], center[1], (float)(pixels[0] / PersonCrop.Unit), (float)(pixels[1] / PersonCrop.Unit));
            check.Near(
                "matrix", Numbers(AffineMap.Of(crop, degrees, (int)input[0], (int)input[1])), fixture.Doubles($"warp_matrix_{degrees}"),
                Unbiased);
            check.Begin($"udp_warp_matrix_{degrees}");
            check.Near(
                "matrix",
                Numbers(AffineMap.Unbiased(center[0], center[1], pixels[0], pixels[1], degrees, (int)input[0], (int)input[1])),
                fixture.Doubles($"udp_warp_matrix_{degrees}"), Unbiased);
        }

        void Refined(string name, HeatMapDecoder decoder)
        {
            var refined = (float[])start.Clone();
            for (var j = 0; j < count; j++)
                decoder.Refine(heatmaps.AsSpan(j * plane, plane), refined.AsSpan(2 * j, 2));
            check.Near(name, refined, fixture.Floats(name), Unbiased);
        }
    }

    static RgbImage Image(OperatorFixture fixture)
    {
        var shape = fixture["image"].Shape;
        return shape is [var height, var width, 3] ? new RgbImage((int)width, (int)height, fixture.Bytes("image"))
            : throw fixture.Error("image", "is no H×W×3 image");
    }

    static CocoBox Box(OperatorFixture fixture, JsonObject fields) => fixture.List(fields, "box_xywh") is [var x, var y, var w, var h]
        ? new CocoBox(x, y, w, h) : throw fixture.Error("box_xywh", "holds no four numbers");

    static PoseDescription Description(OperatorFixture fixture, int joints) => joints switch
    {
        17 => PoseDescription.Coco,
        16 => PoseDescription.Mpii,
        _ => new PoseDescription
        {
            Joints = [.. Enumerable.Range(0, joints).Select(j => $"joint {j}")],
            FlipPairs = fixture.Pairs("flip_pairs") ?? [],
        },
    };

    static double[] Numbers(AffineMap map) => [map.Xx, map.Xy, map.X0, map.Yx, map.Yy, map.Y0];

    static double[] Joined(double[] joints, double[] visible) =>
        [.. joints.Select((value, k) => k % 3 == 2 ? visible[k - 2] : value)];

    static double[] Places(double[] joints) => [.. joints.Where((_, k) => k % 3 != 2)];

    static double[] Third(double[] values) => [.. values.Where((_, k) => k % 3 == 2)];

    static double[] First(double[] values) => [.. values.Where((_, k) => k % 3 == 0)];

    /// <summary>The numbers that the authors' loader drew.</summary>
    sealed class RecordedDraws(OperatorFixture fixture, string name, JsonObject fields) : IPoseDraws
    {
        readonly Queue<(string Kind, double Value)> draws = new(
            (fields["draws"] as JsonArray ?? throw fixture.Error($"{name}.draws", "is missing"))
                .Select(d => (d![0]!.GetValue<string>(), d[1]!.GetValue<double>())));

        public double Uniform() => Next("random.random", "numpy.rand");

        public double Normal() => Next("numpy.randn", "numpy.randn");

        double Next(string first, string second) =>
            draws.TryDequeue(out var draw) && (draw.Kind == first || draw.Kind == second) ? draw.Value
            : throw new CheckpointException(fixture.Path, $"{name}.draws", "the loader drew in another order");
    }
}
