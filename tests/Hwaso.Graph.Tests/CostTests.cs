using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Graph.Tests;

/// <summary>Multiply-adds against the sums that define them.</summary>
public sealed class CostTests : TensorTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_convolution_costs_its_kernel_at_every_output_of_one_image(int batch)
    {
        // 4→6 in two groups, 3×3 over 9×7 at stride 2 without padding: 4×3 places, each 6 outputs of 2·9 terms.
        var cost = CostOf([batch, 4, 9, 7], w => new Conv2d(w, 4, 6, kernel: 3, stride: 2, padding: 0, groups: 2, bias: true));
        Assert.Equal(new Cost(4 * 3 * 6 * 2 * 9, 4 * 3 * 6 * 2 * 9, 6 * 2 * 9 + 6), cost);
    }

    [Fact]
    public void A_transposed_convolution_costs_its_kernel_at_every_input()
    {
        var cost = CostOf([2, 4, 5, 3], w => new ConvTranspose2d(w, 4, 6, kernel: 4, stride: 2, padding: 1, bias: false));
        Assert.Equal(new Cost(5 * 3 * 4 * 6 * 16, 5 * 3 * 4 * 6 * 16, 4 * 6 * 16), cost);
    }

    [Fact]
    public void A_linear_layer_costs_its_matrix_at_every_token()
    {
        var cost = CostOf([2, 7, 5], w => new Linear(w, 5, 3));
        Assert.Equal(new Cost(7 * 5 * 3, 7 * 5 * 3, 5 * 3 + 3), cost);
    }

    [Fact]
    public void A_product_of_computed_matrices_counts_apart_from_layers()
    {
        var cost = CostOf([2, 7, 5], w => new Gram(w));
        Assert.Equal(new Cost(0, 7 * 5 * 7, 0), cost);
    }

    [Fact]
    public void Norms_activations_and_dropout_cost_nothing_but_their_parameters()
    {
        var cost = CostOf([2, 4, 3, 3], w => new Sequential(w, p => new BatchNorm2d(p, 4), p => new ReLU(p), p => new Dropout(p, 0.5)));
        Assert.Equal(new Cost(0, 0, 8), cost);
    }

    [Fact]
    public void A_layer_that_runs_twice_costs_twice_and_has_its_parameters_once()
    {
        var once = CostOf([1, 4, 6, 6], w => new Repeated(w, 1));
        Assert.Equal(once with { Macs = 2 * once.Macs, MacsAll = 2 * once.MacsAll }, CostOf([1, 4, 6, 6], w => new Repeated(w, 2)));
        Assert.Equal(6 * 6 * 4 * 4 * 9, once.Macs);
    }

    [Fact]
    public void An_operator_of_unknown_cost_is_an_error_that_names_it_and_its_place()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of(new Sequential(weights, p => new ReLU(p), p => new Inverse(p)), Tensor.Ones([1, 1, 1]));
        var error = Assert.Throws<NotSupportedException>(() => Cost.Of(graph));
        Assert.StartsWith("1: the cost of aten::inverse is not known", error.Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => LayerTable.Leaves(graph));
        // Of the part that is known, it is still told.
        Assert.Equal(new Cost(0, 0, 0), Cost.Of(graph, graph.Under("0")));
    }

    [Fact]
    public void Rows_of_the_layer_table_are_the_leaves_and_sum_to_the_whole()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of(new Sequential(weights,
            p => new Conv2d(p, 3, 4, kernel: 3, bias: true),
            p => new Sequential(p, q => new BatchNorm2d(q, 4), q => new ReLU(q)),
            p => new Gram(p)), Tensor.Zeros([1, 3, 5, 6]));
        var rows = LayerTable.Leaves(graph);

        Assert.Equal(["0 Conv2d", "1.0 BatchNorm2d", "1.1 ReLU", "2 Gram"], rows.Select(r => $"{r.Path} {r.Kind}"));
        Assert.Equal([1L, 3, 5, 6], Assert.Single(rows[0].InputShapes));
        Assert.Equal([1L, 4, 5, 6], Assert.Single(rows[0].OutputShapes));
        var whole = Cost.Of(graph);
        Assert.Equal(whole, new Cost(rows.Sum(r => r.Macs), rows.Sum(r => r.MacsAll), rows.Sum(r => r.Parameters)));
        Assert.Equal(5 * 6 * 4 * 27, whole.Macs);
        Assert.Equal(5 * 6 * 4 * 27 + 4 * 5 * 6 * 5, whole.MacsAll);
        Assert.Contains("1×4×5×6", LayerTable.ToText(rows).Split('\n')[1], StringComparison.Ordinal);
    }

    static Cost CostOf(long[] input, Func<Weights, Net> build)
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        return Cost.Of(NetworkGraph.Of(build(weights), Tensor.Zeros(input)));
    }

    /// <summary>x · xᵀ: no layer, but a product.</summary>
    sealed class Gram(Weights w) : Net(w)
    {
        protected override Tensor Forward(Tensor x) => x.MatMul(x.Transpose(-1, -2));
    }

    sealed class Repeated(Weights w, int times) : Net(w)
    {
        readonly Conv2d conv = new(w / "conv", 4, 4, kernel: 3);

        protected override Tensor Forward(Tensor x)
        {
            for (var k = 0; k < times; k++)
                x = x.Apply(conv);
            return x;
        }
    }

    sealed class Inverse(Weights w) : Net(w)
    {
        protected override Tensor Forward(Tensor x) => Aten.Call("aten::inverse", x).AsTensor();
    }
}
