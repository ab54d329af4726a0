using System.Diagnostics;
using Hwaso.Graph.Export;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Runtime.Tests;

/// <summary>Files that are no model, or damaged, or ask for what is not supported: told what and where, quickly, whatever they claim.</summary>
public sealed class BadModelTests : TensorTest
{
    [Theory]
    [InlineData(new byte[0], "holds no graph")]
    [InlineData(new byte[] { 0xff, 0xd8, 0xff, 0xe0 }, "no ONNX file")]
    [InlineData(new byte[] { 0x3a, 0x7f }, "no ONNX file")]
    [InlineData(new byte[] { 0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, "no ONNX file")]
    public void What_is_no_model_is_refused(byte[] file, string expected) => Refused(file, expected);

    [Fact]
    public void An_operator_that_is_not_supported_is_named_with_its_node() =>
        Refused(File(d => d.Node("NonMaxSuppression", "boxes", ["x"], ["y"])), "test: NonMaxSuppression 'boxes': operator NonMaxSuppression is not supported");

    [Fact]
    public void An_attribute_that_is_not_supported_is_named_with_its_node() =>
        Refused(File(d => d.Node("Relu", "act", ["x"], ["y"], OnnxValue.Of("leak", 1L))), "test: Relu 'act': attribute leak is not supported");

    [Fact]
    public void An_operator_set_that_is_not_known_is_named() => Refused(File(d => d.Node("Relu", "", ["x"], ["y"]), opset: 99), "operator set 99");

    [Fact]
    public void Nodes_in_a_cycle_are_refused() =>
        Refused(File(d =>
        {
            d.Node("Add", "first", ["x", "b"], ["a"]);
            d.Node("Relu", "second", ["a"], ["b"]);
            d.Node("Relu", "third", ["b"], ["y"]);
        }), "test: Add 'first': waits for its own result");

    [Fact]
    public void A_value_that_nobody_makes_is_named() => Refused(File(d => d.Node("Add", "sum", ["x", "nothing"], ["y"])), "its input 'nothing'");

    [Fact]
    public void An_output_that_nobody_makes_is_named() => Refused(File(d => d.Node("Relu", "", ["x"], ["z"])), "output 'y': is made by no node");

    [Fact]
    public void A_value_made_twice_is_refused() =>
        Refused(File(d =>
        {
            d.Node("Relu", "one", ["x"], ["y"]);
            d.Node("Relu", "two", ["x"], ["y"]);
        }), "test: Relu 'two': makes 'y', which is there already");

    [Fact]
    public void Weights_that_are_not_as_long_as_their_sizes_say_are_refused() =>
        Refused(File(d =>
        {
            d.Weight("w", OnnxDataType.Float32, [8, 3, 3, 3], new byte[100]);
            d.Node("Conv", "c", ["x", "w"], ["y"]);
        }), "tensor 'w': 100 bytes where its sizes ask for 216 × 4");

    [Fact]
    public void Weights_that_do_not_fit_their_input_are_refused() =>
        Refused(File(d =>
        {
            d.Weight("w", [2, 5, 3, 3], new float[90]);
            d.Node("Conv", "c", ["x", "w"], ["y"]);
        }), "test: Conv 'c': input float[1, 3, 8, 8] does not fit weights float[2, 5, 3, 3]");

    [Theory]
    [InlineData(1L << 40, 1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(-1, 1)]
    public void Absurd_sizes_of_weights_are_refused(long first, long second) =>
        Refused(File(d =>
        {
            d.Weight("w", OnnxDataType.Float32, [first, second], new byte[4]);
            d.Node("MatMul", "", ["x", "w"], ["y"]);
        }), "are absurd");

    [Fact]
    public void A_small_file_that_claims_much_memory_is_refused_without_taking_it()
    {
        var file = File(d =>
        {
            d.Weight("sizes", [4L], [1L, 1 << 14, 1 << 14, 1]);
            d.Node("Expand", "grow", ["x", "sizes"], ["y"]);
        }, size: 1, channels: 1);
        var before = GC.GetTotalAllocatedBytes();
        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Load(file, "test", new RuntimeOptions { MostBytes = 64 << 20, Threads = 1 }));
        Assert.Contains("64 MiB are allowed", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 16 << 20);
    }

    [Fact]
    public void An_input_of_another_shape_than_declared_is_refused()
    {
        using var model = OnnxModel.Load(File(d => d.Node("Relu", "", ["x"], ["y"])), "test", new RuntimeOptions { Threads = 1 });
        Assert.Contains("[1, 3, 8, 8] was wanted", Assert.Throws<ArgumentException>(() => model.Open([1, 3, 8, 9])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => model.Open([1, 3, 8, 0]));
        Assert.Throws<ArgumentException>(() => model.Open([1, 3, 8, 8], [1]));
    }

    /// <summary>A real network's file, cut short anywhere: always the same exception.</summary>
    [Fact]
    public void A_file_cut_short_anywhere_is_refused()
    {
        var file = Network();
        for (var length = 0; length < file.Length; length += Math.Max(1, file.Length / 300))
            Assert.Throws<ModelFormatException>(() => OnnxModel.Load(file.AsMemory(0, length), "test", new RuntimeOptions { Threads = 1 }).Dispose());
    }

    /// <summary>A real network's file with bytes changed, most of them where the structure is: refused with the one exception, or run without harm.</summary>
    [Fact]
    public void A_file_with_changed_bytes_is_refused_or_runs()
    {
        var file = Small();
        var (began, refused, ran) = (Stopwatch.GetTimestamp(), 0, 0);
        for (var seed = 0; seed < 3000 && Stopwatch.GetElapsedTime(began).TotalSeconds < 60; seed++)
        {
            var random = new Random(seed);
            var mutant = (byte[])file.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
                mutant[random.Next(mutant.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)(mutant[random.Next(mutant.Length)] ^ (1 << random.Next(8)));
            try
            {
                using var model = OnnxModel.Load(mutant, "mutant", new RuntimeOptions { Threads = 1, MostBytes = 256 << 20 });
                var shape = (model.Inputs[0].Shape ?? [1, 3, 16, 16]).Select(s => Math.Clamp(s, 1, 64)).ToArray();
                model.Open(shape).Run();
                ran++;
            }
            // An input of another rank or number than the test gives is the caller's mistake.
            catch (Exception error) when (error is ModelFormatException or ArgumentException)
            {
                refused++;
            }
        }
        Assert.True(refused > 300 && ran > 300, $"{refused} refused, {ran} ran: the mutations reach one side alone");
    }

    static byte[] File(Action<OnnxDocument> write, int opset = 17, int size = 8, int channels = 3)
    {
        using var document = new OnnxDocument { Opset = opset };
        document.Input("x", OnnxDataType.Float32, (1, ""), (channels, ""), (size, ""), (size, ""));
        write(document);
        document.Output("y", OnnxDataType.Float32);
        return document.ToArray([]);
    }

    static byte[] Network()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        return ExportedNetworkTests.Export(ExportedNetworkTests.Build("hrnetv2-w18-small-v1", weights), [1, 3, 64, 64], null);
    }

    // Few weights, many kinds of nodes.
    static byte[] Small() => File(d =>
    {
        d.Weight("w", [4, 3, 3, 3], Enumerable.Range(0, 108).Select(k => k * 0.01f).ToArray());
        d.Weight("b", [4], [1f, 2, 3, 4]);
        d.Weight("sizes", [4], [1L, 4, 16, 16]);
        d.Weight("flat", [2], [4L, -1]);
        d.Weight("m", [256, 5], new float[1280]);
        d.Node("Conv", "c", ["x", "w", "b"], ["a"], OnnxValue.Of("pads", 1, 1, 1, 1), OnnxValue.Of("strides", 1, 1), OnnxValue.Of("group", 1L));
        d.Node("Relu", "r", ["a"], ["e"]);
        d.Node("MaxPool", "p", ["e"], ["f"], OnnxValue.Of("kernel_shape", 2, 2), OnnxValue.Of("strides", 2, 2));
        d.Node("Resize", "u", ["f", "", "", "sizes"], ["g"], OnnxValue.Of("mode", "linear"));
        d.Node("Concat", "j", ["a", "g"], ["h"], OnnxValue.Of("axis", 1L));
        d.Node("Transpose", "t", ["h"], ["i"], OnnxValue.Of("perm", 0, 2, 3, 1));
        d.Node("Transpose", "t2", ["i"], ["k"], OnnxValue.Of("perm", 0, 3, 1, 2));
        d.Node("Split", "s", ["k"], ["l", "n"], OnnxValue.Of("axis", 1L));
        d.Node("Add", "q", ["l", "n"], ["o"]);
        d.Node("Reshape", "v", ["o", "flat"], ["z"]);
        d.Node("MatMul", "mm", ["z", "m"], ["aa"]);
        d.Node("Softmax", "sm", ["aa"], ["y"], OnnxValue.Of("axis", 1L));
    }, size: 16);

    static void Refused(byte[] file, string expected)
    {
        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Load(file, "test", new RuntimeOptions { Threads = 1 }));
        Assert.StartsWith("test", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
