using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>[N, C, h, w] to the average of its pixels, [N, C, 1, 1], as a module for <see cref="Sequential"/>.</summary>
sealed class ImageAverage(Weights w) : Net(w)
{
    protected override Tensor Forward(Tensor x) => x.Mean([2, 3], keep: true);
}
