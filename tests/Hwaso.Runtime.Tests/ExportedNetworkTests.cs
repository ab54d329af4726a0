using Hwaso.Checkpoints;
using Hwaso.Graph;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Onnx;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Runtime.Tests;

/// <summary>Compares exported networks with libtorch's outputs.</summary>
public sealed class ExportedNetworkTests : TensorTest
{
    // Single precision through some hundred layers; the deployment's own tolerance.
    const double Tolerance = 1e-4;

    [Theory]
    [InlineData("hrnetv2-w18-small-v1", 64, 96)]
    [InlineData("hrnetv2-w18-small-v1", 33, 47)]
    [InlineData("hrnetv2-w18-small-v2", 64, 64)]
    [InlineData("unet-resnet18", 64, 64)]
    [InlineData("efficientnet-b0", 64, 64)]
    public void An_exported_network_answers_as_libtorch_does(string name, int height, int width) =>
        Compare(name, height, width, dynamic: false);

    // Seconds each, most of them for tens of millions of weights; ZooExportTests has all of them with narrow layers.
    [Theory]
    [Trait("Time", "Long")]
    [InlineData("hrnetv2-w18", 96, 64)]
    [InlineData("fcn-resnet50", 65, 64)]
    [InlineData("hrnetv2-w48", 32, 64)]
    [InlineData("unet-resnet50", 64, 64)]
    [InlineData("resnet50", 64, 64)]
    public void A_large_exported_network_answers_as_libtorch_does(string name, int height, int width) =>
        Compare(name, height, width, dynamic: false);

    [Theory]
    [InlineData("hrnetv2-w18-small-v1")]
    [InlineData("unet-resnet18")]
    [InlineData("hrnetv2-w18-small-v1+psa-spatial", true)]
    [InlineData("hrnetv2-w18-small-v1+dca")]
    // Scales of its norms are |weight|, which no weight's name stands for.
    [InlineData("stdc1", true)]
    public void A_file_of_free_size_answers_at_sizes_that_were_never_recorded(string name, bool folded = false) =>
        Compare(name, 96, 160, dynamic: true, folded);

    [Theory]
    [InlineData("hrnetv2-w18-small-v1+dca", false)]
    [InlineData("hrnetv2-w18-small-v1+dca", true)]
    public void Deformable_convolutions_written_as_such_answer_as_libtorch_does(string name, bool dynamic) =>
        Compare(name, 96, 160, dynamic, deform: true);

    /// <summary>Attention hides keys by adding -1e9, which half precision does not have: infinite, 0 times it would be NaN.</summary>
    [Fact]
    public void Numbers_beyond_half_precision_become_its_largest()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = new Hidden(weights);
        var file = OnnxExport.Write(NetworkGraph.Of(net, [1, 1, 1, 2], keepConstants: true), _ => throw new InvalidOperationException(),
            new OnnxOptions { HalfPrecision = true }).Bytes;
        using var model = OnnxModel.Load(file, "hidden", new RuntimeOptions());
        var session = model.Open([1, 1, 1, 2]);
        new float[] { 0, 1 }.CopyTo(session.Input(0));
        session.Run();
        Assert.Equal([0, -65504], session.Output(0).ToArray());
    }

    sealed class Hidden(Weights w) : Net(w)
    {
        protected override Tensor Forward(Tensor x) => x * AttentionProduct.Unseen;
    }

    static void Compare(string name, int height, int width, bool dynamic, bool folded = false, bool deform = false)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        var net = Build(name, weights);
        net.Eval();
        var x = Tensor.From(FormulaWeights.Fill("input", 1, 3, height, width));
        var expected = net.Call(x);

        var file = dynamic
            ? Export(net, [1, 3, 64, 64], NetworkGraph.Of(net, [1, 3, 128, 96], keepConstants: true), folded, deform)
            : Export(net, [1, 3, height, width], null, deform: deform);
        using var model = OnnxModel.Load(file, name, new RuntimeOptions { Threads = 2 });
        var session = model.Open([1, 3, height, width]);
        x.Span<float>().CopyTo(session.Input(0));
        session.Run();

        Assert.Equal(expected.Shape, session.OutputShape(0).ToArray().Select(s => (long)s));
        AssertClose(expected.Contiguous().Span<float>(), session.Output(0), Tolerance, name);
    }

    internal static Net Build(string name, Weights weights)
    {
        var definition = Zoo.Find(name);
        if (definition is SegmentationDefinition segmentation)
            definition = segmentation.Deployed;
        var net = definition.Build(weights, 7);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        return net;
    }

    internal static byte[] Export(Net net, long[] shape, NetworkGraph? other, bool folded = false, bool deform = false)
    {
        var state = net.Weights.State.ToDictionary(s => s.Key, s => s.Value);
        var options = new OnnxOptions { OtherSize = other, FoldBatchNorm = folded, DeformConv = deform };
        return OnnxExport.Write(NetworkGraph.Of(net, shape, keepConstants: true), key => state[key].ToHost(), options).Bytes;
    }
}
