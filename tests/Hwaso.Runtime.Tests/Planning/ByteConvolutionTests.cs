using System.Runtime.InteropServices;
using Hwaso.Onnx;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Tests.Planning;

/// <summary>Convolutions between QuantizeLinear and DequantizeLinear, against sums of integers written out here.</summary>
public sealed class ByteConvolutionTests
{
    [Fact]
    public void Quantised_convolutions_are_sums_of_integers_with_the_same_bits_on_every_path()
    {
        for (var seed = 0; seed < 16; seed++)
        {
            var one = Case.Random(new Random(seed));
            var file = one.File();
            float[]? first = null;
            foreach (var path in SmallModel.Paths)
            {
                using var model = OnnxModel.Load(file, $"case {seed}", new RuntimeOptions { Path = path, Threads = 2 });
                var session = model.Open([one.Batch, one.Cin, one.Height, one.Width]);
                Assert.True(session.IsPlanned);
                Assert.Contains(session.Plan.Steps, s => s.Operator is IntegerConvOperator { Output: not null });
                Assert.DoesNotContain(session.Plan.Steps, s => s.Operator is ConvOperator);
                one.Image.CopyTo(session.Input(0));
                session.Run();
                var given = session.Output(0).ToArray();
                first ??= one.Checked(given, seed);
                Assert.Equal(first, given);
            }
        }
    }

    [Theory]
    [InlineData(18, 20, 33, 66, 1, 1, false)]
    [InlineData(9, 8, 16, 130, 1, 1, false)]
    [InlineData(40, 13, 9, 50, 0, 2, false)]
    [InlineData(16, 37, 17, 17, 2, 1, true)]
    [InlineData(100, 110, 12, 20, 1, 1, false)]
    [InlineData(116, 8, 20, 16, 1, 1, true)]
    // Beyond what 26 bits of a sum tell apart.
    [InlineData(240, 8, 12, 12, 1, 1, true)]
    public void Convolutions_of_3x3_with_a_quarter_of_the_products_have_the_same_bits(
        int cin, int cout, int height, int width, int padding, int groups, bool isExtreme)
    {
        var one = Case.Of3x3(new Random(cin), cin, cout, height, width, padding, groups, isExtreme);
        HasTheSameBits(one, cin);
    }

    [Theory]
    [InlineData(3, 8, 33, 66, 1, 1, false)]
    // Rows of 16 and of 8 pixels, and one of 17.
    [InlineData(18, 20, 9, 32, 1, 1, false)]
    [InlineData(10, 13, 16, 16, 1, 2, true)]
    [InlineData(8, 6, 3, 35, 0, 1, true)]
    // Two columns of padding, and an image of fewer columns than a vector.
    [InlineData(21, 7, 12, 9, 2, 1, false)]
    public void Convolutions_of_3x3_and_every_second_column_have_the_same_bits(
        int cin, int cout, int height, int width, int padding, int groups, bool isExtreme) =>
        HasTheSameBits(Case.Of3x3(new Random(cin), cin, cout, height, width, padding, groups, isExtreme, stride: 2), cin);

    static void HasTheSameBits(Case one, int seed)
    {
        var answers = SmallModel.Paths.Select(path =>
        {
            using var model = OnnxModel.Load(one.File(), "3x3", new RuntimeOptions { Path = path, Threads = 3 });
            var session = model.Open([one.Batch, one.Cin, one.Height, one.Width]);
            one.Image.CopyTo(session.Input(0));
            session.Run();
            return session.Output(0).ToArray();
        }).ToList();
        one.Checked(answers[0], seed);
        Assert.All(answers, a => Assert.Equal(answers[0], a));
    }

    [Fact]
    public void A_scale_that_is_not_a_number_gives_the_same_bits_on_every_path()
    {
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Float32, (1, ""), (1, ""), (1, ""), (40, ""));
        Code(document, "in", 0.02f, 100, OnnxDataType.UInt8);
        document.Weight("w", OnnxDataType.Int8, [1, 1, 1, 1], [3]);
        document.Weight("w.s", [1], [float.NaN]);
        document.Weight("w.z", OnnxDataType.Int8, [1], [0]);
        document.Node("QuantizeLinear", "", ["x", "in.s", "in.z"], ["q"]);
        document.Node("DequantizeLinear", "", ["q", "in.s", "in.z"], ["d"]);
        document.Node("DequantizeLinear", "", ["w", "w.s", "w.z"], ["dw"], OnnxValue.Of("axis", 0));
        document.Node("Conv", "", ["d", "dw"], ["c"]);
        document.Node("Relu", "", ["c"], ["r"]);
        document.Node("QuantizeLinear", "", ["r", "in.s", "in.z"], ["qy"]);
        document.Node("DequantizeLinear", "", ["qy", "in.s", "in.z"], ["y"]);
        document.Output("y", OnnxDataType.Float32);
        var file = document.ToArray([]);
        var answers = SmallModel.Paths.Select(path =>
        {
            using var model = OnnxModel.Load(file, "scale", new RuntimeOptions { Path = path, Threads = 1 });
            var session = model.Open([1, 1, 1, 40]);
            Assert.Contains(session.Plan.Steps, s => s.Operator is IntegerConvOperator);
            session.Run();
            return session.Output(0).ToArray();
        }).ToList();
        Assert.All(answers, a => Assert.Equal(answers[0], a));
    }

    [Fact]
    public void A_sum_of_two_restored_tensors_is_computed_on_bytes()
    {
        // 1,003 numbers: whole vectors and a rest.
        const int count = 1003;
        var random = new Random(5);
        using var document = new OnnxDocument();
        foreach (var name in new[] { "a", "b" })
            document.Input(name, OnnxDataType.Float32, (count, ""));
        Code(document, "ca", 0.02f, 100, OnnxDataType.UInt8);
        Code(document, "cb", 0.031f, -7, OnnxDataType.Int8);
        Code(document, "cy", 0.017f, 3, OnnxDataType.UInt8);
        document.Node("QuantizeLinear", "", ["a", "ca.s", "ca.z"], ["qa"]);
        document.Node("DequantizeLinear", "", ["qa", "ca.s", "ca.z"], ["da"]);
        document.Node("QuantizeLinear", "", ["b", "cb.s", "cb.z"], ["qb"]);
        document.Node("DequantizeLinear", "", ["qb", "cb.s", "cb.z"], ["db"]);
        document.Node("Add", "", ["da", "db"], ["sum"]);
        document.Node("Relu", "", ["sum"], ["positive"]);
        document.Node("QuantizeLinear", "", ["positive", "cy.s", "cy.z"], ["qy"]);
        document.Node("DequantizeLinear", "", ["qy", "cy.s", "cy.z"], ["y"]);
        document.Output("y", OnnxDataType.Float32);
        using var model = OnnxModel.Load(document.ToArray([]), "sum", new RuntimeOptions { Threads = 1 });
        var session = model.Open([count], [count]);
        Assert.Single(session.Plan.Steps, s => s.Operator is ByteSumOperator { Output: not null });
        var (a, b) = (Numbers(random, count, 4), Numbers(random, count, 6));
        a.CopyTo(session.Input(0));
        b.CopyTo(session.Input(1));
        session.Run();
        for (var k = 0; k < count; k++)
        {
            var x = (Math.Clamp(MathF.Round(a[k] / 0.02f) + 100, 0, 255) - 100) * 0.02f;
            var y = (Math.Clamp(MathF.Round(b[k] / 0.031f) - 7, -128, 127) + 7) * 0.031f;
            Assert.Equal((Math.Clamp(MathF.Round(Math.Max(0, x + y) / 0.017f) + 3, 0, 255) - 3) * 0.017f, session.Output(0)[k]);
        }
    }

    [Fact]
    public void Codes_that_something_else_reads_leave_the_model_to_the_evaluator()
    {
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Float32, (1, ""), (2, ""), (2, ""), (2, ""));
        Code(document, "c", 1f, 0, OnnxDataType.UInt8);
        document.Node("QuantizeLinear", "", ["x", "c.s", "c.z"], ["q"]);
        document.Node("MaxPool", "", ["q"], ["m"], OnnxValue.Of("kernel_shape", 2L, 2L));
        document.Node("DequantizeLinear", "", ["m", "c.s", "c.z"], ["y"]);
        document.Output("y", OnnxDataType.Float32);
        using var model = OnnxModel.Load(document.ToArray([]), "pooled", new RuntimeOptions { Threads = 1 });
        var session = model.Open([1, 2, 2, 2]);
        new float[] { 1, 2, 300, 4, 0, -5, 0.4f, 0.2f }.CopyTo(session.Input(0));
        session.Run();
        Assert.False(session.IsPlanned);
        Assert.Equal([255, 0], session.Output(0).ToArray());
    }

    static float[] Numbers(Random random, int count, float spread) =>
        [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) * spread)];

    static void Code(OnnxDocument document, string name, float scale, int zero, OnnxDataType type)
    {
        document.Weight($"{name}.s", [], [scale]);
        document.Weight($"{name}.z", type, [], [(byte)zero]);
    }

    /// <summary>A convolution with its codes and numbers.</summary>
    sealed class Case
    {
        public int Batch { get; private init; }

        public int Cin { get; private init; }

        public int Height { get; private init; }

        public int Width { get; private init; }

        public float[] Image { get; private init; } = [];

        int cout, groups, kernel, stride, padding, dilation, inZero, outZero;
        float inScale, outScale;
        bool isSigned, hasBias, rectifies;
        sbyte[] weights = [];
        float[] scales = [], bias = [];

        public static Case Random(Random random)
        {
            var groups = random.Next(4) == 0 ? 2 : 1;
            var (cin, cout) = (groups * random.Next(2, 40), groups * random.Next(1, 20));
            var kernel = random.Next(3) == 0 ? 1 : random.Next(1, 5);
            var dilation = random.Next(1, 4);
            var reach = ((kernel - 1) * dilation) + 1;
            var (batch, height, width) = (random.Next(1, 3), reach + random.Next(0, 9), reach + random.Next(0, 50));
            return new Case
            {
                Batch = batch,
                Cin = cin,
                Height = height,
                Width = width,
                // Some numbers lie beyond the code's range.
                Image = Numbers(random, batch * cin * height * width, 6),
                cout = cout,
                groups = groups,
                kernel = kernel,
                stride = random.Next(1, 4),
                padding = random.Next(0, kernel),
                dilation = dilation,
                isSigned = random.Next(2) == 0,
                hasBias = random.Next(2) == 0,
                rectifies = random.Next(2) == 0,
                inScale = 0.02f,
                inZero = random.Next(1, 250),
                outScale = 0.05f,
                outZero = random.Next(0, 200),
                weights = [.. Enumerable.Range(0, cout * cin / groups * kernel * kernel).Select(_ => (sbyte)random.Next(-128, 128))],
                scales = [.. Enumerable.Range(0, cout).Select(_ => 1e-4f + (1e-3f * random.NextSingle()))],
                bias = Numbers(random, cout, 2),
            };
        }

        /// <summary>A convolution of 3×3; an extreme one has the largest numbers and weights.</summary>
        public static Case Of3x3(
            Random random, int cin, int cout, int height, int width, int padding, int groups, bool isExtreme, int stride = 1)
        {
            var image = Numbers(random, 2 * cin * height * width, 6);
            var weights = Enumerable.Range(0, cout * cin / groups * 9).Select(_ => (sbyte)random.Next(-128, 128)).ToArray();
            if (isExtreme)
                for (var k = 0; k < weights.Length; k++)
                    // The first channels have signs of their own, the others one.
                    weights[k] = k / (9 * cin / groups) % 2 == 0 ? (sbyte)-128 : random.Next(2) == 0 ? (sbyte)-128 : (sbyte)127;
            if (isExtreme)
                for (var k = 0; k < image.Length; k++)
                    image[k] = random.Next(8) == 0 ? -9 : 9;
            return new Case
            {
                Batch = 2,
                Cin = cin,
                Height = height,
                Width = width,
                Image = image,
                cout = cout * groups,
                groups = groups,
                kernel = 3,
                stride = stride,
                padding = padding,
                dilation = 1,
                hasBias = true,
                rectifies = cin % 2 == 0,
                inScale = 0.02f,
                inZero = isExtreme ? 0 : 77,
                outScale = isExtreme ? 20f : 0.5f,
                outZero = 128,
                weights = [.. Enumerable.Repeat(weights, groups).SelectMany(w => w)],
                scales = [.. Enumerable.Range(0, cout * groups).Select(_ => 1e-3f + (1e-2f * random.NextSingle()))],
                bias = Numbers(random, cout * groups, 2),
            };
        }

        public byte[] File()
        {
            using var document = new OnnxDocument();
            document.Input("x", OnnxDataType.Float32, (Batch, ""), (Cin, ""), (Height, ""), (Width, ""));
            var type = isSigned ? OnnxDataType.Int8 : OnnxDataType.UInt8;
            Code(document, "in", inScale, isSigned ? inZero - 128 : inZero, type);
            Code(document, "out", outScale, isSigned ? outZero - 128 : outZero, type);
            document.Weight("w", OnnxDataType.Int8, [cout, Cin / groups, kernel, kernel], MemoryMarshal.AsBytes<sbyte>(weights));
            document.Weight("w.s", [cout], scales);
            document.Weight("w.z", OnnxDataType.Int8, [cout], new byte[cout]);
            document.Weight("b", [cout], bias);
            document.Node("QuantizeLinear", "", ["x", "in.s", "in.z"], ["q"]);
            document.Node("DequantizeLinear", "", ["q", "in.s", "in.z"], ["d"]);
            document.Node("DequantizeLinear", "", ["w", "w.s", "w.z"], ["dw"], OnnxValue.Of("axis", 0));
            document.Node("Conv", "", hasBias ? ["d", "dw", "b"] : ["d", "dw"], ["c"], OnnxValue.Of("group", groups),
                OnnxValue.Of("strides", stride, stride), OnnxValue.Of("pads", padding, padding, padding, padding),
                OnnxValue.Of("dilations", dilation, dilation));
            if (rectifies)
                document.Node("Relu", "", ["c"], ["r"]);
            document.Node("QuantizeLinear", "", [rectifies ? "r" : "c", "out.s", "out.z"], ["qy"]);
            document.Node("DequantizeLinear", "", ["qy", "out.s", "out.z"], ["y"]);
            document.Output("y", OnnxDataType.Float32);
            return document.ToArray([]);
        }

        /// <summary>The output, which differs from the sums written out here nowhere but where rounding meets a tie.</summary>
        public float[] Checked(float[] given, int seed)
        {
            var codes = Array.ConvertAll(Image, v => (int)Math.Clamp(MathF.Round(v / inScale) + inZero, 0, 255) - inZero);
            var (rows, columns) = (Size(Height), Size(Width));
            Assert.Equal(Batch * cout * rows * columns, given.Length);
            for (var k = 0; k < given.Length; k++)
            {
                var (x, y, o, n) = (k % columns, k / columns % rows, k / columns / rows % cout, k / columns / rows / cout);
                long sum = 0;
                for (var c = 0; c < Cin / groups; c++)
                    for (var t = 0; t < kernel * kernel; t++)
                    {
                        var (r, q) = ((y * stride) + (t / kernel * dilation) - padding, (x * stride) + (t % kernel * dilation) - padding);
                        var channel = (o / (cout / groups) * (Cin / groups)) + c;
                        if (r >= 0 && r < Height && q >= 0 && q < Width)
                            sum += (long)codes[(((((n * Cin) + channel) * Height) + r) * Width) + q]
                                * weights[(((o * (Cin / groups)) + c) * kernel * kernel) + t];
                    }
                var exact = ((sum * (double)inScale * scales[o]) + (hasBias ? bias[o] : 0)) / outScale;
                exact = rectifies ? Math.Max(0, exact) : exact;
                var wanted = (Math.Clamp(Math.Round(exact) + outZero, 0, 255) - outZero) * outScale;
                // Single precision rounds some products; within 1e-3 of a tie either neighbour is right.
                if (Math.Abs(exact - Math.Floor(exact) - 0.5) > 1e-3)
                    Assert.True(Math.Abs(wanted - given[k]) < 1e-4, $"case {seed}, number {k}: {given[k]}, wanted {wanted}");
            }
            return given;
        }

        int Size(int size) => ((size + (2 * padding) - ((kernel - 1) * dilation) - 1) / stride) + 1;
    }
}
