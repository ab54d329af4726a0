using System.Globalization;
using Hwaso.Checkpoints;

namespace Hwaso.Cli.Tests;

/// <summary>
/// Files and tables are the same where numbers are written otherwise. The culture here is made by hand, so it needs no ICU;
/// <c>make cultures</c> runs whole test projects under real ones.
/// </summary>
[Collection(WorkshopTests.Name)]
public sealed class CultureTests(Workshop shop)
{
    [Fact]
    public void A_run_trained_under_another_culture_has_the_same_weights_metadata_and_recipe()
    {
        using (new ForeignCulture())
            Assert.Equal(0, shop.Train("foreign", "--json").Code);
        var (usual, foreign) = (shop.Run, shop.At("foreign"));

        var (expected, actual) = (TensorFile.Read(Best(usual)), TensorFile.Read(Best(foreign)));
        Assert.Equal(Numbers(expected), Numbers(actual));
        Assert.Equal(Texts(expected), Texts(actual));
        Assert.Equal(
            File.ReadAllText(Path.Combine(usual, "recipe.yaml")),
            File.ReadAllText(Path.Combine(foreign, "recipe.yaml")).Replace(foreign, usual, StringComparison.Ordinal));
        // Losses, rates and scores are in it: none with a comma for its decimals.
        Assert.DoesNotMatch("[0-9],[0-9]{4}", File.ReadAllText(Path.Combine(foreign, "log.txt")));

        static string Best(string run) => Path.Combine(run, "checkpoints", "best.safetensors");
        static IEnumerable<string> Numbers(TensorFile file) =>
            file.Tensors.Select(t => $"{t.Key} {t.Value} {Convert.ToHexString(t.Value.Data.Span)}");
        // The recipe names the run's folder, so its digest differs.
        IEnumerable<string> Texts(TensorFile file) => file.Metadata.Where(m => m.Key != SafeTensors.DigestKey)
            .Select(m => $"{m.Key} {m.Value.Replace(foreign, usual, StringComparison.Ordinal)}");
    }

    // The command's own tables follow the process's culture, which is the invariant one; these are made by the rooms.
    [Fact]
    public void Tables_and_json_of_the_rooms_are_the_same_under_another_culture()
    {
        string[][] lines =
        [
            ["profile", "hrnetv2-w18-small-v1", "--classes", "19", "--size", "64x96", "--layers", "--json"],
            ["dataset", "check", shop.Data, "--layout", "cityscapes", "--json"],
            ["score", shop.Predictions(), Path.Combine(shop.Data, "gtFine", "val"), "--layout", "cityscapes"],
            ["compare", shop.Run],
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
