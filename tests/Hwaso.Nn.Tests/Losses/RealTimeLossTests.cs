using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Losses;

/// <summary>Losses of real-time networks against their authors' code (tests/fixtures/modern/losses) and OpenCV's edges.</summary>
public sealed class RealTimeLossTests : TensorTest
{
    // Float32 on both sides: values near 5, gradients near 0.05.
    const double Same = 1e-5;
    const int Ignore = 255;

    static readonly JsonArray Cases =
        JsonNode.Parse(File.ReadAllText(Fixtures.Path("modern/losses/real_time.json")))!["cases"]!.AsArray();

    static readonly IReadOnlyDictionary<string, HostTensor> Stored =
        TensorFile.Read(Fixtures.Path("modern/losses/real_time.safetensors")).Tensors;

    [Theory]
    [InlineData("ohem_hrnet_0.9_40", 0.9, 40, HardPixelRule.HRNet)]
    [InlineData("ohem_hrnet_0.3_10", 0.3, 10, HardPixelRule.HRNet)]
    [InlineData("ohem_hrnet_0.7_100000", 0.7, 100000, HardPixelRule.HRNet)]
    [InlineData("ohem_bisenet_0.7", 0.7, 1, HardPixelRule.BiSeNet)]
    [InlineData("ohem_bisenet_0.9", 0.9, 1, HardPixelRule.BiSeNet)]
    [InlineData("ohem_mmseg_0.7_30", 0.7, 30, HardPixelRule.MmSegmentation)]
    public void Hard_pixels_are_those_of_three_programs(string name, double threshold, int keep, HardPixelRule rule)
    {
        using var scope = new Scope();
        using var loss = new HardPixels(threshold, keep, Ignore, rule: rule);
        for (var k = 0; k < Cases.Count; k++)
        {
            var (logits, labels) = (Learnable($"case{k}.logits"), Tensor.From(Stored[$"case{k}.labels"]));
            var value = loss.Of(logits, labels);
            Near(Cases[k]![name]!.GetValue<double>(), value.Item(), $"{name} {k}");
            value.Backward();
            var wanted = rule == HardPixelRule.MmSegmentation
                ? GradientOf(logits, labels, Tensor.From(Stored[$"case{k}.weight.{name}"]))
                : Tensor.From(Stored[$"case{k}.grad.{name}"]);
            Near(wanted, logits.Grad!, $"gradient of {name} {k}");
        }
    }

    [Fact]
    public void Few_sure_pixels_are_the_dearest_sixteenth_by_BiSeNets_rule()
    {
        using var scope = new Scope();
        // All but two of 40 pixels are sure; two and a half would be a sixteenth, of which two count.
        var far = Enumerable.Range(0, 40).Select(i => i is 3 or 30 ? 1f : 6f + i);
        var logits = Tensor.From([.. far, .. new float[40]], 1, 2, 5, 8);
        using var loss = new HardPixels(threshold: 0.01, rule: HardPixelRule.BiSeNet);
        var cost = Math.Log(1 + Math.Exp(-1));
        Near(cost, loss.Of(logits, Tensor.From(new long[40], 1, 5, 8)).Item(), "dearest");
        using var none = new HardPixels(0.01, rule: HardPixelRule.BiSeNet);
        Assert.Equal(0, none.Of(logits, Tensor.From(Enumerable.Repeat((long)Ignore, 40).ToArray(), 1, 5, 8)).Item());
    }

    [Fact]
    public void Edges_and_details_cost_what_their_authors_say()
    {
        using var scope = new Scope();
        for (var k = 0; k < Cases.Count; k++)
        {
            var edges = Learnable($"case{k}.boundary_logits");
            var boundary = new BoundaryLoss().Of(edges, Tensor.From(Stored[$"case{k}.boundary"]));
            Near(Cases[k]!["pidnet_boundary"]!.GetValue<double>(), boundary.Item(), $"boundary {k}");
            boundary.Backward();
            Near(Tensor.From(Stored[$"case{k}.grad.pidnet_boundary"]), edges.Grad!, $"gradient of boundary {k}");

            var (small, blocks) = (Learnable($"case{k}.detail_logits"), Tensor.From(Stored[$"case{k}.blocks"]));
            var large = small.ResizeBilinear(blocks.Size(1), blocks.Size(2), alignCorners: true);
            var (entropy, dice) = DetailLoss.Parts(large, LabelEdges.Details(blocks));
            Near(Cases[k]!["stdc_detail_bce"]!.GetValue<double>(), entropy.Item(), $"entropy {k}");
            Near(Cases[k]!["stdc_detail_dice"]!.GetValue<double>(), dice.Item(), $"dice {k}");
            (entropy + dice).Backward();
            Near(Tensor.From(Stored[$"case{k}.grad.stdc_detail"]), small.Grad!, $"gradient of details {k}");
        }
    }

    [Fact]
    public void Edges_of_labels_are_OpenCVs()
    {
        using var scope = new Scope();
        var cases = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/label_edges.json")))!["cases"]!.AsArray();
        foreach (var each in cases)
        {
            var rows = each!["labels"]!.AsArray().Select(r => r!.GetValue<string>().Split(' ')).ToArray();
            var labels = Tensor.From(rows.SelectMany(r => r).Select(t => long.Parse(t, null)).ToArray(), 1, rows.Length, rows[0].Length);
            Assert.Equal(Rows(each["canny"]!), Rows(LabelEdges.Canny(labels)));
            Assert.Equal(Rows(each["wide"]!), Rows(LabelEdges.Wide(labels)));
        }
        // Nothing but rim.
        var stripes = Tensor.From(Enumerable.Range(0, 144).Select(i => (long)(i % 3)).ToArray(), 1, 12, 12);
        Assert.Equal(0, LabelEdges.Wide(stripes).Sum().Item());
    }

    [Fact]
    public void Maps_of_other_sizes_are_refused()
    {
        using var scope = new Scope();
        var error = Assert.Throws<ArgumentException>(() => new BoundaryLoss().Of(Tensor.Zeros([1, 1, 4, 4]), Tensor.Zeros([1, 4, 5])));
        Assert.Contains("[N, 1, H, W] and [N, H, W] were wanted", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => LabelEdges.Canny(Tensor.Zeros([4, 4], ScalarType.Int64)));
    }

    /// <summary>The mean over all pixels of the recorded weight of each times its cross entropy.</summary>
    static Tensor GradientOf(Tensor logits, Tensor labels, Tensor weight)
    {
        var again = logits.Detach().Clone();
        again.RequiresGrad = true;
        const int PerPixel = 0;
        (Aten.CrossEntropyLoss(again, labels, null, PerPixel, Ignore) * weight).Mean().Backward();
        return again.Grad!;
    }

    static Tensor Learnable(string name)
    {
        var tensor = Tensor.From(Stored[name]);
        tensor.RequiresGrad = true;
        return tensor;
    }

    static string Rows(JsonNode rows) => string.Join('\n', rows.AsArray().Select(r => r!.GetValue<string>()));

    static string Rows(Tensor map) => string.Join('\n',
        map.ToArray<float>().Select(v => v == 0 ? '0' : '1').Chunk((int)map.Size(2)).Select(row => new string(row)));

    static void Near(double wanted, double got, string what) => Assert.True(
        Math.Abs(wanted - got) <= Same * Math.Max(1, Math.Abs(wanted)), $"{what}: {got} where {wanted} was wanted");

    static void Near(Tensor wanted, Tensor got, string what)
    {
        Assert.Equal(wanted.Shape, got.Shape);
        var distance = wanted.ToArray<float>().Zip(got.ToArray<float>(), (w, g) => Math.Abs(w - g)).Max();
        Assert.True(distance <= Same, $"{what}: {distance} apart");
    }
}
