using Hwaso.Checkpoints;
using Hwaso.Tests;

namespace Hwaso.Runtime.Tests;

/// <summary>
/// Files that PyTorch's exporter wrote, of several operator sets, with PyTorch's outputs: tests/fixtures/onnx, by record_exports.py.
/// </summary>
public sealed class ForeignExportTests
{
    // Single precision through some fifty layers.
    const double Tolerance = 1e-4;

    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Fixtures.Path("onnx"), "*.onnx").Order().Select(f => Path.GetFileNameWithoutExtension(f))];

    [Theory]
    [MemberData(nameof(Files))]
    public void Answers_as_PyTorch_does_at_every_recorded_size(string name)
    {
        var recorded = TensorFile.Read(Fixtures.Path($"onnx/{name}.safetensors")).Tensors;
        using var model = OnnxModel.Load(Fixtures.Path($"onnx/{name}.onnx"), new RuntimeOptions { Threads = 2 });
        var sizes = recorded.Keys.Count(k => k.StartsWith("input_", StringComparison.Ordinal));
        Assert.True(sizes > 0);
        for (var k = 0; k < sizes; k++)
        {
            var (input, output) = (recorded[$"input_{k}"], recorded[$"output_{k}"]);
            var session = model.Open([.. input.Shape.Select(s => (int)s)]);
            input.ToFloats().CopyTo(session.Input(0));
            session.Run();
            Assert.Equal(output.Shape, session.OutputShape(0).ToArray().Select(s => (long)s));
            var expected = output.ToFloats();
            var largest = expected.Max(Math.Abs);
            var worst = expected.Zip(session.Output(0).ToArray(), (e, a) => Math.Abs(e - a)).Max();
            Assert.True(worst <= Tolerance * largest,
                $"{name} at {input.Shape[2]}×{input.Shape[3]}: differs by {worst:g3} of {largest:g3}");
        }
    }
}
