using Hwaso.Imaging;

namespace Hwaso.Scenes;

/// <summary>One rendered street scene with the truth of every pixel.</summary>
/// <param name="Image">The photograph.</param>
/// <param name="LabelIds">Cityscapes label ids (7 road … 33 bicycle, and the void ids 1–6 among them).</param>
/// <param name="InstanceIds">Label id × 1000 + number for classes with instances, the label id for the others.</param>
/// <param name="DepthMetres">height × width depths along the optical axis; +∞ for the sky, 0 where the camera's own car and the image
/// border hide the scene.</param>
public sealed record Scene(RgbImage Image, LabelMap LabelIds, Gray16Image InstanceIds, float[] DepthMetres)
{
    /// <summary>The people of whom a pixel is seen, with their joints, in the order of their instances' creation.</summary>
    public IReadOnlyList<ScenePerson> People { get; init; } = [];

    /// <summary>The camera that took it.</summary>
    public required SceneCamera Camera { get; init; }
}

/// <summary>The pinhole camera of a scene, enough to turn depth into disparity or into points in space.</summary>
/// <param name="FocalPx">Focal length in pixels, the same across and down.</param>
/// <param name="CentreX">Column of the optical axis in pixels; pixel i is sampled at i + 0.5.</param>
/// <param name="CentreY">Row of the optical axis in pixels; pixel j is sampled at j + 0.5.</param>
/// <param name="HeightMetres">Height above the road.</param>
/// <param name="PitchRadians">Downward tilt.</param>
/// <param name="RollRadians">Turn about the optical axis; positive lowers the right side.</param>
/// <param name="BaselineMetres">Distance to the second camera that the disparity is written for.</param>
public sealed record SceneCamera(
    float FocalPx, float CentreX, float CentreY, float HeightMetres, float PitchRadians, float RollRadians, float BaselineMetres)
{
    /// <summary>Depth in metres along the optical axis at which the flat road is seen, +∞ at and above the horizon.</summary>
    /// <param name="x">Column in pixels.</param>
    /// <param name="y">Row in pixels, downwards.</param>
    public float RoadDepthMetres(float x, float y)
    {
        float dx = (x - CentreX) / FocalPx, dy = (y - CentreY) / FocalPx;
        var fall = MathF.Sin(PitchRadians) + MathF.Cos(PitchRadians) * (dx * MathF.Sin(RollRadians) + dy * MathF.Cos(RollRadians));
        return fall > 0 ? HeightMetres / fall : float.PositiveInfinity;
    }
}
