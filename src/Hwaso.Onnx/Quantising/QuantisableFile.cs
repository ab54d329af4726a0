using System.Runtime.InteropServices;
using Hwaso.Common;

namespace Hwaso.Onnx.Quantising;

/// <summary>
/// An ONNX file of single precision whose convolutions can be rewritten for 8 bits: QuantizeLinear and DequantizeLinear around each of
/// them, weights of one scale for each output channel. Batch norms are folded into the convolutions before them.
/// </summary>
public sealed class QuantisableFile
{
    // One scale for each output channel came with this operator set.
    const int LeastOpset = 13;
    const int MostWeight = 127;

    readonly EditedFile file;
    readonly Dictionary<string, EditedNode> convolutions = new(StringComparer.Ordinal), activations = new(StringComparer.Ordinal);

    QuantisableFile(EditedFile file)
    {
        this.file = file;
        var users = file.Nodes.SelectMany(n => n.Inputs.Select(i => (Input: i, Node: n))).ToLookup(u => u.Input, u => u.Node);
        var layers = new List<QuantisableLayer>();
        var makers = file.Nodes.SelectMany(n => n.Outputs.Select(o => (Output: o, Node: n))).DistinctBy(m => m.Output)
            .ToDictionary(m => m.Output, m => m.Node, StringComparer.Ordinal);
        foreach (var node in file.Nodes.Where(n => Fits(n) && !MixesResized(n, makers)))
        {
            var output = node.Outputs[0];
            // The activation's result is quantised, not what it gets.
            var name = node.Name.Length > 0 && layers.TrueForAll(l => l.Name != node.Name) ? node.Name : output;
            if (!file.Outputs.Contains(output) && users[output].ToArray() is [{ Type: "Relu" or "Clip" } activation]
                && activation.Inputs[0] == output)
                (output, activations[name]) = (activation.Outputs[0], activation);
            layers.Add(new QuantisableLayer(name, node.Inputs[0], output, string.Join("×", file.Weights[node.Inputs[1]].Shape)));
            convolutions[name] = node;
        }
        Layers = layers;
    }

    /// <summary>
    /// The convolutions that can be rewritten, in the file's order. Those of each channel alone are not among them, nor 1×1 convolutions
    /// of concatenated tensors that were resized.
    /// </summary>
    public IReadOnlyList<QuantisableLayer> Layers { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="bytes">Its bytes; Hwaso.Runtime has read them before, which checks that sizes and numbers fit each other.</param>
    /// <param name="name">Its name in messages.</param>
    /// <exception cref="InvalidDataException">
    /// It is damaged, of an operator set before 13, or quantised already, its weights are in another file, or it has no convolution with
    /// weights of single precision.
    /// </exception>
    public static QuantisableFile Read(ReadOnlyMemory<byte> bytes, string name)
    {
        var file = EditedFile.Read(bytes, name);
        if (file.Nodes.Exists(n => n.Type is "QuantizeLinear" or "DequantizeLinear" or "QLinearConv"))
            throw new InvalidDataException($"{name}: is quantised already; give the network in single precision");
        if (file.Opset < LeastOpset)
            throw new InvalidDataException(
                $"{name}: uses operator set {file.Opset}; scales of each channel need {LeastOpset} or later: export it with a later one");
        FoldBatchNorms(file);
        var read = new QuantisableFile(file);
        return read.Layers.Count > 0 ? read : throw new InvalidDataException(
            $"{name}: has no convolution with weights of single precision in the file; export it without --fp16");
    }

    /// <summary>The file with further outputs, to see what its layers compute.</summary>
    /// <param name="tensors">Names of tensors of single precision.</param>
    public byte[] WithOutputs(IEnumerable<string> tensors)
    {
        var copy = file.Copy();
        foreach (var tensor in tensors)
            if (!copy.Outputs.Contains(tensor))
                copy.AddOutput(tensor);
        return copy.ToArray();
    }

    /// <summary>
    /// The file with each of some layers computed twice: as it is, and in 8 bits beside it, from the same input. Outputs are the first
    /// output, then for each layer both results.
    /// </summary>
    /// <param name="layers">The layers.</param>
    /// <param name="codes">The codes of their inputs and outputs.</param>
    public byte[] WithProbes(IEnumerable<QuantisableLayer> layers, IReadOnlyDictionary<string, TensorCode> codes)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(codes);
        var copy = file.Copy();
        var number = 0;
        foreach (var layer in layers)
        {
            var probe = $"hwaso/probe{number++}";
            var node = convolutions[layer.Name];
            AddCode(copy, $"{probe}/in", codes[layer.Input]);
            AddPair(copy.Nodes, layer.Input, $"{probe}/in");
            var result = $"{probe}/conv";
            AddRewritten(copy, copy.Nodes, node, probe, Restored($"{probe}/in"), codes[layer.Input], result);
            if (activations.TryGetValue(layer.Name, out var activation))
            {
                copy.Nodes.Add(activation with { Inputs = [result, .. activation.Inputs.Skip(1)], Outputs = [$"{probe}/activated"] });
                result = $"{probe}/activated";
            }
            AddCode(copy, $"{probe}/out", codes[layer.Output]);
            AddPair(copy.Nodes, result, $"{probe}/out");
            // A tensor that several layers see may be an output already: an identity gives each layer its own.
            copy.Nodes.Add(new EditedNode("Identity", [layer.Output], [$"{probe}/single"], "", []));
            copy.AddOutput($"{probe}/single");
            copy.AddOutput($"{probe}/out/restored");
        }
        return copy.ToArray();
    }

    /// <summary>
    /// The file with some layers in 8 bits. Tensors that they read or make are quantised once; other layers that stay as they are read
    /// the unrounded numbers, and the model's outputs are not rounded.
    /// </summary>
    /// <param name="layers">The layers.</param>
    /// <param name="codes">The codes of their inputs and outputs.</param>
    public byte[] Quantised(IReadOnlyCollection<QuantisableLayer> layers, IReadOnlyDictionary<string, TensorCode> codes)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(codes);
        var copy = file.Copy();
        var chosen = layers.Select(l => convolutions[l.Name].Outputs[0]).ToHashSet(StringComparer.Ordinal);
        var kept = convolutions.Values.Select(n => n.Outputs[0]).Except(chosen).ToHashSet(StringComparer.Ordinal);
        var tensors = layers.Select(l => l.Input).Concat(layers.Select(l => l.Output).Where(o => !file.Outputs.Contains(o)))
            .Distinct(StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        var nodes = new List<EditedNode>();
        foreach (var tensor in tensors)
            AddCode(copy, tensor, codes[tensor]);
        foreach (var input in file.Inputs.Where(tensors.Contains))
            AddPair(nodes, input, input);
        foreach (var node in copy.Nodes)
        {
            var output = node.Outputs[0];
            if (chosen.Contains(output))
                AddRewritten(copy, nodes, node, output, Restored(node.Inputs[0]), codes[node.Inputs[0]], output);
            else
            {
                if (!kept.Contains(output) && node.Type != "Shape")
                    for (var k = 0; k < node.Inputs.Count; k++)
                        if (tensors.Contains(node.Inputs[k]))
                            node.Inputs[k] = Restored(node.Inputs[k]);
                nodes.Add(node);
            }
            foreach (var made in node.Outputs.Where(tensors.Contains))
                AddPair(nodes, made, made);
        }
        copy.Nodes.Clear();
        copy.Nodes.AddRange(nodes);
        return copy.ToArray();
    }

    // A runtime may convolve each part before it is enlarged, as Hwaso.Runtime does: fewer multiplications than 8 bits save.
    bool MixesResized(EditedNode node, Dictionary<string, EditedNode> makers) =>
        file.Weights[node.Inputs[1]].Shape is [_, _, 1, 1] && makers.GetValueOrDefault(node.Inputs[0]) is { Type: "Concat" } joined
        && joined.Inputs.Exists(i => makers.GetValueOrDefault(i) is { Type: "Resize" });

    bool Fits(EditedNode node) =>
        node is { Type: "Conv", Domain: "", Inputs.Count: 2 or 3 }
        && file.Weights.TryGetValue(node.Inputs[1], out var weights)
        && weights is { Type: (int)OnnxDataType.Float32, Shape.Length: 4 } && !weights.Shape.Contains(0)
        && (weights.Shape[1] > 1 || node.Number("group", 1) == 1)
        && (node.Inputs.Count == 2 || node.Inputs[2].Length == 0
            || (file.Weights.TryGetValue(node.Inputs[2], out var bias) && bias.Type == (int)OnnxDataType.Float32));

    /// <summary>A convolution of a restored input; its weights and bias as integers are added to the file.</summary>
    static void AddRewritten(
        EditedFile to, List<EditedNode> nodes, EditedNode node, string name, string input, TensorCode code, string output)
    {
        var weights = to.Weights[node.Inputs[1]];
        var numbers = weights.Floats()!;
        var (channels, each) = (weights.Shape[0], numbers.Length / weights.Shape[0]);
        var (scales, integers) = (new float[channels], new sbyte[numbers.Length]);
        for (var c = 0; c < channels; c++)
        {
            var most = 0f;
            foreach (var number in numbers.AsSpan(c * each, each))
                most = Math.Max(most, Math.Abs(number));
            scales[c] = most > 0 ? most / MostWeight : 1;
            for (var k = c * each; k < (c + 1) * each; k++)
                integers[k] = (sbyte)Math.Clamp(MathF.Round(numbers[k] / scales[c]), -MostWeight, MostWeight);
        }
        to.Add($"{name}/weights", OnnxDataType.Int8, weights.Shape, MemoryMarshal.AsBytes<sbyte>(integers));
        List<string> inputs = [input, Restored($"{name}/weights")];
        AddChannels(to, nodes, $"{name}/weights", scales, OnnxDataType.Int8, new byte[channels]);
        if (node.Inputs.Count > 2 && node.Inputs[2].Length > 0)
        {
            var bias = to.Weights[node.Inputs[2]].Floats()!;
            var (sums, sumScales) = (new int[channels], new float[channels]);
            for (var c = 0; c < channels; c++)
            {
                // The scale of the sums of products.
                sumScales[c] = code.Scale * scales[c];
                sums[c] = (int)Math.Clamp(Math.Round((double)bias[c] / sumScales[c]), -int.MaxValue, int.MaxValue);
            }
            to.Add($"{name}/bias", OnnxDataType.Int32, [channels], MemoryMarshal.AsBytes<int>(sums));
            AddChannels(to, nodes, $"{name}/bias", sumScales, OnnxDataType.Int32, new byte[channels * sizeof(int)]);
            inputs.Add(Restored($"{name}/bias"));
        }
        nodes.Add(node with { Inputs = inputs, Outputs = [output] });
    }

    static string Restored(string tensor) => $"{tensor}/restored";

    static void AddCode(EditedFile to, string tensor, TensorCode code)
    {
        to.Add($"{tensor}/scale", OnnxDataType.Float32, [], MemoryMarshal.AsBytes<float>([code.Scale]));
        to.Add($"{tensor}/zero", OnnxDataType.UInt8, [], [code.Zero]);
    }

    /// <summary>Quantises a tensor and restores it, with the code of some name.</summary>
    static void AddPair(List<EditedNode> nodes, string tensor, string code)
    {
        nodes.Add(new EditedNode("QuantizeLinear", [tensor, $"{code}/scale", $"{code}/zero"], [$"{code}/bytes"], "", []));
        nodes.Add(new EditedNode("DequantizeLinear", [$"{code}/bytes", $"{code}/scale", $"{code}/zero"], [Restored(code)], "", []));
    }

    /// <summary>Restores weights of one scale for each output channel.</summary>
    static void AddChannels(EditedFile to, List<EditedNode> nodes, string name, float[] scales, OnnxDataType type, byte[] zeros)
    {
        to.Add($"{name}/scale", OnnxDataType.Float32, [scales.Length], MemoryMarshal.AsBytes<float>(scales));
        to.Add($"{name}/zero", type, [scales.Length], zeros);
        using var axis = new WireWriter();
        axis.Text(1, "axis");
        OnnxValue.Of("axis", 0L).Write(axis);
        nodes.Add(new EditedNode(
            "DequantizeLinear", [name, $"{name}/scale", $"{name}/zero"], [Restored(name)], "", [axis.ToArray()]));
    }

    static void FoldBatchNorms(EditedFile file)
    {
        var users = file.Nodes.SelectMany(n => n.Inputs).CountBy(i => i).ToDictionary();
        var makers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var k = 0; k < file.Nodes.Count; k++)
        {
            var node = file.Nodes[k];
            if (node is { Type: "BatchNormalization", Domain: "", Inputs.Count: 5 } && makers.TryGetValue(node.Inputs[0], out var maker)
                && users[node.Inputs[0]] == 1 && !file.Outputs.Contains(node.Inputs[0]) && Folded(file, file.Nodes[maker], node) is { } one)
            {
                file.Nodes[k] = one;
                file.Nodes[maker] = one with { Type = "" };
            }
            foreach (var output in node.Outputs)
                makers[output] = k;
        }
        file.Nodes.RemoveAll(n => n.Type.Length == 0);
    }

    // y = (conv(x) − mean) · s / √(variance + ε) + shift.
    static EditedNode? Folded(EditedFile file, EditedNode convolution, EditedNode norm)
    {
        if (convolution is not { Type: "Conv", Domain: "", Inputs.Count: 2 or 3 } || norm.Outputs.Count(o => o.Length > 0) != 1
            || file.Weights.GetValueOrDefault(convolution.Inputs[1]) is not { Shape.Length: 4 } weights
            || weights.Floats() is not { } numbers)
            return null;
        var parts = norm.Inputs.Skip(1).Select(i => file.Weights.GetValueOrDefault(i)?.Floats()).ToArray();
        var bias = convolution.Inputs.Count > 2 && convolution.Inputs[2].Length > 0
            ? file.Weights.GetValueOrDefault(convolution.Inputs[2])?.Floats() : new float[weights.Shape[0]];
        if (bias?.Length != weights.Shape[0] || parts.Any(p => p?.Length != weights.Shape[0]))
            return null;
        var (scaled, shifts, each) = (new float[numbers.Length], new float[bias.Length], numbers.Length / bias.Length);
        var epsilon = norm.Number("epsilon", 1e-5f);
        for (var c = 0; c < bias.Length; c++)
        {
            var factor = parts[0]![c] / Math.Sqrt(parts[3]![c] + epsilon);
            for (var k = c * each; k < (c + 1) * each; k++)
                scaled[k] = (float)(numbers[k] * factor);
            shifts[c] = (float)(((bias[c] - parts[2]![c]) * factor) + parts[1]![c]);
        }
        var output = norm.Outputs[0];
        file.Add($"{output}/folded", OnnxDataType.Float32, weights.Shape, MemoryMarshal.AsBytes<float>(scaled));
        file.Add($"{output}/shift", OnnxDataType.Float32, [shifts.Length], MemoryMarshal.AsBytes<float>(shifts));
        return convolution with { Inputs = [convolution.Inputs[0], $"{output}/folded", $"{output}/shift"], Outputs = [output] };
    }
}

/// <summary>A convolution that can be computed in 8 bits.</summary>
/// <param name="Name">Its name in the file, or that of its result.</param>
/// <param name="Input">The tensor that it reads.</param>
/// <param name="Output">The tensor that it makes, or that the ReLU or Clip behind it makes.</param>
/// <param name="Weights">The sizes of its weights, such as 18×18×3×3.</param>
public sealed record QuantisableLayer(string Name, string Input, string Output, string Weights);

/// <summary>How a tensor is kept in 8 bits: a number is scale × (byte − zero).</summary>
/// <param name="Scale">The scale, above 0.</param>
/// <param name="Zero">The byte of the number 0.</param>
public readonly record struct TensorCode(float Scale, byte Zero);
