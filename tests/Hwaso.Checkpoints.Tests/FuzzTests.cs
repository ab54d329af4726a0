using Hwaso.Tests;

namespace Hwaso.Checkpoints.Tests;

/// <summary>Damaged weight files: each is read or refused by a CheckpointException.</summary>
public sealed class FuzzTests
{
    static readonly string[] pth =
        ["bare.legacy.pth", "bare.zip.pth", "hrnet_checkpoint.legacy.pth", "hrnet_checkpoint.zip.pth"];

    [Fact]
    public void A_damaged_pth_is_read_or_refused_and_takes_no_more_memory_than_its_size_explains()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("damaged.pth");
        new Fuzz([.. pth.Select(name => File.ReadAllBytes(Fixture.Of("pth", name)))], "(", ")", "]", "}", "t.", "R", "q\0",
            "ccollections\n", "ctorch._utils\n_rebuild_tensor_v2\n", "cos\nsystem\n")
            .Run(2000, file => Read(path, file), e => e is CheckpointException);
    }

    [Fact]
    public void A_damaged_safetensors_file_is_read_or_refused_and_takes_no_more_memory_than_its_size_explains()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("damaged.safetensors");
        SafeTensors.Write(path, [KeyValuePair.Create("a.weight", HostTensor.Of(new float[] { 1, 2, 3, 4, 5, 6 }, 2, 3)),
            KeyValuePair.Create("b", HostTensor.Of(new long[] { 7 }, 1))], new Dictionary<string, string> { ["format"] = "pt" });
        var whole = File.ReadAllBytes(path);
        new Fuzz([whole], "{", "}", "[", "]", "\"", ",", ":", "F32", "\"shape\"", "\"data_offsets\"", "\\u0000").Run(2000, file =>
            Read(path, file), e => e is CheckpointException);
    }

    static void Read(string path, byte[] file)
    {
        File.WriteAllBytes(path, file);
        foreach (var (_, tensor) in TensorFile.Read(path).Tensors)
            _ = tensor.Data.Length;
    }
}
