using System.Text;

namespace Hwaso.Cli.Tests;

/// <summary>Weight files that are damaged, edited, dangerous or of something else, given to the verbs that read them.</summary>
[Collection(WorkshopTests.Name)]
public sealed class BadCheckpointTests(Workshop shop)
{
    string Damaged(Func<byte[], byte[]> damage)
    {
        var file = shop.At(Path.GetRandomFileName() + ".safetensors");
        File.WriteAllBytes(file, damage(File.ReadAllBytes(shop.Checkpoint)));
        return file;
    }

    static byte[] Flip(byte[] bytes, int at)
    {
        bytes[at] ^= 1;
        return bytes;
    }

    void AssertRefused(string file, params string[] words)
    {
        string[][] commands =
        [
            ["evaluate", file, "--data", shop.Data],
            ["predict", file, shop.Image, "--out", shop.At("never")],
            ["import", file, "--model", shop.Recipe, "--classes", "19", "--out", shop.At("never.safetensors")],
        ];
        foreach (var command in commands)
        {
            var line = CommandLine.Run([.. command, "--threads", "1", "--device", "cpu"]);
            Assert.Equal((1, ""), (line.Code, line.Output));
            Assert.StartsWith($"hwaso {command[0]}: {file}: ", line.Error, StringComparison.Ordinal);
            Assert.All(words, word => Assert.Contains(word, line.Error, StringComparison.Ordinal));
        }
        Assert.False(File.Exists(shop.At("never.safetensors")));
    }

    [Theory]
    [InlineData(0.9)]
    [InlineData(0.5)]
    [InlineData(0.001)]
    public void One_that_is_cut_short_is_refused(double share) =>
        AssertRefused(Damaged(bytes => bytes[..(int)(bytes.Length * share)]), "cut short");

    [Fact]
    public void One_whose_numbers_were_edited_is_refused() =>
        AssertRefused(Damaged(bytes => Flip(bytes, bytes.Length - 5)), "does not match its checksum", "take an intact copy");

    [Fact]
    public void One_whose_header_was_edited_is_refused() =>
        AssertRefused(
            Damaged(bytes => Encoding.Latin1.GetBytes(
                Encoding.Latin1.GetString(bytes).Replace("\"shape\":[19,", "\"shape\":[18,", StringComparison.Ordinal))),
            "last_layer.3.");

    [Fact]
    public void An_empty_one_is_refused() => AssertRefused(Damaged(_ => []), "the file is empty");

    [Theory]
    [InlineData("malicious.zip.pth")]
    [InlineData("malicious.legacy.pth")]
    [InlineData("beyond.pth")]
    [InlineData("eval.pth")]
    [InlineData("getattr.pth")]
    public void A_pth_that_asks_for_more_than_tensors_is_refused_by_what_it_asks_for(string name)
    {
        var file = Path.Combine(Repository.Root, "tests/fixtures/pth", name);
        AssertRefused(file);
    }

    [Fact]
    public void One_of_another_number_of_classes_names_both_numbers()
    {
        var imported =
            CommandLine.Run("import", shop.Checkpoint, "--model", shop.Recipe, "--classes", "5", "--out", shop.At("five.safetensors"));
        var evaluated = CommandLine.Run("evaluate", shop.Checkpoint, "--data", shop.Voc);

        Assert.Equal(1, imported.Code);
        Assert.Contains($"{shop.Checkpoint}: last_layer.3.weight: ", imported.Error, StringComparison.Ordinal);
        Assert.Contains("is for 19 classes, 5 were asked for; use --classes 19", imported.Error, StringComparison.Ordinal);
        Assert.Equal(2, evaluated.Code);
        Assert.Contains($"{shop.Checkpoint} is of 19 classes, PASCAL VOC val has 21", evaluated.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_resume_state_that_was_edited_is_refused_and_left_alone()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Equal(1, CommandLine.Run(Verbs.VerbList.All, stop.Token, shop.Training("edited")).Code);
        var state = shop.At("edited/checkpoints/resume.safetensors");
        var bytes = Flip(File.ReadAllBytes(state), 5000);
        File.WriteAllBytes(state, bytes);

        var line = shop.Train("edited", "--resume");

        Assert.Equal(1, line.Code);
        Assert.StartsWith($"hwaso train: {state}: ", line.Error, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(state));
    }

    [Fact]
    public void Importing_onto_the_file_itself_is_refused()
    {
        var before = File.ReadAllBytes(shop.Checkpoint);
        var line = CommandLine.Run("import", shop.Checkpoint, "--model", shop.Recipe, "--classes", "19", "--out", shop.Checkpoint);

        Assert.Equal(2, line.Code);
        Assert.Contains("--out", line.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(shop.Checkpoint));
    }
}
