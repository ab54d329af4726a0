using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>A vision transformer whose tokens can be looked at: DINOv2 and DINOv3.</summary>
public interface ITokenTransformer
{
    /// <summary>Class, register and patch tokens of images of any size.</summary>
    /// <exception cref="ArgumentException">Not images [N, 3, H, W] with pixels in them.</exception>
    TokenFeatures Features(Tensor image);

    /// <summary>Maps and class tokens of the last blocks, behind the final norm if <paramref name="norm"/> is set.</summary>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="last">How many blocks, 1 to the depth.</param>
    /// <param name="norm">Whether the final norm is applied to each.</param>
    /// <exception cref="ArgumentException">Not images, or there are not so many blocks.</exception>
    PatchFeatureList IntermediateLayers(Tensor image, int last, bool norm = true);
}
