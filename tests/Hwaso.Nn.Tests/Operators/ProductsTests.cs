using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Operators;

public sealed class ProductsTests : TensorTest
{
    public static TheoryData<long[], long[]> Sizes => new()
    {
        { [2, 3, 65, 70], [2, 3, 70, 131] },    // by pairs
        { [1, 1031, 33], [1, 33, 67] },         // by rows
        { [1, 7, 300], [1, 300, 1025] },        // by columns
        { [2, 1, 9], [2, 9, 50] },              // whole
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Products_err_no_more_than_twice_as_much_as_libtorchs_and_their_bits_do_not_depend_on_threads(long[] a, long[] b)
    {
        using var scope = new Scope();
        RandomState.Seed(3);
        Tensor[] pair = [Aten.Randn(a), Aten.Randn(b)];
        var gradient = Aten.Randn([.. a[..^1], b[^1]]);
        OwnKernelErrors.AreAtMostTwiceLibtorchs(Own, t => t[0].MatMul(t[1]), pair, gradient, "matmul");
        OwnKernelErrors.HaveTheSameBitsWithAnyNumberOfThreads(Own, pair, gradient);

        static Tensor Own(Tensor[] t)
        {
            using var own = new OwnKernelsScope(on: t[0].Type == ScalarType.Float32);
            return t[0].Times(t[1]);
        }
    }

    [Theory]
    [InlineData(1031, 96, 130)]
    [InlineData(5, 2050, 300)]
    [InlineData(3, 4, 5)]
    public void Linear_layers_err_no_more_than_twice_as_much_as_libtorchs_and_their_bits_do_not_depend_on_threads(
        long rows, long inputs, long outputs)
    {
        using var scope = new Scope();
        RandomState.Seed(4);
        Tensor[] given = [Aten.Randn([2, rows, inputs]), Aten.Randn([outputs, inputs]), Aten.Randn([outputs])];
        var gradient = Aten.Randn([2, rows, outputs]);
        OwnKernelErrors.AreAtMostTwiceLibtorchs(Own, t => Aten.Linear(t[0], t[1], t[2]), given, gradient, "linear");
        OwnKernelErrors.HaveTheSameBitsWithAnyNumberOfThreads(Own, given, gradient);

        static Tensor Own(Tensor[] t)
        {
            using var own = new OwnKernelsScope(on: t[0].Type == ScalarType.Float32);
            return Products.Linear(t[0], t[1], t[2]);
        }
    }
}
