using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>A 3×3 convolution from decoded features to K values a pixel; begins as segmentation_models.pytorch's, Glorot's uniform and no bias.</summary>
public sealed class UNetHead(Weights w, int channels, int outputs) : Net(w)
{
    readonly Sequential layers = new(w, p => new Conv2d(p, channels, outputs, kernel: 3, bias: true));

    /// <summary>Those initial values.</summary>
    public void InitialiseAsPublished()
    {
        var conv = (Conv2d)layers[0];
        Init.XavierUniform(conv.Weight);
        Init.Constant(conv.Bias!, 0);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(layers);
}
