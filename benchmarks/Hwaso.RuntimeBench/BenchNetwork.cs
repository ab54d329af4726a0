namespace Hwaso.RuntimeBench;

/// <summary>A network that is measured.</summary>
/// <param name="Name">The name of its file, without extension.</param>
/// <param name="Input">The sizes of its input.</param>
/// <param name="Wanted">The largest ratio of times that is wanted.</param>
/// <param name="Tolerance">How far the outputs of both runtimes may differ, as a part of the largest.</param>
sealed record BenchNetwork(string Name, int[] Input, double Wanted, double Tolerance = BenchNetwork.Usual)
{
    // Single precision through some hundred layers.
    const double Usual = 1e-4;

    // Text detection answers probabilities: its last layers turn small differences of large numbers into larger ones.
    const double OfProbabilities = 1e-3;

    // The weights are rounded to half precision in the file; ONNX Runtime also rounds between layers.
    const double OfHalf = 2e-3;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<BenchNetwork> All { get; } =
    [
        new("hrnetv2-w18-small-v1", [1, 3, 512, 512], 0.50),
        new("hrnetv2-w18", [1, 3, 512, 512], 0.42),
        new("hrnetv2-w48", [1, 3, 512, 512], 0.47),
        new("unet-resnet50", [1, 3, 512, 512], 0.65),
        new("fcn-resnet50", [1, 3, 512, 512], 0.65),
        new("isnet-half", [1, 3, 1024, 1024], 0.50, OfHalf),
        new("hrnetv2-w18-small-v1+dca", [1, 3, 256, 256], 0.80),
        new("hrnet-w32-pose", [1, 3, 256, 192], 0.70),
        new("sanet-resnet50", [1, 3, 96, 128], 0.80),
        new("pp-ocrv4-detector", [1, 3, 640, 640], 0.90, OfProbabilities),
        new("pp-ocrv4-recogniser", [1, 3, 48, 320], 0.90, OfProbabilities),
        new("deeplabv3-mobilenetv3", [1, 3, 512, 512], 0.80),
        new("dinov2-s", [1, 3, 98, 140], 0.90),
        new("segformer", [1, 3, 512, 512], 0.90),
    ];

    /// <summary>Numbers like those of a normalised image, −2 to 2, the same in each run.</summary>
    public float[] Numbers()
    {
        var numbers = new float[Input.Aggregate(1, (a, b) => a * b)];
        var state = 1u;
        for (var k = 0; k < numbers.Length; k++)
        {
            // Numerical Recipes' generator; its upper bits are random enough for an image.
            state = unchecked((state * 1664525) + 1013904223);
            numbers[k] = ((state >> 8) / (float)(1 << 24) * 4) - 2;
        }
        return numbers;
    }
}
