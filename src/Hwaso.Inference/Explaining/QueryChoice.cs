using Hwaso.Models.Heads;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Explaining;

/// <summary>The query whose attention is shown where none is asked for.</summary>
static class QueryChoice
{
    /// <summary>
    /// The query that adds most to the answer: at a pixel, of a class, or over the whole image to any class. A query adds its probability
    /// of the class times that of its mask.
    /// </summary>
    /// <param name="net">The network.</param>
    /// <param name="image">[1, 3, H, W], normalised.</param>
    /// <param name="frame">How the image lies in what the network pads it to.</param>
    /// <param name="question">The pixel and the class.</param>
    public static int Of(IMaskQueries net, Tensor image, ImageFrame frame, AttentionQuestion question)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var last = net.Predictions(image)[^1];
        var masks = last.MaskLogits.Sigmoid();                                                                  // [1, Q, h, w]
        var seen = question.At is { } at
            ? masks.Narrow(2, (at.Y + frame.Top) * masks.Size(2) / frame.PaddedHeight, 1)
                .Narrow(3, (at.X + frame.Left) * masks.Size(3) / frame.PaddedWidth, 1).ToArray<float>()
            : Aten.Mean(masks, [2, 3]).ToArray<float>();
        var classes = last.ClassLogits.Softmax(2).Narrow(2, 0, last.ClassLogits.Size(2) - 1);
        var scores = (question.Class is { } k ? classes.Narrow(2, k, 1) : Aten.Amax(classes, [2], keepdim: true)).ToArray<float>();
        return Enumerable.Range(0, net.Queries).MaxBy(q => seen[q] * scores[q]);
    }
}
