using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>1×1 convolutions, of any stride: products of matrices, of every s-th row and column.</summary>
/// <param name="images">N.</param>
/// <param name="cin">Input channels.</param>
/// <param name="cout">Output channels.</param>
/// <param name="phases">The images' size, and the stride as the distance of what is read.</param>
/// <param name="kernels">The kernels.</param>
sealed unsafe class PointPasses(int images, int cin, int cout, ConvPhases phases, PointKernels kernels) : ConvPasses
{
    PointShape Shape => new(images, cin, cout, phases.Rows * phases.Columns);

    public override ConvChoice Choice => ConvChoice.Of(Shape);

    public override Tensor Output(Tensor input, Tensor weight, Tensor? bias) => Outputs(Shape, Thin(input), weight, back: false, bias);

    public override Tensor Prepared(Tensor gradient) => gradient;

    public override Tensor InputGradient(Tensor weight, Tensor prepared)
    {
        var thin = Outputs(Shape.Backward(), prepared, weight, back: true, null);
        if (phases.Dilation == 1)
            return thin;
        var planes = Empty(new Planes(images, cin, phases.Height, phases.Width));
        phases.Spread(Numbers(thin), images * cin, Numbers(planes));
        return planes;
    }

    public override void WeightGradient(Tensor input, Tensor prepared, Tensor output) =>
        kernels.WeightGradient(Shape, Numbers(Thin(input)), Numbers(prepared), Numbers(output));

    Tensor Outputs(in PointShape shape, Tensor from, Tensor weight, bool back, Tensor? bias)
    {
        var output = Empty(new Planes(images, shape.Cout, phases.Rows, phases.Columns));
        kernels.Outputs(shape, Numbers(from), Numbers(weight), back, Numbers(bias), Numbers(output));
        return output;
    }

    Tensor Thin(Tensor planes)
    {
        if (phases.Dilation == 1)
            return planes;
        var thin = Empty(new Planes(images, cin, phases.Rows, phases.Columns));
        phases.Thin(Numbers(planes), images * cin, Numbers(thin));
        return thin;
    }
}
