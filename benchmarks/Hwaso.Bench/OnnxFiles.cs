using System.Runtime.InteropServices;
using Hwaso.Checkpoints;
using Hwaso.Graph;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Onnx;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Bench;

/// <summary>Networks for benchmarks/Hwaso.RuntimeBench: the file, an image and what libtorch answers.</summary>
static class OnnxFiles
{
    /// <summary>Writes NAME.onnx of fixed size, NAME.input and NAME.expected (single precision, little-endian) into a folder.</summary>
    public static void Write(string folder, string name, int height, int width)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var definition = Zoo.Find(name) is SegmentationDefinition segmentation ? segmentation.Deployed : Zoo.Find(name);
        var net = definition.Build(weights, 19);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        net.Eval();
        var state = net.Weights.State.ToDictionary(s => s.Key, s => s.Value);
        var file = OnnxExport.Write(NetworkGraph.Of(net, [1, 3, height, width]), key =>
            state[key].ToHost(), new OnnxOptions { InputName = "image", OutputName = "scores" });
        var image = Tensor.From(FormulaWeights.Fill("input", 1, 3, height, width));
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, name + ".input"), MemoryMarshal.AsBytes(image.Span<float>()).ToArray());
        File.WriteAllBytes(Path.Combine(folder, name + ".expected"),
            MemoryMarshal.AsBytes(net.Call(image).Contiguous().Span<float>()).ToArray());
        // Last: whoever finds it finds the others too.
        File.WriteAllBytes(Path.Combine(folder, name + ".onnx"), file.Bytes);
    }
}
