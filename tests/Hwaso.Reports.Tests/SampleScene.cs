using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Reports.Tests;

/// <summary>A crude street of rectangles with its labels, and labels that a network might have predicted.</summary>
sealed class SampleScene
{
    readonly Random random;

    public SampleScene(int seed, int width, int height)
    {
        random = new Random(seed);
        Truth = new LabelMap(width, height);
        Input = new RgbImage(width, height);
        Prediction = new LabelMap(width, height);
        Draw(width, height);
        Photograph();
        Predict();
    }

    public RgbImage Input { get; }

    public LabelMap Truth { get; }

    public LabelMap Prediction { get; }

    /// <summary>Cityscapes' classes and colours.</summary>
    public static IReadOnlyList<ClassEntry> Classes { get; } =
    [
        new("road", 128, 64, 128), new("sidewalk", 244, 35, 232), new("building", 70, 70, 70), new("wall", 102, 102, 156),
        new("fence", 190, 153, 153), new("pole", 153, 153, 153), new("traffic light", 250, 170, 30), new("traffic sign", 220, 220, 0),
        new("vegetation", 107, 142, 35), new("terrain", 152, 251, 152), new("sky", 70, 130, 180), new("person", 220, 20, 60),
        new("rider", 255, 0, 0), new("car", 0, 0, 142), new("truck", 0, 0, 70), new("bus", 0, 60, 100), new("train", 0, 80, 100),
        new("motorcycle", 0, 0, 230), new("bicycle", 119, 11, 32),
    ];

    void Draw(int w, int h)
    {
        var horizon = h * 45 / 100;
        Box(0, 0, w, horizon, 10);
        Box(0, horizon, w, h, 0);
        Box(0, horizon, w, horizon + h / 12, 1);
        for (var x = 0; x < w;)
        {
            var width = random.Next(w / 12, w / 5);
            Box(x, random.Next(h / 12, h / 3), x + width, horizon + h / 20, (byte)(random.Next(5) == 0 ? 8 : 2));
            x += width + random.Next(0, w / 14);
        }
        for (var i = 0; i < 5; i++)
            Disc(random.Next(w), horizon - h / 12, random.Next(h / 14, h / 7), 8);
        for (var i = 0; i < 4; i++)
        {
            var x = random.Next(w);
            Box(x, h / 5, x + Math.Max(2, w / 170), horizon + h / 14, 5);
            Box(x - w / 60, h / 5, x + w / 60, h / 5 + h / 14, (byte)random.Next(6, 8));
        }
        for (var i = 0; i < 7; i++)
            Thing(random.Next(w), random.Next(horizon + h / 20, h * 8 / 10), horizon, h);
        // The car that carries the camera is not scored.
        for (var y = h * 92 / 100; y < h; y++)
            Truth.Labels.AsSpan(y * w, w).Fill(255);
    }

    void Thing(int x, int bottom, int horizon, int h)
    {
        var scale = (bottom - horizon) / (double)(h - horizon) + 0.12;
        var car = random.Next(3) > 0;
        var (width, height) = car ? ((int)(h * 0.62 * scale), (int)(h * 0.32 * scale)) : ((int)(h * 0.11 * scale), (int)(h * 0.42 * scale));
        var label = car ? (byte)(random.Next(6) == 0 ? 14 : 13) : (byte)(random.Next(4) == 0 ? 12 : 11);
        Box(x, bottom - height, x + width, bottom, label);
        if (car)
            Disc(x + width / 2, bottom - height, height / 2, label);
        else
            Disc(x + width / 2, bottom - height, Math.Max(2, width / 2), label);
    }

    void Photograph()
    {
        var tone = new (int, int, int)[]
        {
            (96, 96, 100), (150, 146, 140), (150, 122, 100), (120, 115, 110), (120, 110, 100), (80, 82, 85), (60, 60, 50), (190, 170, 60),
            (74, 104, 58), (110, 130, 80), (176, 202, 228), (130, 80, 70), (70, 80, 120), (150, 40, 44), (70, 90, 110), (0, 0, 0),
            (0, 0, 0),
            (0, 0, 0), (0, 0, 0),
        };
        for (var i = 0; i < Truth.Labels.Length; i++)
        {
            var (x, y) = (i % Truth.Width, i / Truth.Width);
            var (r, g, b) = Truth.Labels[i] == 255 ? (34, 36, 40) : tone[Truth.Labels[i]];
            var windows = Truth.Labels[i] == 2 && x / 7 % 3 == 0 && y / 9 % 2 == 0 ? -46 : 0;
            var light = windows + random.Next(-9, 10) + 24 - 40 * y / Truth.Height + (int)(10 * Math.Sin(x * 0.13 + y * 0.07));
            Input.Pixels[3 * i] = (byte)Math.Clamp(r + light, 0, 255);
            Input.Pixels[3 * i + 1] = (byte)Math.Clamp(g + light, 0, 255);
            Input.Pixels[3 * i + 2] = (byte)Math.Clamp(b + light, 0, 255);
        }
    }

    void Predict()
    {
        var (w, h) = (Truth.Width, Truth.Height);
        for (var y = 0; y < h; y++)
            for (var x = 0; x < w; x++)
            {
                var dx = (int)(3 * Math.Sin(y * 0.11 + 0.4 * x / 9) + 2 * Math.Sin(y * 0.31));
                var dy = (int)(2.5 * Math.Cos(x * 0.09) + 1.5 * Math.Sin(x * 0.27));
                var label = Truth.Labels[Math.Clamp(y + dy, 0, h - 1) * w + Math.Clamp(x + dx, 0, w - 1)];
                var blob = Math.Sin(x * 0.021 + h) + Math.Sin(y * 0.043 + x * 0.013);
                Prediction.Labels[y * w + x] = label switch
                {
                    255 => 0,
                    12 when blob > -0.7 => 11,
                    14 when blob > 0 => 13,
                    5 when blob > 0.1 => 2,
                    0 when blob > 1.55 => 1,
                    2 when blob > 1.5 => 3,
                    _ => label,
                };
            }
    }

    void Box(int left, int top, int right, int bottom, byte label)
    {
        for (var y = Math.Max(0, top); y < Math.Min(Truth.Height, bottom); y++)
            for (var x = Math.Max(0, left); x < Math.Min(Truth.Width, right); x++)
                Truth.Labels[y * Truth.Width + x] = label;
    }

    void Disc(int cx, int cy, int radius, byte label)
    {
        for (var y = Math.Max(0, cy - radius); y < Math.Min(Truth.Height, cy + radius); y++)
            for (var x = Math.Max(0, cx - radius); x < Math.Min(Truth.Width, cx + radius); x++)
                if ((x - cx) * (x - cx) + (y - cy) * (y - cy) < radius * radius)
                    Truth.Labels[y * Truth.Width + x] = label;
    }
}
