using System.Text.Json.Nodes;
using Hwaso.Metrics;

namespace Hwaso.Bench;

/// <summary>Counts a 1024×2048 prediction against its truth, 19 classes, ignored pixels left out; maps of areas or of noise.</summary>
sealed class ConfusionCase : Case
{
    const int Classes = 19, Height = 1024, Width = 2048;

    readonly byte[] truth, prediction;
    readonly ConfusionMatrix matrix = new(Classes);

    public ConfusionCase(JsonObject request)
    {
        var noise = request["maps"]!.GetValue<string>() == "noise";
        // Areas are blocks of 16×32 pixels; the prediction's lie 8 pixels further to the right.
        truth = Map("confusion.truth", Classes + 1, noise, shift: 0);
        prediction = Map(noise ? "confusion.prediction" : "confusion.truth", Classes + 1, noise, shift: 8);
        for (var p = 0; p < truth.Length; p++)
            (truth[p], prediction[p]) = (truth[p] == Classes ? byte.MaxValue : truth[p], Math.Min(prediction[p], (byte)(Classes - 1)));
    }

    public override void WarmUp()
    {
        // Past the just-in-time compiler's tiers.
        for (var k = 0; k < 40; k++)
            Run();
        Value = Scores.Of(matrix).Miou;
    }

    public override void Run() => matrix.Add(truth, prediction);

    public override void Dispose()
    {
    }

    static byte[] Map(string key, int values, bool noise, int shift)
    {
        const int blocksAcross = Width / 32 + 1;
        var numbers = Formula.Uniform(key, noise ? Height * Width : Height / 16 * blocksAcross).ToArray();
        var map = new byte[Height * Width];
        for (var p = 0; p < map.Length; p++)
            map[p] = (byte)(numbers[noise ? p : p / Width / 16 * blocksAcross + (p % Width + shift) / 32] * values);
        return map;
    }
}
