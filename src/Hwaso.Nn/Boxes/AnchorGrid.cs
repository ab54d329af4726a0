namespace Hwaso.Nn.Boxes;

/// <summary>The boxes that a proposal network starts from: some shapes at every position of a map. Ren et al., NIPS 2015.</summary>
public static class AnchorGrid
{
    /// <summary>The shapes at the position 0, 0, all scales of the first ratio, then of the next.</summary>
    /// <param name="form">How a shape is placed and rounded.</param>
    /// <param name="size">Side in pixels that the scales are multiples of; torchvision's sizes are multiples of 1.</param>
    /// <param name="scales">Multiples.</param>
    /// <param name="ratios">Height ÷ width.</param>
    public static Box[] Shapes(BoxForm form, float size, ReadOnlySpan<float> scales, ReadOnlySpan<float> ratios)
    {
        var shapes = new Box[scales.Length * ratios.Length];
        var at = 0;
        foreach (var ratio in ratios)
        {
            var root = MathF.Sqrt(ratio);
            foreach (var scale in scales)
                shapes[at++] = Shape(form, size, size * (1 / root) * scale, size * root * scale);
        }
        return shapes;
    }

    /// <summary>The shapes at every position, row by row; at a position in their order.</summary>
    /// <param name="shapes">The shapes at 0, 0.</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="stepY">Pixels from row to row.</param>
    /// <param name="stepX">Pixels from column to column.</param>
    public static Box[] Over(ReadOnlySpan<Box> shapes, int height, int width, float stepY, float stepX)
    {
        var anchors = new Box[checked(height * width * shapes.Length)];
        var at = 0;
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                foreach (var shape in shapes)
                    anchors[at++] = shape.Moved(x * stepX, y * stepY);
        return anchors;
    }

    static Box Shape(BoxForm form, float size, float width, float height)
    {
        if (form == BoxForm.Torchvision)
            return new Box(MathF.Round(-width / 2), MathF.Round(-height / 2), MathF.Round(width / 2), MathF.Round(height / 2));
        if (form == BoxForm.Mmdetection)
            return new Box(-0.5f * width, -0.5f * height, 0.5f * width, 0.5f * height);
        var centre = 0.5f * (size - 1);
        float across = 0.5f * (width - 1), down = 0.5f * (height - 1);
        return new Box(
            MathF.Round(centre - across), MathF.Round(centre - down), MathF.Round(centre + across), MathF.Round(centre + down));
    }
}
