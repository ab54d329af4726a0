using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Operators;

/// <summary>One case of torchvision's recorded deformable convolutions.</summary>
sealed record DeformCase(string Name, long[] Stride, long[] Padding, long[] Dilation, IReadOnlyDictionary<string, HostTensor> Recorded)
{
    public static IReadOnlyList<DeformCase> All { get; } = Read();

    public HostTensor this[string name] => Recorded[$"{Name}.{name}"];

    /// <summary>The tensors that go in, by name and in the kernel's order.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> Inputs(ScalarType type = ScalarType.Float32) =>
        new[] { "input", "offset", "weight", "bias", "mask" }.Where(n => Recorded.ContainsKey($"{Name}.{n}")).Select(n =>
        {
            var tensor = Tensor.From(this[n]).To(type);
            tensor.RequiresGrad = true;
            return (n, tensor);
        }).ToArray();

    public Tensor Run(IReadOnlyList<(string Name, Tensor Tensor)> inputs, bool kernel)
    {
        Tensor? Find(string name) => inputs.FirstOrDefault(i => i.Name == name).Tensor;
        return kernel
            ? DeformConvolution.Apply(Find("input")!, Find("offset")!, Find("weight")!, Find("bias"), Stride, Padding, Dilation,
                Find("mask"))
            : DeformConvolution.ApplyExpression(Find("input")!, Find("offset")!, Find("weight")!, Find("bias"), Stride, Padding, Dilation,
                Find("mask"));
    }

    static DeformCase[] Read()
    {
        var recorded = TensorFile.Read(Fixtures.Path("small/deform_conv2d.safetensors")).Tensors;
        var listed = JsonNode.Parse(File.ReadAllText(Fixtures.Path("small/deform_conv2d.json")))!["cases"]!.AsArray();
        long[] Longs(JsonNode node) => node.AsArray().Select(v => v!.GetValue<long>()).ToArray();
        return listed.Select(c =>
            new DeformCase(c!["name"]!.GetValue<string>(), Longs(c["stride"]!), Longs(c["padding"]!), Longs(c["dilation"]!), recorded))
            .ToArray();
    }
}
