using System.Globalization;

namespace Hwaso.Cli.Tests;

/// <summary>
/// Files and tables are the same where numbers are written otherwise. The culture here is made by hand, so it needs no ICU;
/// <c>make cultures</c> runs whole test projects under real ones.
/// </summary>
[Collection(WorkshopTests.Name)]
public sealed class CultureTests(Workshop shop)
{
    [Fact]
    public void A_run_trained_under_another_culture_has_the_same_bytes()
    {
        using (new ForeignCulture())
            Assert.Equal(0, shop.Train("foreign", "--json").Code);

        Assert.Equal(
            File.ReadAllBytes(shop.Checkpoint), File.ReadAllBytes(Path.Combine(shop.At("foreign"), "checkpoints", "best.safetensors")));
        Assert.Equal(
            File.ReadAllText(Path.Combine(shop.Run, "recipe.yaml")), File.ReadAllText(Path.Combine(shop.At("foreign"), "recipe.yaml")));
        Assert.DoesNotMatch("[0-9],[0-9]{4}", File.ReadAllText(Path.Combine(shop.At("foreign"), "log.txt")));
    }

    [Fact]
    public void Tables_and_json_are_the_same_under_another_culture()
    {
        string[][] lines =
        [
            ["profile", "hrnetv2-w18-small-v1", "--classes", "19", "--size", "64x96", "--layers"],
            ["dataset", "check", shop.Data, "--layout", "cityscapes"],
            ["dataset", "check", shop.Data, "--layout", "cityscapes", "--json"],
            ["score", shop.Predictions(), Path.Combine(shop.Data, "gtFine", "val"), "--layout", "cityscapes"],
            ["compare", shop.Run],
            ["train", "--help"],
        ];
        foreach (var line in lines)
        {
            var usual = CommandLine.Run(line);
            using var culture = new ForeignCulture();
            Assert.Equal(0, usual.Code);
            Assert.Equal(usual.Output, CommandLine.Run(line).Output);
        }
    }

    sealed class ForeignCulture : IDisposable
    {
        readonly CultureInfo before = CultureInfo.CurrentCulture;

        public ForeignCulture()
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            var numbers = culture.NumberFormat;
            (numbers.NumberDecimalSeparator, numbers.NumberGroupSeparator) = (",", ".");
            (numbers.PercentDecimalSeparator, numbers.PercentGroupSeparator, numbers.PercentPositivePattern) = (",", ".", 0);
            (numbers.NegativeSign, numbers.NaNSymbol) = ("−", "ne");
            culture.DateTimeFormat.DateSeparator = ".";
            culture.DateTimeFormat.TimeSeparator = "h";
            CultureInfo.CurrentCulture = culture;
        }

        public void Dispose() => CultureInfo.CurrentCulture = before;
    }
}
