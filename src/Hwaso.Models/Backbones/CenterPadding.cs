using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>Zeros around an image so that its sides become multiples of a patch's: half on each side, the odd pixel right and below, as DINOv2's heads were trained.</summary>
public static class CenterPadding
{
    /// <summary>Pads normalised images [N, C, H, W]; the tensor itself where nothing is missing.</summary>
    public static Tensor Pad(Tensor image, int multiple)
    {
        var (top, bottom) = Sides(image.Size(2), multiple);
        var (left, right) = Sides(image.Size(3), multiple);
        return (top, bottom, left, right) == (0, 0, 0, 0) ? image : Aten.Pad(image, [left, right, top, bottom]);
    }

    static (long Before, long After) Sides(long size, int multiple)
    {
        var missing = (multiple - size % multiple) % multiple;
        return (missing / 2, missing - missing / 2);
    }
}
