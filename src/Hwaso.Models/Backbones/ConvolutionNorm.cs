using Hwaso.Nn;

namespace Hwaso.Models.Backbones;

/// <summary>A convolution, batch norm and, unless it is the last of a block, SiLU, as EfficientNets have them.</summary>
static class ConvolutionNorm
{
    public static Sequential Build(Weights w, EfficientNetConfig config, int cin, int cout, int kernel, int stride = 1, int dilation = 1, int groups = 1, bool activation = true)
    {
        Func<Weights, Net> convolution = p => new Conv2d(p, cin, cout, kernel, stride, dilation: dilation, groups: groups);
        Func<Weights, Net> norm = p => new BatchNorm2d(p, cout, config.Epsilon, config.Momentum);
        return activation ? new Sequential(w, convolution, norm, p => new SiLU(p)) : new Sequential(w, convolution, norm);
    }
}
