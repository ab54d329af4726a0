using System.Text.Json.Nodes;
using Hwaso.Metrics.Coco;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Bench;

/// <summary>Boxes on a square of 800, and a score of each, as peers/boxes.py has them.</summary>
static class FormulaBoxes
{
    public const int Side = 800;

    public static (Box[] Boxes, float[] Scores) Of(int count, float least = 16, float most = 256)
    {
        float[][] rows = [.. Formula.Uniform("boxes", 5 * count).Select(u => (float)u).Chunk(5)];
        return ([.. rows.Select(Of)], [.. rows.Select(r => r[4])]);

        Box Of(float[] u)
        {
            float width = least + u[2] * (most - least), height = least + u[3] * (most - least);
            float x = u[0] * (Side - width), y = u[1] * (Side - height);
            return new Box(x, y, x + width, y + height);
        }
    }
}

/// <summary>NMS at 0.7.</summary>
sealed class SuppressionCase(JsonObject request) : Case
{
    readonly (Box[] Boxes, float[] Scores) given = FormulaBoxes.Of(request["count"]!.GetValue<int>());

    public override void WarmUp()
    {
        // Past the just-in-time compiler's tiers.
        for (var k = 0; k < 30; k++)
            Run();
        Value = Suppression.Keep(given.Boxes, given.Scores, 0.7).Length;
    }

    public override void Run() => Suppression.Keep(given.Boxes, given.Scores, 0.7);

    public override void Dispose()
    {
    }
}

/// <summary>
/// 7×7 bins of boxes on a map of a quarter, two points an axis, aligned; with the gradient of half the squared output if asked.
/// </summary>
sealed class RoiAlignCase : Case
{
    readonly bool backward;
    readonly Tensor map, rois;

    public RoiAlignCase(JsonObject request, bool backward)
    {
        using var scope = new Scope();
        this.backward = backward;
        long channels = request["channels"]!.GetValue<long>(), side = FormulaBoxes.Side / 4;
        map = Tensor.From(Formula.Uniform("boxes.map", (int)(channels * side * side)).Select(u => (float)(u - 0.5)).ToArray(),
            1, channels, side, side).Own();
        map.RequiresGrad = backward;
        var boxes = FormulaBoxes.Of(request["count"]!.GetValue<int>()).Boxes;
        rois = Tensor.From([.. boxes.SelectMany(b => new[] { 0, b.X1, b.Y1, b.X2, b.Y2 })], boxes.Length, 5).Own();
    }

    public override void WarmUp()
    {
        for (var k = 0; k < 5; k++)
            Run();
        using var scope = new Scope();
        Value = Aten.Abs(Answer()).Mean().Item();
    }

    public override void Run()
    {
        using var scope = new Scope();
        Answer();
    }

    Tensor Answer()
    {
        var output = RoiAlign.Apply(map, rois, 0.25, 7, 7, 2, RoiAlignForm.Aligned);
        return backward ? Gradients.Of(output, [map], output.Detach())[0] : output;
    }

    public override void Dispose()
    {
        map.Dispose();
        rois.Dispose();
    }
}

/// <summary>COCO's evaluation of boxes or masks from two files to the twelve numbers.</summary>
sealed class ObjectsCase(JsonObject request) : Case
{
    readonly string root = request["root"]!.GetValue<string>();
    readonly bool masks = request["masks"]?.GetValue<bool>() ?? false;

    public override void WarmUp() => Run();

    public override void Run() => Value = ObjectScorer.Score(
        Path.Combine(root, "truth.json"), Path.Combine(root, masks ? "masks.json" : "results.json"),
        new ObjectScoreOptions { Masks = masks }).Ap;

    public override void Dispose()
    {
    }
}
