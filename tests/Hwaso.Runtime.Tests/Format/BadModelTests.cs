using Hwaso.Nn;
using Hwaso.Onnx;
using Hwaso.Runtime.Format;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Runtime.Tests.Format;

/// <summary>
/// Files that are not models, are damaged, or use something unsupported are refused quickly with place and reason, whatever they declare.
/// </summary>
public sealed class BadModelTests : TensorTest
{
    [Theory]
    [InlineData(new byte[0], "holds no graph")]
    [InlineData(new byte[] { 0xff, 0xd8, 0xff, 0xe0 }, "this is not an ONNX file")]
    [InlineData(new byte[] { 0x3a, 0x7f }, "this is not an ONNX file")]
    [InlineData(new byte[] { 0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, "this is not an ONNX file")]
    public void What_is_no_model_is_refused(byte[] file, string expected) => Refused(file, expected);

    [Fact]
    public void An_operator_that_is_not_supported_is_named_with_its_node() =>
        Refused(File(d => d.Node("LSTM", "boxes", ["x"], ["y"])),
            "test: LSTM 'boxes': operator LSTM is not supported");

    [Fact]
    public void An_attribute_that_is_not_supported_is_named_with_its_node() =>
        Refused(File(d => d.Node("Relu", "act", ["x"], ["y"], OnnxValue.Of("leak", 1L))),
            "test: Relu 'act': attribute leak is not supported");

    [Fact]
    public void An_operator_set_that_is_not_known_is_named() =>
        Refused(File(d => d.Node("Relu", "", ["x"], ["y"]), opset: 99), "operator set 99");

    [Fact]
    public void Nodes_in_a_cycle_are_refused() =>
        Refused(File(d =>
        {
            d.Node("Add", "first", ["x", "b"], ["a"]);
            d.Node("Relu", "second", ["a"], ["b"]);
            d.Node("Relu", "third", ["b"], ["y"]);
        }), "test: Add 'first': waits for its own result");

    [Fact]
    public void A_value_that_nobody_makes_is_named() =>
        Refused(File(d => d.Node("Add", "sum", ["x", "nothing"], ["y"])), "its input 'nothing'");

    [Fact]
    public void An_output_that_nobody_makes_is_named() =>
        Refused(File(d => d.Node("Relu", "", ["x"], ["z"])), "output 'y': is not made by any node");

    [Fact]
    public void A_value_made_twice_is_refused() =>
        Refused(File(d =>
        {
            d.Node("Relu", "one", ["x"], ["y"]);
            d.Node("Relu", "two", ["x"], ["y"]);
        }), "test: Relu 'two': makes 'y', which exists already");

    [Fact]
    public void Weights_that_are_not_as_long_as_their_sizes_say_are_refused() =>
        Refused(File(d =>
        {
            d.Weight("w", OnnxDataType.Float32, [8, 3, 3, 3], new byte[100]);
            d.Node("Conv", "c", ["x", "w"], ["y"]);
        }), "tensor 'w': has 100 bytes where its sizes need 216 × 4");

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
    public void Impossible_sizes_of_weights_are_refused(long first, long second) =>
        Refused(File(d =>
        {
            d.Weight("w", OnnxDataType.Float32, [first, second], new byte[4]);
            d.Node("MatMul", "", ["x", "w"], ["y"]);
        }), "are negative or give more than 2147483647 numbers");

    [Fact]
    public void A_small_file_that_claims_much_memory_is_refused_without_taking_it()
    {
        var file = File(d =>
        {
            d.Weight("sizes", [4L], [1L, 1 << 14, 1 << 14, 1]);
            d.Node("Expand", "grow", ["x", "sizes"], ["y"]);
        }, size: 1, channels: 1);
        var before = GC.GetTotalAllocatedBytes();
        var error = Assert.Throws<ModelFormatException>(() =>
            OnnxModel.Load(file, "test", new RuntimeOptions { MostBytes = 64 << 20, Threads = 1 }));
        Assert.Contains("64 MiB are allowed", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 16 << 20);
    }

    [Fact]
    public void Many_constants_that_are_merely_claimed_are_refused_before_they_are_made()
    {
        var file = File(d =>
        {
            d.Weight("sizes", [1L], [1L << 20]);
            for (var k = 0; k < 100; k++)
                d.Node("ConstantOfShape", $"claim{k}", ["sizes"], [$"c{k}"]);
            d.Node("Relu", "", ["x"], ["y"]);
        });
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ModelFormatException>(() =>
            OnnxModel.Load(file, "test", new RuntimeOptions { MostBytes = 16 << 20, Threads = 1 }));
        Assert.Contains("claim4': a constant float[1048576], and those before it, need more memory than a run is allowed", error.Message,
            StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 24 << 20);
    }

    [Fact]
    public void Huge_sizes_of_a_tensor_of_nothing_are_refused() =>
        Refused(File(d =>
        {
            d.Weight("nothing", [0, 1 << 20, 1 << 20], Array.Empty<float>());
            d.Node("Relu", "", ["x"], ["y"]);
        }), "has more than the 1073741824 numbers supported");

    [Fact]
    public void A_window_over_what_is_known_is_left_to_the_run_when_it_would_take_long()
    {
        // 1 M windows of 4096 × 4096 would take days. The session is opened but not run.
        using var model = OnnxModel.Load(File(d =>
        {
            d.Weight("w", [1, 1, 1, 1], [1f]);
            d.Node("MaxPool", "slow", ["w"], ["z"], OnnxValue.Of("kernel_shape", 4096, 4096), OnnxValue.Of("pads", 2560, 2560, 2559, 2559));
            d.Node("ReduceMean", "", ["z"], ["m"]);
            d.Node("Add", "", ["x", "m"], ["y"]);
        }), "test", new RuntimeOptions { Threads = 1 });
        Assert.Equal([1, 3, 8, 8], model.Open([1, 3, 8, 8]).OutputShape(0).ToArray());
    }

    [Fact]
    public void Inputs_and_weights_without_a_name_and_inputs_there_twice_are_refused()
    {
        Refused(File(d =>
        {
            d.Input("", OnnxDataType.Float32, (1, ""));
            d.Node("Relu", "", ["x"], ["y"]);
        }), "a weight, input or output has no name");
        Refused(File(d =>
        {
            d.Weight("", [1], [1L]);
            d.Node("Relu", "", ["x"], ["y"]);
        }), "a weight, input or output has no name");
        Refused(File(d =>
        {
            d.Input("x", OnnxDataType.Int64, (1, ""));
            d.Node("Relu", "", ["x"], ["y"]);
        }), "test: input 'x': occurs twice");
    }

    [Fact]
    public void Operators_that_lack_their_inputs_are_refused_also_where_they_could_be_folded()
    {
        Refused(File(d =>
        {
            d.Weight("w", [2, 3, 1, 1], new float[6]);
            d.Node("Conv", "c", ["x", "w"], ["z"]);
            d.Node("Add", "sum", ["z"], ["y"]);
        }), "test: Add 'sum': input 1 is missing");
        Refused(File(d =>
        {
            d.Weight("b", [2, 1, 1], new float[2]);
            d.Node("Conv", "c", ["x"], ["z"]);
            d.Node("Add", "sum", ["z", "b"], ["y"]);
        }), "test: Conv 'c': input 1 is missing");
    }

    [Fact]
    public void More_nodes_than_any_network_has_are_refused() =>
        Refused(File(d =>
        {
            for (var k = 0; k <= 20_000; k++)
                d.Node("Relu", "", [k == 0 ? "x" : $"v{k}"], [$"v{k + 1}"]);
        }), "has more than the 20000 nodes supported");

    [Fact]
    public void An_input_of_another_shape_than_declared_is_refused()
    {
        using var model = OnnxModel.Load(File(d => d.Node("Relu", "", ["x"], ["y"])), "test", new RuntimeOptions { Threads = 1 });
        Assert.Contains("[1, 3, 8, 8] was wanted", Assert.Throws<ArgumentException>(() => model.Open([1, 3, 8, 9])).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => model.Open([1, 3, 8, 0]));
        Assert.Throws<ArgumentException>(() => model.Open([1, 3, 8, 8], [1]));
    }

    /// <summary>A real network's file that is cut short anywhere gives the same exception.</summary>
    [Fact]
    public void A_file_cut_short_anywhere_is_refused()
    {
        var file = Network();
        for (var length = 0; length < file.Length; length += Math.Max(1, file.Length / 300))
            Assert.Throws<ModelFormatException>(() =>
                OnnxModel.Load(file.AsMemory(0, length), "test", new RuntimeOptions { Threads = 1 }).Dispose());
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

    static void Refused(byte[] file, string expected)
    {
        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Load(file, "test", new RuntimeOptions { Threads = 1 }));
        Assert.StartsWith("test", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
