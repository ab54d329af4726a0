using Hwaso.Imaging;

namespace Hwaso.Scenes;

/// <summary>One rendered street scene, with what is true at every pixel.</summary>
/// <param name="Image">The photograph.</param>
/// <param name="LabelIds">Cityscapes label ids (7 road … 33 bicycle, and the void ids 1–6 among them).</param>
/// <param name="InstanceIds">Label id × 1000 + number for classes with instances, the label id for the others.</param>
/// <param name="DepthMetres">height × width depths along the optical axis; +∞ for the sky, 0 where the camera's own car and the image border hide the scene.</param>
public sealed record Scene(RgbImage Image, LabelMap LabelIds, Gray16Image InstanceIds, float[] DepthMetres)
{
    /// <summary>The camera that took it.</summary>
    public required SceneCamera Camera { get; init; }
}
