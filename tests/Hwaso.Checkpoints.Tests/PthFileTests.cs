using System.Text.Json;

namespace Hwaso.Checkpoints.Tests;

public sealed class PthFileTests
{
    public static TheoryData<string, string> Recorded()
    {
        var names = new TheoryData<string, string>();
        // The second: files with objects of other programs' classes, whole modules, NumPy arrays; make_foreign.py wrote them.
        foreach (var list in new[] { "expected.json", "expected_foreign.json" })
        {
            using var expected = JsonDocument.Parse(File.ReadAllText(Fixture.Of("pth", list)));
            foreach (var file in expected.RootElement.EnumerateObject())
                names.Add(list, file.Name);
        }
        return names;
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Tensors_equal_PyTorchs_bit_by_bit(string list, string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Fixture.Of("pth", list)));
        var expected = document.RootElement.GetProperty(name);
        var file = TensorFile.Read(Fixture.Of("pth", name));
        Assert.Equal(expected.GetProperty("tensors").EnumerateObject().Select(static t => t.Name), file.Tensors.Keys);
        foreach (var tensor in expected.GetProperty("tensors").EnumerateObject())
        {
            var read = file.Tensors[tensor.Name];
            Assert.Equal(tensor.Value.GetProperty("type").GetString(), NameOf(read.Type));
            Assert.Equal(tensor.Value.GetProperty("shape").EnumerateArray().Select(static s => s.GetInt64()), read.Shape);
            Assert.Equal(tensor.Value.GetProperty("bytes").GetString(), Convert.ToHexStringLower(read.Data.Span));
        }

        Assert.Equal(expected.TryGetProperty("wrapper", out var wrapper) ? wrapper.GetString() : "", file.Wrapper);
        if (expected.TryGetProperty("metadata", out var metadata))
        {
            foreach (var text in metadata.EnumerateObject())
                Assert.Equal(text.Value.GetString(), file.Metadata[text.Name]);
        }
    }

    [Fact]
    public void Of_several_state_dicts_one_is_taken_and_the_others_are_named_and_can_be_asked_for()
    {
        var path = Fixture.Of("pth", "ema.pth");
        var file = TensorFile.Read(path);
        Assert.Equal(("model", "model_ema"), (file.Wrapper, Assert.Single(file.Others)));
        var asked = TensorFile.Read(path, "model_ema");
        Assert.Equal("model_ema", asked.Wrapper);
        Assert.Equal(file.Tensors["conv.weight"].ToFloats().Select(v => v + 100), asked.Tensors["conv.weight"].ToFloats());
        var error = Assert.Throws<CheckpointException>(() => TensorFile.Read(path, "ema"));
        Assert.Contains("has no weights under 'ema'; entries with tensors are model, model_ema, optimizer", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Official_weights_have_the_recorded_number_of_parameters()
    {
        // Parameters as PyTorch counted them when the fixture was recorded; running statistics are buffers.
        using var notes = JsonDocument.Parse(File.ReadAllText(Fixture.Of("small", "hrnetv2_seg.json")));
        var file = TensorFile.Read(Fixture.Of("small", "hrnetv2_seg.pth"));
        var parameters = file.Tensors
            .Where(static t => t.Value.Type == ElementType.Float32 && !t.Key.Contains("running_", StringComparison.Ordinal))
            .Sum(static t => (long)t.Value.Count);
        Assert.Equal(notes.RootElement.GetProperty("params").GetInt64(), parameters);
    }

    [Theory]
    [InlineData("malicious.zip.pth", "posix.system")]
    [InlineData("malicious.legacy.pth", "posix.system")]
    [InlineData("eval.pth", "__builtin__.eval")]
    [InlineData("getattr.pth", "builtins.getattr")]
    [InlineData("instance.pth", "holds no tensors")]
    [InlineData("torchscript.pth", "TorchScript")]
    [InlineData("plain.pkl", "torch.save")]
    [InlineData("complex.zip.pth", "z: its element type (ComplexFloatStorage)")]
    [InlineData("compressed.pth", "compressed")]
    public void A_file_that_asks_for_more_than_tensors_is_refused_by_name(string name, string named)
    {
        var error = Assert.Throws<CheckpointException>(() => TensorFile.Read(Fixture.Of("pth", name)));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists("/tmp/hwaso-was-here"));
    }

    [Theory]
    [InlineData("beyond.pth", "w: reaches element 4 of a storage of 4")]
    [InlineData("negative_offset.pth", "w: ")]
    [InlineData("negative_stride.pth", "w: ")]
    [InlineData("overflow.pth", "w: ")]
    [InlineData("wide_stride.pth", "w: ")]
    [InlineData("huge_expand.pth", "far more than the file holds")]
    [InlineData("wrong_storage.pth", "w: its storage 0 has 16 bytes")]
    [InlineData("no_storage.pth", "x/data/0: missing")]
    [InlineData("deep_list.pth", "nested")]
    [InlineData("deep_tuple.pth", "nested")]
    [InlineData("self_list.pth", "no tensors")]
    [InlineData("laughs.pth", "no tensors")]
    [InlineData("copies.pth", "multiplies")]
    [InlineData("memo_jump.pth", "memo")]
    [InlineData("long_text.pth", "cut short")]
    public void A_crafted_file_costs_neither_memory_nor_time(string name, string named)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<CheckpointException>(() => TensorFile.Read(Fixture.Of("pth", name)));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        // The costliest legal reading copies what the pickle lists; each file claims gigabytes or more.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1L << 30);
    }

    [Theory]
    [InlineData("views.zip.pth")]
    [InlineData("views.legacy.pth")]
    [InlineData("hrnet_checkpoint.zip.pth")]
    [InlineData("hrnet_checkpoint.legacy.pth")]
    public void A_file_cut_short_anywhere_is_refused(string name) =>
        Damage.CutsAreRefused(File.ReadAllBytes(Fixture.Of("pth", name)));

    [Theory]
    [InlineData("views.zip.pth")]
    [InlineData("hrnet_checkpoint.zip.pth")]
    public void A_turned_bit_in_a_zip_file_never_changes_a_tensor_unnoticed(string name) =>
        // Every entry has its CRC-32; prime step, so that all bit places are met.
        Assert.Equal(0, Damage.TurnBits(File.ReadAllBytes(Fixture.Of("pth", name)), step: 11));

    [Theory]
    [InlineData("views.legacy.pth")]
    [InlineData("hrnet_checkpoint.legacy.pth")]
    public void A_turned_bit_in_a_legacy_file_is_refused_or_gives_tensors(string name) =>
        // The legacy format has no checksum: numbers may change, nothing worse.
        Assert.True(Damage.TurnBits(File.ReadAllBytes(Fixture.Of("pth", name)), step: 11) > 0);

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull")]
    [InlineData("", "empty")]
    [InlineData("<html>", "not a weight file")]
    public void Other_files_are_told_apart(string content, string named)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("w.pth"), content);
        var error = Assert.Throws<CheckpointException>(() => TensorFile.Read(folder.File("w.pth")));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => TensorFile.Read(folder.Root));
        Assert.Throws<FileNotFoundException>(() => TensorFile.Read(folder.File("absent.pth")));
    }

    static string NameOf(ElementType type) => type switch
    {
        ElementType.Bool => "bool",
        ElementType.BFloat16 => "bfloat16",
        _ => type.ToString().ToLowerInvariant(),
    };
}
