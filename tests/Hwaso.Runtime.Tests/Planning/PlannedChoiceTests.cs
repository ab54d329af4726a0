using Hwaso.Onnx;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Tests.Planning;

/// <summary>Operators of networks with windows, masks and prompts, planned; against the numbers written out here.</summary>
public sealed class PlannedChoiceTests
{
    [Theory]
    [InlineData("bhwc,hkc->bhwk")]
    [InlineData("bhwc,hkc->kbwh")]
    public void A_sum_of_products_over_one_dimension_is_planned(string equation)
    {
        const int images = 2, rows = 3, columns = 4, depth = 21, keys = 5;
        var random = new Random(3);
        var (x, p) = (Numbers(random, images * rows * columns * depth), Numbers(random, rows * keys * depth));
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Float32, (images, ""), (rows, ""), (columns, ""), (depth, ""));
        document.Weight("p", [rows, keys, depth], p);
        document.Node("Einsum", "", ["x", "p"], ["y"], OnnxValue.Of("equation", equation));
        document.Output("y", OnnxDataType.Float32);
        var answer = Planned(document, [images, rows, columns, depth], x);
        for (var b = 0; b < images; b++)
            for (var h = 0; h < rows; h++)
                for (var w = 0; w < columns; w++)
                    for (var k = 0; k < keys; k++)
                    {
                        var sum = 0.0;
                        for (var c = 0; c < depth; c++)
                            sum += (double)x[(((((b * rows) + h) * columns) + w) * depth) + c] * p[(((h * keys) + k) * depth) + c];
                        var at = equation.EndsWith('h') ? (((((k * images) + b) * columns) + w) * rows) + h
                            : (((((b * rows) + h) * columns) + w) * keys) + k;
                        // 21 products of numbers below 1 round by less than 21 times half of 2⁻²⁰ in all.
                        Assert.Equal(sum, answer[at], 1e-5);
                    }
    }

    [Theory]
    [InlineData(0f, 1)]
    [InlineData(0.5f, 0)]
    public void Dropout_that_drops_nothing_is_planned(float ratio, byte isTraining)
    {
        // PyTorch exports torchvision's Swin so: in training mode, with a ratio of 0.
        float[] x = [0.5f, -1, 2];
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Float32, (3, ""));
        document.Weight("ratio", [], [ratio]);
        document.Weight("training", (OnnxDataType)OnnxType.Bool, [], [isTraining]);
        document.Node("Dropout", "", ["x", "ratio", "training"], ["kept"]);
        document.Node("Neg", "", ["kept"], ["y"]);
        document.Output("y", OnnxDataType.Float32);
        Assert.Equal([-0.5f, 1, -2], Planned(document, [3], x));
    }

    [Fact]
    public void Prompts_choose_between_sines_and_cosines_of_running_sums()
    {
        float[] x = [0.5f, -1, 2, 3, -1, 0.25f];
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Float32, (2, ""), (3, ""));
        document.Weight("axis", [], [1L]);
        document.Weight("none", [], [-1f]);
        document.Weight("zero", [], [0f]);
        document.Node("CumSum", "", ["x", "axis"], ["sums"], OnnxValue.Of("exclusive", 1L), OnnxValue.Of("reverse", 1L));
        document.Node("Sin", "", ["sums"], ["sine"]);
        document.Node("Cos", "", ["sums"], ["cosine"]);
        document.Node("Equal", "", ["x", "none"], ["absent"]);
        document.Node("Not", "", ["absent"], ["present"]);
        document.Node("Greater", "", ["x", "zero"], ["positive"]);
        document.Node("And", "", ["present", "positive"], ["both"]);
        document.Node("Where", "", ["both", "sine", "cosine"], ["y"]);
        document.Output("y", OnnxDataType.Float32);
        double[] sums = [1, 2, 0, -0.75, 0.25, 0];
        var answer = Planned(document, [2, 3], x);
        for (var k = 0; k < x.Length; k++)
            Assert.Equal((float)(x[k] > 0 ? Math.Sin(sums[k]) : Math.Cos(sums[k])), answer[k]);
    }

    [Fact]
    public void Masks_of_shifted_windows_are_constants_of_the_size()
    {
        // What exporters write for mask[:, 1:] = 3, and (4 − width % 4) % 4 columns of padding.
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Float32, (2, ""), (7, ""));
        document.Weight("one", [1], [1L]);
        document.Weight("four", [1], [4L]);
        document.Weight("begin", [3], [0L, 0, 0]);
        document.Weight("three", [2], [3f, 3f]);
        document.Weight("places", [2, 2], [0L, 6, 1, -1]);
        document.Node("Shape", "", ["x"], ["shape"]);
        document.Node("Gather", "", ["shape", "one"], ["width"]);
        document.Node("Mod", "", ["width", "four"], ["rest"]);
        document.Node("Sub", "", ["four", "rest"], ["missing"]);
        document.Node("Mod", "", ["missing", "four"], ["columns"]);
        document.Node("Concat", "", ["begin", "columns"], ["pads"], OnnxValue.Of("axis", 0L));
        document.Node("ConstantOfShape", "", ["shape"], ["empty"]);
        document.Node("ScatterND", "", ["empty", "places", "three"], ["mask"]);
        document.Node("Add", "", ["x", "mask"], ["masked"]);
        document.Node("Pad", "", ["masked", "pads"], ["y"]);
        document.Output("y", OnnxDataType.Float32);
        float[] x = [.. Enumerable.Range(0, 14).Select(k => (float)k)];
        Assert.Equal([0, 1, 2, 3, 4, 5, 9, 0, 7, 8, 9, 10, 11, 12, 16, 0], Planned(document, [2, 7], x));
    }

    static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];

    static float[] Planned(OnnxDocument document, int[] shape, float[] numbers)
    {
        using var model = OnnxModel.Load(document.ToArray([]), "planned", new RuntimeOptions { Threads = 2 });
        var session = model.Open(shape);
        Assert.True(session.IsPlanned);
        numbers.CopyTo(session.Input(0));
        session.Run();
        return session.Output(0).ToArray();
    }
}
