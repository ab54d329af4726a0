using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>3×3 convolutions of stride 1, padded by their dilation, or of stride 2, padded by 1.</summary>
/// <param name="shape">Their size; with a dilation, that of the smaller images.</param>
/// <param name="phases">The images' size and the dilation.</param>
/// <param name="kernels">The kernels.</param>
sealed unsafe class TilePasses(TileShape shape, ConvPhases phases, TileKernels kernels) : ConvPasses
{
    /// <summary>Of a stride and a dilation, one of which is 1.</summary>
    public static TilePasses Of(int images, int cin, int cout, int height, int width, int stride, int dilation, TileKernels kernels)
    {
        var phases = new ConvPhases(dilation, height, width);
        return new TilePasses(phases.Of(images, cin, cout) with { Stride = stride }, phases, kernels);
    }

    public override ConvChoice Choice => ConvChoice.Of(shape);

    public override Tensor Output(Tensor input, Tensor weight, Tensor? bias)
    {
        var output = Empty(shape.Output);
        kernels.Outputs(shape, Numbers(Split(input)), Numbers(weight), Numbers(bias), Numbers(output));
        return Join(output);
    }

    public override Tensor Prepared(Tensor gradient) => Split(gradient);

    public override Tensor InputGradient(Tensor weight, Tensor prepared)
    {
        var output = Empty(shape.Input);
        kernels.InputGradient(shape, Numbers(prepared), Numbers(weight), Numbers(output));
        return Join(output);
    }

    public override void WeightGradient(Tensor input, Tensor prepared, Tensor output) =>
        kernels.WeightGradient(shape, Numbers(Split(input)), Numbers(prepared), Numbers(output));

    Tensor Split(Tensor planes)
    {
        if (phases.Dilation == 1)
            return planes;
        var (images, channels) = ((int)planes.Size(0), (int)planes.Size(1));
        var split = Empty(shape.Input with { Channels = channels });
        phases.Split(Numbers(planes), images, channels, Numbers(split));
        return split;
    }

    Tensor Join(Tensor split)
    {
        if (phases.Dilation == 1)
            return split;
        var (images, channels) = ((int)split.Size(0) / (phases.Dilation * phases.Dilation), (int)split.Size(1));
        var planes = Empty(new Planes(images, channels, phases.Height, phases.Width));
        phases.Join(Numbers(split), images, channels, Numbers(planes));
        return planes;
    }
}
