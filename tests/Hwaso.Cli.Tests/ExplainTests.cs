using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.Cli.Tests;

/// <summary>Attention maps as files, and questions that have no answer.</summary>
[Collection(WorkshopTests.Name)]
public sealed class ExplainTests(Workshop shop)
{
    [Fact]
    public void Explain_writes_a_map_for_each_stage_and_resolution_and_a_sheet_of_all()
    {
        var folder = shop.At("maps");
        var line = CommandLine.Run("explain", shop.Run, shop.Image, "--out", folder, "--at", "127,63", "--json", "--device", "cpu");

        Assert.Equal(("", 0), (line.Error, line.Code));
        var files = JsonDocument.Parse(line.Output).RootElement.GetProperty("files").EnumerateArray().Select(f => f.GetString()!).ToArray();
        var name = Path.GetFileNameWithoutExtension(shop.Image);
        // Branches at strides 4, 8, 16 and 32 of 64×128 pixels.
        string[] maps =
            ["stage2_16x32", "stage2_8x16", "stage3_16x32", "stage3_8x16", "stage3_4x8", "stage4_16x32",
                "stage4_8x16", "stage4_4x8", "stage4_2x4"];
        Assert.Equal([.. maps.Select(m => Path.Combine(folder, $"{name}_{m}.png")), Path.Combine(folder, $"{name}_sheet.png")], files);
        Assert.All(files[..^1], f => Assert.Equal((128, 64), ImageFile.Size(f)));
        var sheet = ImageFile.Size(files[^1]);
        Assert.True(sheet.Width > 3 * 128 && sheet.Height > 4 * 64, $"{sheet}");
    }

    [Theory]
    [InlineData("--at", "128,0", "--at 128,0: ", "X goes to 127 and Y to 63")]
    [InlineData("--at", "4", "--at '4': two whole numbers were wanted", "320,180")]
    [InlineData("--class", "caar", "class 'caar'", "did you mean 'car'?")]
    public void A_question_that_does_not_fit_is_a_wrong_argument(string option, string value, string what, string help)
    {
        var line = CommandLine.Run("explain", shop.Run, shop.Image, "--out", shop.At("never-explained"), option, value);

        Assert.Equal((2, ""), (line.Code, line.Output));
        Assert.StartsWith("hwaso explain: ", line.Error, StringComparison.Ordinal);
        Assert.Contains(what, line.Error, StringComparison.Ordinal);
        Assert.Contains(help, line.Error, StringComparison.Ordinal);
    }
}
