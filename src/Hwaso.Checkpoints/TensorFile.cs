using System.Collections.ObjectModel;

namespace Hwaso.Checkpoints;

/// <summary>The content of a weight file: named tensors in the file's order, and texts beside them.</summary>
public sealed class TensorFile
{
    internal TensorFile(
        string path, OrderedDictionary<string, HostTensor> tensors, IDictionary<string, string> metadata, string wrapper = "",
        IReadOnlyList<string>? others = null)
    {
        Path = path;
        Tensors = tensors;
        Metadata = new ReadOnlyDictionary<string, string>(metadata);
        Wrapper = wrapper;
        Others = others ?? [];
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors by key, in the file's order. Tied weights share their bytes.</summary>
    public IReadOnlyDictionary<string, HostTensor> Tensors { get; }

    /// <summary>Texts beside the tensors: safetensors metadata, or plain values of a <c>.pth</c> checkpoint (<c>epoch</c>, …).</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Entries of a <c>.pth</c> checkpoint that were opened to find the tensors, as in <c>state_dict</c>; else empty.</summary>
    public string Wrapper { get; }

    /// <summary>Other entries of a <c>.pth</c> checkpoint that may be state dicts, as in <c>model_ema</c>.</summary>
    public IReadOnlyList<string> Others { get; }

    /// <summary>
    /// Reads safetensors, zip <c>.pth</c> or legacy <c>.pth</c>, recognised by content and never by extension; or the parts of a checkpoint
    /// that an <c>.index.json</c> lists.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="key">
    /// The entry of a <c>.pth</c> checkpoint that holds the weights, as in <c>model_ema</c> or <c>ema.state_dict</c>; null for the surest.
    /// </param>
    /// <exception cref="CheckpointException">
    /// The file is of another kind, damaged, asks for more than tensors, or has no weights under the key.
    /// </exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static TensorFile Read(string path, string? key = null)
    {
        if (path.EndsWith(ShardedFile.Ending, StringComparison.OrdinalIgnoreCase))
            return key is null ? ShardedFile.Read(path)
                : throw new CheckpointException(path, null,
                    $"lists files that hold one set of weights; leave the key '{key}' out");
        using var stream = CheckpointStream.Open(path);
        return FileKinds.Of(stream) switch
        {
            FileKind.SafeTensors when key is null => SafeTensorsReader.Read(stream),
            FileKind.SafeTensors => throw new CheckpointException(
                path, null, $"a safetensors file, which holds one set of weights; leave the key '{key}' out"),
            FileKind.Zip or FileKind.LegacyPickle => PthFile.Read(stream, key),
            var other => throw new CheckpointException(path, null, FileKinds.Refusal(other)),
        };
    }
}
