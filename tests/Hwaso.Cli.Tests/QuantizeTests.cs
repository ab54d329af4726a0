using System.Text.Json;
using Hwaso.Runtime;

namespace Hwaso.Cli.Tests;

/// <summary><c>hwaso quantize</c>, on the small trained run.</summary>
[Collection(WorkshopTests.Name)]
public sealed class QuantizeTests(Workshop shop)
{
    [Fact]
    public void A_run_becomes_a_file_of_8_bits_that_labels_nearly_the_same()
    {
        var file = shop.At("small8.onnx");
        var line = CommandLine.Run(
            "quantize", shop.Run, "--data", shop.Data, "--out", file, "--images", "4", "--layers", "--json", "--threads", "1");
        Assert.True(line.Code == 0, line.Error);
        var json = JsonDocument.Parse(line.Output).RootElement;
        var layers = json.GetProperty("layer_table").EnumerateArray().ToArray();
        Assert.Equal(json.GetProperty("layers").GetInt32(), layers.Length);
        Assert.Equal(json.GetProperty("layers_quantised").GetInt32(), layers.Count(l => l.GetProperty("bits").GetInt32() == 8));
        Assert.InRange(json.GetProperty("layers_quantised").GetInt32(), 1, layers.Length);
        // A network of six steps of training decides many pixels by little.
        Assert.InRange(json.GetProperty("changed_labels").GetDouble(), 0, 0.5);
        var interval = json.GetProperty("miou_loss_interval").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        Assert.True(interval[0] <= interval[1]);
        Assert.Equal(
            json.GetProperty("miou_before").GetDouble() - json.GetProperty("miou").GetDouble(),
            json.GetProperty("miou_loss").GetDouble(), 12);

        using var model = SegmentationModel.Load(file);
        Assert.Equal(19, model.Classes.Count);
        var scored = CommandLine.Run("evaluate", file, "--data", shop.Data, "--json", "--threads", "1");
        Assert.True(scored.Code == 0, scored.Error);
        Assert.Equal(
            json.GetProperty("miou").GetDouble(), JsonDocument.Parse(scored.Output).RootElement.GetProperty("miou").GetDouble(), 1e-9);

        // What was quantised once is not quantised again.
        var again = CommandLine.Run("quantize", file, "--data", shop.Data, "--out", shop.At("again.onnx"));
        Assert.NotEqual(0, again.Code);
        Assert.Contains("quantised already", again.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("small8.bin", "", "ONNX files end in .onnx")]
    [InlineData("other.onnx", "--images 0", "a whole number of at least 1")]
    [InlineData("other.onnx", "--ranges widest", "percentile")]
    public void Wrong_arguments_say_what_is_wanted(string file, string more, string wanted)
    {
        var line = CommandLine.Run(["quantize", shop.Run, "--data", shop.Data, "--out", shop.At(file),
            .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(2, line.Code);
        Assert.Contains(wanted, line.Error, StringComparison.Ordinal);
    }
}
