using Hwaso.Onnx;
using Hwaso.Torch;

namespace Hwaso.Runtime.Tests;

/// <summary>A model of one node, run on libtorch's tensors.</summary>
static class SmallModel
{
    /// <summary>The paths that this processor has.</summary>
    public static IEnumerable<SimdPath> Paths => new[]
    {
        (SimdPath.Scalar, true),
        (SimdPath.Vector128, System.Runtime.Intrinsics.Vector128.IsHardwareAccelerated),
        (SimdPath.Vector256, System.Runtime.Intrinsics.Vector256.IsHardwareAccelerated),
        (SimdPath.Vector512, System.Runtime.Intrinsics.Vector256.IsHardwareAccelerated),
    }.Where(p => p.Item2).Select(p => p.Item1);

    /// <summary>Writes a file of one node.</summary>
    /// <param name="type">The operator.</param>
    /// <param name="inputs">The model's inputs.</param>
    /// <param name="constants">The constants in the file, after the inputs: tensors, lists of integers, or null for an omitted
    /// input.</param>
    /// <param name="attributes">The node's attributes.</param>
    public static byte[] File(string type, Tensor[] inputs, object?[] constants, params OnnxValue[] attributes) =>
        File(
            type, [.. inputs.Select((_, k) => $"x{k}"), .. constants.Select((c, k) => c is null ? "" : $"c{k}")],
            inputs, constants, attributes);

    /// <summary>
    /// Writes a file of one node with its inputs in any order: x0, x1, … are the model's inputs, c0, c1, … constants, "" is omitted.
    /// </summary>
    public static byte[] File(string type, string[] names, Tensor[] inputs, object?[] constants, params OnnxValue[] attributes)
    {
        using var document = new OnnxDocument();
        for (var k = 0; k < inputs.Length; k++)
            document.Input($"x{k}", OnnxDataType.Float32, inputs[k].Shape.Select(s => ((long?)s, "")).ToArray());
        for (var k = 0; k < constants.Length; k++)
        {
            if (constants[k] is Tensor tensor)
                document.Weight($"c{k}", tensor.Shape, tensor.ToArray<float>());
            else if (constants[k] is long[] list)
                document.Weight($"c{k}", [list.Length], list);
        }
        document.Node(type, "", names, ["y"], attributes);
        document.Output("y", OnnxDataType.Float32);
        return document.ToArray([]);
    }

    /// <summary>Runs the node on one path.</summary>
    public static (float[] Numbers, long[] Shape) Run(byte[] file, Tensor[] inputs, SimdPath path, WorkerPool? pool = null)
    {
        using var model = OnnxModel.Load(file, "test", new RuntimeOptions { Path = path, Threads = 2, Pool = pool });
        var session = model.Open(inputs.Select(x => x.Shape.Select(s => (int)s).ToArray()).ToArray());
        for (var k = 0; k < inputs.Length; k++)
            inputs[k].ToArray<float>().CopyTo(session.Input(k));
        session.Run();
        float[] numbers = session.IsFloat(0) ? session.Output(0).ToArray() : [.. session.OutputInts(0).ToArray().Select(v => (float)v)];
        return (numbers, session.OutputShape(0).ToArray().Select(s => (long)s).ToArray());
    }
}
