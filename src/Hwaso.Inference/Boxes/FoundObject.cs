using Hwaso.Imaging.Masks;
using Hwaso.Nn.Boxes;

namespace Hwaso.Inference.Boxes;

/// <summary>An object that a detector found on an image.</summary>
/// <param name="Box">Where, in pixels of the stored image.</param>
/// <param name="Score">How sure the network is, 0 to 1.</param>
/// <param name="Label">The class from 0.</param>
public sealed record FoundObject(Box Box, float Score, int Label)
{
    const int Side = 28;

    // A pixel belongs to an object where its probability is above a half; mmdetection takes a half too.
    const float Half = 0.5f;

    /// <summary>Its pixels on the stored image as COCO's text of run lengths; null where the network finds no masks.</summary>
    public string? Mask { get; init; }

    /// <summary>Its pixels; null where the network finds no masks.</summary>
    /// <param name="height">Rows of the stored image.</param>
    /// <param name="width">Columns of the stored image.</param>
    public RunLengths? MaskOf(int height, int width) => Mask is { } text ? RunLengthText.Read(text, height, width) : null;

    /// <summary>The pixels of a mask head's answer, laid into its box.</summary>
    /// <param name="form">Whose conventions.</param>
    /// <param name="shares">28 × 28 probabilities over the box.</param>
    /// <param name="box">The box in pixels of the stored image.</param>
    /// <param name="height">Rows of the stored image.</param>
    /// <param name="width">Columns of the stored image.</param>
    public static RunLengths Pasted(BoxForm form, ReadOnlySpan<float> shares, Box box, int height, int width)
    {
        var pasting = form switch
        {
            BoxForm.Authors => MaskPasting.Authors,
            BoxForm.Mmdetection => MaskPasting.Mmdetection,
            _ => MaskPasting.Torchvision,
        };
        var over = MaskPaste.Over(pasting, shares, Side, box.X1, box.Y1, box.X2, box.Y2, height, width);
        var bits = new byte[over.Length];
        for (var k = 0; k < bits.Length; k++)
            bits[k] = over[k] > Half || (over[k] == Half && form == BoxForm.Mmdetection) ? (byte)1 : (byte)0;
        return RunLengths.Of(bits, height, width);
    }
}
