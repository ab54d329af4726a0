using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Convolutions that have no kernels of their own: of 5×5, 7×7, in groups, of other paddings and strides.</summary>
/// <param name="shape">Their size.</param>
/// <param name="kernels">The kernels.</param>
sealed unsafe class UnfoldedPasses(UnfoldedShape shape, UnfoldedKernels kernels) : ConvPasses
{
    public override ConvChoice Choice => ConvChoice.Of(shape);

    public override Tensor Output(Tensor input, Tensor weight, Tensor? bias)
    {
        var output = Empty(new Planes(shape.Images, shape.Cout, shape.Rows, shape.Columns));
        kernels.Outputs(shape, Numbers(input), Numbers(weight), Numbers(bias), Numbers(output));
        return output;
    }

    public override Tensor Prepared(Tensor gradient) => gradient;

    public override Tensor InputGradient(Tensor weight, Tensor prepared)
    {
        var output = Empty(new Planes(shape.Images, shape.Cin, shape.Height, shape.Width));
        kernels.InputGradient(shape, Numbers(prepared), Numbers(weight), Numbers(output));
        return output;
    }

    public override void WeightGradient(Tensor input, Tensor prepared, Tensor output) =>
        kernels.WeightGradient(shape, Numbers(input), Numbers(prepared), Numbers(output));
}
