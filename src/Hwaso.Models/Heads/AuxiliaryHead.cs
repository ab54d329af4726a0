// mmsegmentation 0.x (mmseg/models/decode_heads/fcn_head.py), with one convolution, as its auxiliary heads have.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>A 3×3 convolution and the classifier on a map, in training alone.</summary>
sealed class AuxiliaryHead : Net
{
    readonly SegmentationClassifier classifier;
    readonly ConvModule conv;

    public AuxiliaryHead(Weights w, int cin, int channels, int classes, double dropout) : base(w)
    {
        classifier = new(w, channels, classes, dropout);
        conv = new(w / "convs" / 0, cin, channels, kernel: 3);
    }

    protected override Tensor Forward(Tensor x) => classifier.Of(x.Apply(conv));
}
