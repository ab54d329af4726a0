namespace Hwaso.Data.Boxes;

/// <summary>How images become samples of a detector.</summary>
public sealed record BoxSampling
{
    /// <summary>The sizes at which an image may be seen, from its height and width; one is drawn for each image and epoch.</summary>
    public required IReadOnlyList<Func<int, int, SampledSize>> Sizes { get; init; }

    /// <summary>Whether half the images are mirrored left to right.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>
    /// Added to the difference of two edges: 1 where a box includes its last pixel (the HRNet authors), otherwise 0.
    /// </summary>
    public float Extent { get; init; }

    /// <summary>Whether boxes end at the stored image's border before they are scaled (mmdetection and torchvision).</summary>
    public bool ClipsFirst { get; init; } = true;

    /// <summary>Whether resized pixels are bytes, as OpenCV makes them; otherwise they stay fractions, as in torchvision.</summary>
    public bool Rounds { get; init; } = true;

    /// <summary>Whether the objects' masks are wanted.</summary>
    public bool Masks { get; init; }

    /// <summary>Batches end at multiples of this many pixels, zeros beyond the images.</summary>
    public int Multiple { get; init; } = 32;

    /// <summary>The shortest side of a batch: an HRNet's coarsest map has a pixel for each 64 of the image.</summary>
    public int Least { get; init; } = 64;

    /// <summary>Means of red, green and blue in 0 … 1.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.485, 0.456, 0.406];

    /// <summary>Their deviations, above 0.</summary>
    public IReadOnlyList<double> Deviation { get; init; } = [0.229, 0.224, 0.225];

    /// <summary>A side with its padding.</summary>
    public int Padded(int side) => Math.Max(Least, (side + Multiple - 1) / Multiple * Multiple);

    /// <summary>The objects' boxes as an image of some size has them: x1, y1, x2, y2 of each, cut off at its border.</summary>
    /// <param name="image">The image; its crowds are left out.</param>
    /// <param name="size">The size.</param>
    /// <param name="mirrored">Whether it is mirrored.</param>
    /// <returns>
    /// The boxes, the class of each, and its place among the image's objects; objects that nothing is left of are left out.
    /// </returns>
    public (float[] Boxes, int[] Labels, int[] Places) BoxesOf(BoxImage image, SampledSize size, bool mirrored)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(size);
        List<float> boxes = [];
        List<int> labels = [], places = [];
        float right = size.Width - Extent, lower = size.Height - Extent;
        foreach (var (place, (box, label, crowd)) in image.Objects.Index())
        {
            if (crowd)
                continue;
            float x1 = (float)box.X, y1 = (float)box.Y;
            float x2 = (float)(box.X + box.Width - Extent), y2 = (float)(box.Y + box.Height - Extent);
            if (ClipsFirst)
                (x1, y1, x2, y2) = (Within(x1, image.Width), Within(y1, image.Height), Within(x2, image.Width), Within(y2, image.Height));
            (x1, x2, y1, y2) = (x1 * size.ScaleX, x2 * size.ScaleX, y1 * size.ScaleY, y2 * size.ScaleY);
            if (mirrored)
                (x1, x2) = (right - x2, right - x1);
            (x1, y1, x2, y2) = (Within(x1, right), Within(y1, lower), Within(x2, right), Within(y2, lower));
            if (!(x2 - x1 + Extent > 0 && y2 - y1 + Extent > 0))
                continue;
            boxes.AddRange([x1, y1, x2, y2]);
            labels.Add(label);
            places.Add(place);
        }
        return ([.. boxes], [.. labels], [.. places]);
    }

    static float Within(float value, float largest) => MathF.Max(0, MathF.Min(value, largest));
}

/// <summary>The size at which an image is seen.</summary>
/// <param name="Height">Height in pixels, without padding.</param>
/// <param name="Width">Width in pixels, without padding.</param>
/// <param name="ScaleX">The factor of boxes along x.</param>
/// <param name="ScaleY">The factor of boxes along y.</param>
public sealed record SampledSize(int Height, int Width, float ScaleX, float ScaleY);
