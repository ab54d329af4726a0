namespace Hwaso.Models.Backbones;

/// <summary>How a coarser branch comes to the resolution of a finer one inside an HRNet.</summary>
public enum FuseUpsampling
{
    /// <summary>Between pixels, to any size: HRNetV2 for segmentation.</summary>
    Bilinear,

    /// <summary>Every pixel repeated, so that sizes must halve without rest: HRNetV1 for poses, the ImageNet classifiers, HRNetV2p for detection.</summary>
    Nearest,
}
