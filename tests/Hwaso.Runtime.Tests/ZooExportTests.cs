using Hwaso.Models;
using Hwaso.Models.Decoders;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Runtime.Tests;

/// <summary>Compares every network of the zoo, reduced and exported, with libtorch.</summary>
public sealed class ZooExportTests : TensorTest
{
    // Single precision through some hundred layers; the deployment's own tolerance.
    const double Tolerance = 1e-4;

    // Detectors are not exported: the choice of proposals has no ONNX form yet.
    public static TheoryData<string> Distinct => Names(ReducedNetwork.Distinct);

    public static TheoryData<string> Others => Names(ReducedNetwork.Smallest.Except(ReducedNetwork.Distinct));

    [Theory]
    [MemberData(nameof(Distinct))]
    public void Answers_as_libtorch_does(string name) => Compare(name);

    [Theory]
    [Trait("Time", "Long")]
    [MemberData(nameof(Others))]
    public void The_same_attention_in_another_network_answers_as_libtorch_does(string name) => Compare(name);

    static TheoryData<string> Names(IEnumerable<ModelDefinition> networks) =>
        [.. networks.Where(d => d.Task != ModelTask.Detection).Select(d => d.Name)];

    static void Compare(string name)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        RandomState.Seed(1);
        var definition = ReducedNetwork.Of(Zoo.Find(name).Deployed());
        var net = definition.Build(weights, definition.HasClasses ? 7 : 0);
        net.Eval();
        // Whole patches of 14 pixels for DINOv2; multiples of 32 for all other networks, whose pyramid a PAN halves three times more.
        long[] shape = definition switch
        {
            DinoDefinition => [1, 3, 56, 84],
            EncoderDecoderDefinition { Decoder: PanDecoder } => [1, 3, 128, 160],
            _ => [1, 3, 64, 96],
        };
        var x = Tensor.Randn(shape);
        var expected = net is ISeveralAnswers several ? several.Answers(x) : [net.Call(x)];

        using var model = OnnxModel.Load(ExportedNetworkTests.Export(net, shape, null), name, new RuntimeOptions { Threads = 2 });
        var session = model.Open([.. shape.Select(s => (int)s)]);
        x.Span<float>().CopyTo(session.Input(0));
        session.Run();

        Assert.Equal(expected.Length, model.Outputs.Count);
        for (var k = 0; k < expected.Length; k++)
        {
            Assert.Equal(expected[k].Shape, session.OutputShape(k).ToArray().Select(s => (long)s));
            AssertClose(expected[k].Contiguous().Span<float>(), session.Output(k), Tolerance, name);
        }
    }
}
