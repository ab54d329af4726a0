using Hwaso.Checkpoints;
using Hwaso.Graph;

namespace Hwaso.Onnx;

/// <summary>Writes recorded networks as ONNX files (operator set 17, or 19 for deformable convolutions as such).</summary>
public static class OnnxExport
{
    /// <summary>Writes a recorded network as an ONNX file.</summary>
    /// <param name="graph">The recording, of an evaluation forward.</param>
    /// <param name="weights">The numbers of a parameter or buffer by its full name.</param>
    /// <param name="options">The file's precision, sizes and output; null for single precision at the recorded size.</param>
    /// <exception cref="NotSupportedException">An operator, or a size that depends on the image's in an unknown way; the message names it
    /// and its place.</exception>
    /// <exception cref="ArgumentException">The other recording is not of the same network, or of the same size.</exception>
    public static OnnxFileBytes Write(NetworkGraph graph, Func<string, HostTensor> weights, OnnxOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        options ??= new OnnxOptions();
        using var document = new OnnxDocument { HalfPrecision = options.HalfPrecision, Opset = options.DeformConv ? 19 : 17 };
        new OnnxExporter(graph, weights, options, document).Export();
        return new OnnxFileBytes(document.ToArray(options.Metadata), document.Operators);
    }
}

/// <summary>An exported network.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="Operators">How many nodes it has of each of ONNX's operators.</param>
public sealed record OnnxFileBytes(byte[] Bytes, IReadOnlyDictionary<string, int> Operators);
