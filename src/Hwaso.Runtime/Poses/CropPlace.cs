namespace Hwaso.Runtime.Poses;

/// <summary>Where the pixels of a heat map lie in the image.</summary>
/// <param name="X">The x in the image of the map's x = 0.</param>
/// <param name="Y">The y likewise.</param>
/// <param name="StepX">Pixels of the image a pixel of the map, in x.</param>
/// <param name="StepY">Likewise in y.</param>
public readonly record struct CropPlace(double X, double Y, double StepX, double StepY)
{
    /// <summary>The published place: half of the map's width lies at the centre, and the width alone sets the size.</summary>
    /// <param name="centerX">The crop's centre in the image.</param>
    /// <param name="centerY">Its y.</param>
    /// <param name="cropWidth">The crop's width in pixels of the image.</param>
    /// <param name="width">The map's width.</param>
    /// <param name="height">The map's height.</param>
    public static CropPlace Of(double centerX, double centerY, double cropWidth, int width, int height)
    {
        var step = cropWidth / width;
        return new CropPlace(centerX - width * 0.5 * step, centerY - height * 0.5 * step, step, step);
    }

    /// <summary>The place of unbiased data processing, which counts from centre to centre of the outermost pixels.</summary>
    /// <inheritdoc cref="Of"/>
    /// <param name="centerX">The crop's centre in the image.</param>
    /// <param name="centerY">Its y.</param>
    /// <param name="cropWidth">The crop's width in pixels of the image.</param>
    /// <param name="cropHeight">Its height.</param>
    /// <param name="width">The map's width.</param>
    /// <param name="height">The map's height.</param>
    public static CropPlace Unbiased(double centerX, double centerY, double cropWidth, double cropHeight, int width, int height) =>
        new(centerX - cropWidth * 0.5, centerY - cropHeight * 0.5, cropWidth / (width - 1), cropHeight / (height - 1));

    /// <summary>Moves joints from pixels of the map to pixels of the image.</summary>
    /// <param name="joints">x, y and score of each joint; changed.</param>
    public void ToImage(Span<float> joints)
    {
        for (var k = 0; k < joints.Length; k += 3)
            (joints[k], joints[k + 1]) = ((float)(X + joints[k] * StepX), (float)(Y + joints[k + 1] * StepY));
    }
}
