namespace Hwaso.Checkpoints;

/// <summary>
/// Weights written by <c>torch.save</c>: the zip format (PyTorch 1.6 and later) and the legacy stream before it. The pickle
/// inside is read by an unpickler that knows tensors and plain containers and runs nothing.
/// </summary>
public static class PthFile
{
    /// <summary>Reads a state dict, bare or inside a checkpoint dictionary (see <see cref="StateDict.WrapperNames"/>).</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is damaged, not torch.save's, or asks for more than tensors.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static TensorFile Read(string path)
    {
        using var stream = CheckpointStream.Open(path);
        return FileKinds.Of(stream) switch
        {
            FileKind.Zip or FileKind.LegacyPickle => Read(stream),
            FileKind.SafeTensors => throw stream.Fail("a safetensors file, not one of torch.save"),
            var other => throw stream.Fail(FileKinds.Refusal(other)),
        };
    }

    internal static TensorFile Read(CheckpointStream stream)
    {
        var (root, load) = FileKinds.Of(stream) == FileKind.Zip ? PthZip.Open(stream) : PthLegacy.Open(stream);
        var found = CheckpointSearch.Find(stream, root);
        var builder = new TensorBuilder(stream, load);
        var tensors = new OrderedDictionary<string, HostTensor>();
        foreach (var (key, tensor) in found.Tensors)
            tensors.Add(key, builder.Build(key, tensor));
        return new TensorFile(stream.Path, tensors, found.Values, found.Wrapper);
    }
}
