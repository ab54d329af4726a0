using Hwaso.Checkpoints;
using Hwaso.Graph;
using Hwaso.Nn;
using Hwaso.Runtime;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Onnx.Tests;

/// <summary>Each operator by itself: its file, run by Hwaso.Runtime, gives libtorch's numbers.</summary>
public sealed class OnnxOperatorsTests : TensorTest
{
    // Single precision through at most five nodes, and functions that the two engines approximate differently.
    const double Tolerance = 1e-5;

    static readonly Dictionary<string, Func<Tensor, Tensor>> cases = new()
    {
        ["relu"] = x => x.Relu(),
        ["sigmoid"] = x => x.Sigmoid(),
        ["tanh"] = x => Aten.Call("aten::tanh", x).AsTensor(),
        ["exp, sqrt, log"] = x => Aten.Call("aten::log", Aten.Sqrt(Aten.Exp(x))).AsTensor(),
        ["abs, neg"] = x => -Aten.Abs(x),
        ["hardswish"] = x => Aten.Hardswish(x),
        ["silu"] = x => Aten.Silu(x),
        ["gelu"] = x => Aten.Gelu(x),
        ["softmax"] = x => x.Softmax(1),
        ["log_softmax"] = x => x.LogSoftmax(-1),
        ["clamp"] = x => Aten.Clamp(x, -0.5, 0.25),
        ["clamp below"] = x => Aten.Clamp(x, min: 0.1),
        ["clamp above"] = x => Aten.Clamp(x, max: 0.1),
        ["add, sub, mul, div"] = x => (x + x.Relu()) * x / (x.Relu() - x + 2),
        ["numbers"] = x => Aten.Rsub(x * 3 / 2 - 1, 4) + 0.5,
        ["max_pool2d"] = x => Aten.MaxPool2d(x, [3, 3], [2, 2], [1, 1]),
        ["max_pool2d without stride"] = x => Aten.MaxPool2d(x, [2, 2]),
        ["avg_pool2d"] = x => Aten.AvgPool2d(x, [2, 3], [2, 2], [1, 1], countIncludePad: false),
        ["adaptive_avg_pool2d"] = x => Aten.AdaptiveAvgPool2d(x, [1, 1]),
        ["adaptive_avg_pool2d into parts"] = x => Aten.AdaptiveAvgPool2d(x, [4, 5]),
        ["mean"] = x => x.Mean([2, 3], keep: true),
        ["mean without dimension"] = x => x.Mean([1]),
        ["amax"] = x => Aten.Amax(x, [1], keepdim: true),
        ["sum"] = x => x.Sum([2]),
        ["upsample_bilinear2d"] = x => x.ResizeBilinear(9, 13),
        ["upsample_bilinear2d, corners"] = x => x.ResizeBilinear(9, 13, alignCorners: true),
        ["upsample_nearest2d"] = x => x.ResizeNearest(12, 16),
        ["cat"] = x => Tensor.Concat([x, x * 2], 1),
        ["reshape, flatten"] = x => x.Reshape(1, 2, 2, 48).Flatten(2),
        ["unsqueeze, squeeze"] = x => x.Unsqueeze(2).Relu().Squeeze(2),
        ["expand"] = x => Aten.Expand(x.Mean([1], keep: true), [1, 5, 6, 8]),
        ["permute"] = x => x.Permute(0, 2, -1, 1),
        ["transpose"] = x => x.Transpose(1, -1),
        ["select"] = x => Aten.Select(x, 1, 2),
        ["narrow"] = x => x.Narrow(2, 1, 3),
        ["narrow to the end"] = x => x.Narrow(-1, -3, 3),
        ["pad"] = x => Aten.Call("aten::constant_pad_nd", x, new long[] { 1, 2, 0, 3 }, 0.5).AsTensor(),
        ["matmul"] = x => x.MatMul(x.Transpose(2, 3)),
        ["clone"] = x => x.Clone(),
    };

    public static TheoryData<string> Names => [.. cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_operator_s_file_answers_as_libtorch_does(string name)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var x = Example();
        var expected = cases[name](x);

        using var model = OnnxModel.Load(Export(cases[name]), name, new RuntimeOptions { Threads = 1 });
        var session = model.Open([1, 4, 6, 8]);
        x.Span<float>().CopyTo(session.Input(0));
        session.Run();

        Assert.Equal(expected.Shape, session.OutputShape(0).ToArray().Select(s => (long)s));
        AssertClose(expected.Contiguous().Span<float>(), session.Output(0), Tolerance, name);
    }

    [Fact]
    public void Arguments_that_ONNX_has_no_form_for_are_refused_by_name()
    {
        Refused(x => Aten.Add(x, x, 2), "aten::add.Tensor with these arguments");
        Refused(x => Aten.Gelu(x, "tanh"), "aten::gelu in its tanh approximation");
        Refused(x => Aten.AvgPool2d(x, [2, 2], divisorOverride: 3), "aten::avg_pool2d with these arguments");
        Refused(x => Aten.Call("aten::cumsum", x, 1L).AsTensor(), "aten::cumsum with these arguments");
    }

    static void Refused(Func<Tensor, Tensor> forward, string reason) =>
        Assert.Contains(reason, Assert.Throws<NotSupportedException>(() => Export(forward)).Message, StringComparison.Ordinal);

    static Tensor Example() => Tensor.From(FormulaWeights.Fill("input", 1, 4, 6, 8));

    static byte[] Export(Func<Tensor, Tensor> forward)
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of(new OneOperator(weights, forward), Example(), keepConstants: true);
        return OnnxExport.Write(graph, name => throw new KeyNotFoundException(name)).Bytes;
    }

    sealed class OneOperator(Weights w, Func<Tensor, Tensor> forward) : Net(w)
    {
        protected override Tensor Forward(Tensor x) => forward(x);
    }
}
