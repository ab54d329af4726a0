using Hwaso.Nn;

namespace Hwaso.Models.Backbones;

/// <summary>The projection beside a residual block.</summary>
static class Shortcut
{
    /// <summary>1×1 convolution and batch norm where shape changes; null where the identity will do.</summary>
    public static Sequential? Build(Weights w, int cin, int cout, int stride, double momentum) => cin == cout && stride == 1
        ? null
        : new Sequential(w,
            p => new Conv2d(p, cin, cout, kernel: 1, stride: stride),
            p => new BatchNorm2d(p, cout, momentum: momentum));
}
