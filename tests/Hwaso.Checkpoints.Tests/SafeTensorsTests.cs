using System.Buffers.Binary;
using System.Text;

namespace Hwaso.Checkpoints.Tests;

public sealed class SafeTensorsTests
{
    static readonly Dictionary<string, HostTensor> Some = new()
    {
        ["z.flag"] = HostTensor.Of([true, false, true], 3),
        ["가중치"] = HostTensor.Of([1.5f, -2f, 3f, 4f, 5f, 6f], 2, 3),
        ["a.count"] = HostTensor.Of([42L]),
        ["empty"] = HostTensor.Of(Array.Empty<float>(), 0, 7),
        ["half"] = HostTensor.Of([(Half)0.5f], 1),
    };

    [Fact]
    public void Written_tensors_come_back_in_order_with_their_texts()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("w.safetensors");
        var metadata = new Dictionary<string, string> { ["recipe"] = "a: \"1\"\nb: 화소", ["epoch"] = "3" };
        SafeTensors.Write(path, Some, metadata);

        var file = SafeTensors.Read(path);
        Assert.Equal(Some.Keys, file.Tensors.Keys);
        Assert.Equal(metadata, file.Metadata);
        foreach (var (key, tensor) in Some)
        {
            Assert.Equal(tensor.Type, file.Tensors[key].Type);
            Assert.Equal(tensor.Shape, file.Tensors[key].Shape);
            Assert.Equal(tensor.Data.ToArray(), file.Tensors[key].Data.ToArray());
        }

        Assert.Equal([path], Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void Written_data_begins_at_a_multiple_of_eight()
    {
        using var folder = new TemporaryFolder();
        for (var length = 1; length < 20; length++)
        {
            var path = folder.File("w");
            SafeTensors.Write(path, [new(new string('k', length), HostTensor.Of([1f]))]);
            Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(File.ReadAllBytes(path)) % 8);
        }
    }

    [Fact]
    public void Files_of_the_reference_implementation_are_read()
    {
        // Recorded by the safetensors package: shapes as in the fixture's description.
        var file = TensorFile.Read(Fixture.Of("small", "hrnetv2_seg.safetensors"));
        Assert.Equal([2L, 3, 64, 96], file.Tensors["input"].Shape);
        Assert.Equal([2L, 5, 16, 24], file.Tensors["output"].Shape);
        Assert.All(file.Tensors["output"].ToFloats(), static v => Assert.True(float.IsFinite(v)));
        Assert.Equal(ElementType.Float64, TensorFile.Read(Fixture.Of("small", "hrnetv2_seg.train.safetensors")).Tensors["losses_f64"].Type);
    }

    [Fact]
    public void Write_refuses_a_name_given_twice()
    {
        using var folder = new TemporaryFolder();
        KeyValuePair<string, HostTensor> one = new("w", HostTensor.Of([1f]));
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(folder.File("w"), [one, one]));
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(folder.File("w"), [new("__metadata__", one.Value)]));
    }

    [Fact]
    public void A_file_cut_short_anywhere_is_refused()
    {
        using var folder = new TemporaryFolder();
        SafeTensors.Write(folder.File("w"), Some);
        Damage.CutsAreRefused(File.ReadAllBytes(folder.File("w")));
        Damage.CutsAreRefused(File.ReadAllBytes(Fixture.Of("formula", "hrnetv2_w18_small_v1.safetensors")), step: 307);
    }

    [Fact]
    public void An_edited_file_of_ours_is_noticed_whichever_bit_was_turned()
    {
        using var folder = new TemporaryFolder();
        SafeTensors.Write(folder.File("w"), Some, new Dictionary<string, string> { ["epoch"] = "3" });
        // The digest covers the file; a bit turned in the digest's own name leaves the tensors as they were.
        // A prime step, so that all bit places are met.
        Assert.Equal(0, Damage.TurnBits(File.ReadAllBytes(folder.File("w")), step: 5));
    }

    [Fact]
    public void An_edited_file_is_refused_in_words_that_say_what_to_do()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("w");
        SafeTensors.Write(path, Some);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        var error = Assert.Throws<CheckpointException>(() => TensorFile.Read(path));
        Assert.Contains("edited or damaged after Hwaso wrote it", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "w")] // shape against length
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "follow the last tensor")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "hole")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8,
        "overlaps")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4,
        "JSON")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "w")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "w")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "w")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4,4]}}""", 4, "w")]
    [InlineData("""{"w":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}""", 4, "F4")]
    [InlineData("""{"w":{"shape":[1],"data_offsets":[0,4]}}""", 4, "dtype")]
    [InlineData("""{"w":[]}""", 0, "w")]
    [InlineData("""{"__metadata__":{"epoch":3}}""", 0, "epoch")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "JSON")]
    [InlineData("""{"w":""", 0, "JSON")]
    [InlineData("""{"w":{"dtype":"F32","shape":[536870912],"data_offsets":[0,2147483648]}}""", 16, "cut short")]
    public void A_header_that_does_not_hold_together_is_refused(string header, int dataLength, string named)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("w");
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        File.WriteAllBytes(path, bytes);
        var error = Assert.Throws<CheckpointException>(() => SafeTensors.Read(path));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100_000_001)]
    [InlineData(1_000)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void A_header_longer_than_the_file_or_the_format_allows_is_refused(long length)
    {
        using var folder = new TemporaryFolder();
        var bytes = new byte[64];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        bytes[8] = (byte)'{';
        File.WriteAllBytes(folder.File("w"), bytes);
        Assert.Throws<CheckpointException>(() => SafeTensors.Read(folder.File("w")));
        Assert.Throws<CheckpointException>(() => TensorFile.Read(folder.File("w")));
    }
}
