using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Graph.Tests;

/// <summary>The shapes that sketches work out against those that libtorch gives.</summary>
public sealed class ShapeRuleTests : TensorTest
{
    // Of an image [1, 6, 9, 7]: sides that nothing divides.
    static readonly Dictionary<string, Func<Tensor, Tensor>> operations = new()
    {
        ["reshape"] = x => x.Reshape(3, -1, 7),
        ["flatten"] = x => x.Flatten(-2),
        ["permute"] = x => x.Permute(0, -1, 1, 2),
        ["transpose"] = x => x.Transpose(-1, 1),
        ["unsqueeze"] = x => x.Unsqueeze(-1),
        ["squeeze"] = x => x.Squeeze(0),
        ["squeeze of another size"] = x => x.Squeeze(1),
        ["expand"] = x => Aten.Expand(x, [4, 2, -1, 9, 7]),
        ["select"] = x => Aten.Select(x, -2, -1),
        ["narrow"] = x => x.Narrow(3, 2, 4),
        ["narrow to nothing"] = x => x.Narrow(1, 6, 0),
        ["pad"] = x => Aten.Pad(x, [1, 2, 0, 3]),
        ["crop by pad"] = x => Aten.Pad(x, [-1, 0]),
        ["chunk"] = x => Aten.Chunk(x, 4, 1)[^1],
        ["split"] = x => Aten.Split(x, 4, 2)[^1],
        ["cat"] = x => Tensor.Concat([x, x.Narrow(1, 0, 2)], -3),
        ["max pool"] = x => Aten.MaxPool2d(x, [3, 2], [2, 3], [1, 1]),
        ["max pool, ceil"] = x => Aten.MaxPool2d(x, [2, 2], [2, 2], ceilMode: true),
        ["average pool, ceil"] = x => Aten.AvgPool2d(x, [4, 4], [3, 3], [2, 2], ceilMode: true),
        ["mean"] = x => x.Mean([-1, 2], keep: true),
        ["largest"] = x => Aten.Amax(x, [2, 3]),
        ["matrix product"] = x => x.MatMul(x.Transpose(2, 3)),
        ["broadcast"] = x => x * x.Mean([1, 2], keep: true),
        ["another type"] = x => x.To(ScalarType.Float64),
        ["resize"] = x => x.ResizeBilinear(20, 3),
    };

    public static TheoryData<string> Operations => [.. operations.Keys];

    [Theory]
    [MemberData(nameof(Operations))]
    public void A_shape_is_what_libtorch_gives(string name)
    {
        long[] shape = [1, 6, 9, 7];
        using var weights = Weights.Create();
        var real = NetworkGraph.Of(new Piece(weights, operations[name]), shape);
        var sketch = NetworkGraph.Sketch(w => new Piece(w, operations[name]), shape);

        Assert.Equal(real.Values.Select(v => $"{v.Type} {string.Join(",", v.Shape)}"),
            sketch.Values.Select(v => $"{v.Type} {string.Join(",", v.Shape)}"));
    }

    [Fact]
    public void A_hollow_tensor_has_a_shape_and_no_numbers()
    {
        using var scope = new Scope();
        var hollow = Tensor.Hollow([2, 3], ScalarType.Int64);

        Assert.Equal("int64[2, 3]", hollow.ToString());
        Assert.Equal((6, 2, ScalarType.Int64, Device.Cpu), (hollow.Elements, hollow.Dimensions, hollow.Type, hollow.Device));
        Assert.Equal(hollow.Identity, hollow.Share().Identity);
        Assert.NotEqual(hollow.Identity, Tensor.Hollow([2, 3]).Identity);
        var refused = Assert.Throws<InvalidOperationException>(() => hollow.Relu());
        Assert.Contains("has a shape and no numbers", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Tensor.Hollow([2, -1]));
    }

    sealed class Piece(Weights w, Func<Tensor, Tensor> operation) : Net(w)
    {
        protected override Tensor Forward(Tensor x) => operation(x);
    }
}
