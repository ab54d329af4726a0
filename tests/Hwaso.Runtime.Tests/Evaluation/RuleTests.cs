using Hwaso.Onnx;
using Hwaso.Runtime.Format;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Runtime.Tests.Evaluation;

/// <summary>Operators of typed values, where ONNX's own tests that we have leave a case out.</summary>
public sealed class RuleTests : TensorTest
{
    [Fact]
    public void An_input_that_a_file_claims_to_be_huge_is_refused_before_memory_is_taken()
    {
        using var document = new OnnxDocument();
        Input(document, "x", 1 << 14, 1 << 14);
        // Its sizes depend on the numbers, so the model is evaluated.
        document.Node("NonZero", "", ["x"], ["y"]);
        document.Output("y", OnnxDataType.Int64);
        using var model = OnnxModel.Load(document.ToArray([]), "huge", new RuntimeOptions { Threads = 1, MostBytes = 8 << 20 });
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ModelFormatException>(() => model.Open([1 << 14, 1 << 14]));
        Assert.True(error.IsTooLarge);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Theory]
    // 2 · 127 · 255 · 9 · 5 is less than 2²⁴: one pass in single precision; 700 channels need two, 70,000 double precision.
    [InlineData(5, 3, 1)]
    [InlineData(700, 3, 1)]
    [InlineData(70_000, 1, 1)]
    [InlineData(8, 3, 8)]
    public void ConvInteger_is_exact_whatever_its_depth(int channels, int kernel, int groups)
    {
        const int height = 5, width = 4, outputs = 8;
        var random = new Random(channels);
        // Many extreme numbers, so that sums are large.
        var x = Numbers(channels * height * width, () => random.Next(3) == 0 ? random.Next(256) : 255);
        var w = Numbers(outputs * channels / groups * kernel * kernel, () => random.Next(3) == 0 ? random.Next(-128, 128) : 127);
        var padding = kernel / 2;
        using var document = new OnnxDocument();
        Input(document, "x", 1, channels, height, width);
        Input(document, "w", outputs, channels / groups, kernel, kernel);
        document.Weight("z", [], [3f]);
        Cast(document, "x", "x8", OnnxType.UInt8);
        Cast(document, "w", "w8", OnnxType.Int8);
        Cast(document, "z", "z8", OnnxType.UInt8);
        document.Node("ConvInteger", "", ["x8", "w8", "z8"], ["sums"], OnnxValue.Of("pads", padding, padding, padding, padding),
            OnnxValue.Of("group", groups));
        Cast(document, "sums", "y", OnnxType.Int64);
        document.Output("y", OnnxDataType.Int64);
        var given = Run(document, x, w).OutputInts(0).ToArray();
        for (var k = 0; k < given.Length; k++)
        {
            var (output, row, column) = (k / width / height, k / width % height, k % width);
            long sum = 0;
            for (var c = 0; c < channels / groups; c++)
                for (var i = 0; i < kernel * kernel; i++)
                {
                    var (r, q) = (row + (i / kernel) - padding, column + (i % kernel) - padding);
                    var channel = (output / (outputs / groups) * (channels / groups)) + c;
                    if (r >= 0 && r < height && q >= 0 && q < width)
                        sum += (long)(x[(((channel * height) + r) * width) + q] - 3)
                            * (long)w[(((output * (channels / groups)) + c) * kernel * kernel) + i];
                }
            Assert.Equal(sum, given[k]);
        }
    }

    [Fact]
    public void Cast_of_integers_to_truths_gives_0_or_1()
    {
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Int64, (4, ""));
        document.Weight("w", [3], [0L, -1, 12]);
        Cast(document, "x", "t", OnnxType.Bool);
        Cast(document, "w", "u", OnnxType.Bool);
        document.Node("Concat", "", ["t", "u"], ["c"], OnnxValue.Of("axis", 0));
        Cast(document, "c", "y", OnnxType.Float32);
        document.Output("y", OnnxDataType.Float32);
        using var model = OnnxModel.Load(document.ToArray([]), "test", new RuntimeOptions { Threads = 1 });
        var session = model.Open([4]);
        new long[] { 0, 1, -7, long.MinValue }.CopyTo(session.InputInts(0));
        session.Run();
        Assert.Equal([0f, 1, 1, 1, 0, 1, 1], session.Output(0).ToArray());
    }

    [Fact]
    public void Resize_of_integers_drops_the_fraction()
    {
        using var document = new OnnxDocument { Opset = 19 };
        Input(document, "x", 1, 1, 1, 2);
        Cast(document, "x", "x8", OnnxType.UInt8);
        document.Weight("scales", [4], [1f, 1, 1, 2]);
        document.Node("Resize", "", ["x8", "", "scales"], ["r"], OnnxValue.Of("mode", "linear"));
        Cast(document, "r", "y", OnnxType.Float32);
        document.Output("y", OnnxDataType.Float32);
        // Half pixels: 10, 10 + ¼ · 3, 10 + ¾ · 3, 13.
        Assert.Equal([10f, 10, 12, 13], Run(document, [10, 13]).Output(0).ToArray());
    }

    [Fact]
    public void ConvTranspose_of_an_output_larger_than_its_sums_has_zeros_at_the_end()
    {
        using var document = new OnnxDocument();
        Input(document, "x", 1, 1, 1, 2);
        document.Weight("w", [1, 1, 1, 2], [1f, 1]);
        document.Node("ConvTranspose", "", ["x", "w"], ["y"], OnnxValue.Of("strides", 1, 3), OnnxValue.Of("output_shape", 1, 6),
            OnnxValue.Of("auto_pad", "SAME_LOWER"));
        document.Output("y", OnnxDataType.Float32);
        Assert.Equal([5f, 5, 0, 7, 7, 0], Run(document, [5, 7]).Output(0).ToArray());
    }

    [Fact]
    public void Shrink_takes_integers()
    {
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Int64, (5, ""));
        document.Node("Shrink", "", ["x"], ["y"], OnnxValue.Of("lambd", 1.5), OnnxValue.Of("bias", 1.0));
        document.Output("y", OnnxDataType.Int64);
        using var model = OnnxModel.Load(document.ToArray([]), "test", new RuntimeOptions { Threads = 1 });
        var session = model.Open([5]);
        new long[] { -3, -1, 0, 1, 3 }.CopyTo(session.InputInts(0));
        session.Run();
        Assert.Equal([-2L, 0, 0, 0, 2], session.OutputInts(0).ToArray());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    public void GridSample_of_cubics_is_libtorchs_with_every_padding(int padding, int corners)
    {
        using var scope = new Scope();
        var (x, grid) = (Tensor.Randn([2, 3, 5, 6]), Tensor.Randn([2, 4, 7, 2]));
        var wanted = Aten.Call("aten::grid_sampler", x, grid, 2L, (long)padding, corners == 1).AsTensor().ToArray<float>();
        var file = SmallModel.File("GridSample", [x, grid], [], OnnxValue.Of("mode", "bicubic"),
            OnnxValue.Of("padding_mode", padding switch { 0 => "zeros", 1 => "border", _ => "reflection" }),
            OnnxValue.Of("align_corners", corners));
        var given = SmallModel.Run(file, [x, grid], SimdPath.Scalar).Numbers;
        // Sixteen products in single precision.
        for (var k = 0; k < wanted.Length; k++)
            Assert.Equal(wanted[k], given[k], 1e-4f);
    }

    static float[] Numbers(int count, Func<int> next) => [.. Enumerable.Range(0, count).Select(_ => (float)next())];

    static void Input(OnnxDocument document, string name, params int[] shape) =>
        document.Input(name, OnnxDataType.Float32, [.. shape.Select(s => ((long?)s, ""))]);

    static void Cast(OnnxDocument document, string from, string to, OnnxType type) =>
        document.Node("Cast", "", [from], [to], OnnxValue.Of("to", (long)type));

    static Session Run(OnnxDocument document, params float[][] inputs)
    {
        var model = OnnxModel.Load(document.ToArray([]), "test", new RuntimeOptions { Threads = 2 });
        var session = model.Open([.. model.Inputs.Select(i => i.Shape!.ToArray())]);
        for (var k = 0; k < inputs.Length; k++)
            inputs[k].CopyTo(session.Input(k));
        session.Run();
        return session;
    }
}
