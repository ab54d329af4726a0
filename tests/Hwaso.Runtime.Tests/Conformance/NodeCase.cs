using System.IO.Compression;
using System.Runtime.InteropServices;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Tests.Conformance;

/// <summary>One of the operator tests that the ONNX project publishes: a model, its inputs and its outputs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Model">The model file.</param>
/// <param name="Sets">Inputs and outputs, each a serialized TensorProto.</param>
sealed record NodeCase(string Name, byte[] Model, IReadOnlyList<(IReadOnlyList<byte[]> Inputs, IReadOnlyList<byte[]> Outputs)> Sets)
{
    /// <summary>Reads all cases of an archive: <c>NAME/model.onnx</c>, <c>NAME/test_data_set_N/input_K.pb</c>,
    /// <c>output_K.pb</c>.</summary>
    public static IReadOnlyList<NodeCase> ReadAll(string archive)
    {
        using var zip = ZipFile.OpenRead(archive);
        var files = zip.Entries.Where(e => e.Length > 0 || e.Name.Length > 0).GroupBy(e => e.FullName.Split('/')[0]).OrderBy(g => g.Key);
        return [.. files.Select(Read)];
    }

    /// <summary>Runs the case.</summary>
    /// <returns>Null if all outputs are right, else what is wrong.</returns>
    /// <exception cref="ModelFormatException">The runtime refuses the model.</exception>
    public string? Run()
    {
        using var model = OnnxModel.Load(Model, Name, new RuntimeOptions { Threads = 1 });
        foreach (var (inputs, outputs) in Sets)
        {
            var given = inputs.Select(Tensor).ToArray();
            if (model.Inputs.Count != given.Length)
                return $"{model.Inputs.Count} inputs instead of {given.Length}";
            var session = model.Open([.. given.Select(t => t.Shape)]);
            for (var k = 0; k < given.Length; k++)
                if (given[k].Doubles is { } doubles)
                    doubles.CopyTo(session.InputDoubles(k));
                else if (given[k].Floats is { } floats)
                    MemoryMarshal.Cast<byte, float>(floats.Span).CopyTo(session.Input(k));
                else
                    given[k].Ints.CopyTo(session.InputInts(k));
            session.Run();
            for (var k = 0; k < outputs.Count; k++)
                if (Difference(session, k, Tensor(outputs[k]), model.Outputs[k].Type) is { } problem)
                    return $"output {k}: {problem}";
        }
        return null;
    }

    static NodeCase Read(IGrouping<string, ZipArchiveEntry> files)
    {
        var contents = files.ToDictionary(e => e.FullName[(files.Key.Length + 1)..], Bytes);
        var sets = contents.Keys.Where(n => n.Contains('/', StringComparison.Ordinal)).Select(n => n.Split('/')[0]).Distinct().Order()
            .Select(set => (List(contents, $"{set}/input_"), List(contents, $"{set}/output_"))).ToArray();
        return new NodeCase(files.Key, contents["model.onnx"], sets);
    }

    static IReadOnlyList<byte[]> List(Dictionary<string, byte[]> contents, string prefix) =>
        [.. Enumerable.Range(0, contents.Count).Select(k => contents.GetValueOrDefault($"{prefix}{k}.pb")).TakeWhile(b => b is not null)
            .Select(b => b!)];

    static byte[] Bytes(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var to = new MemoryStream();
        stream.CopyTo(to);
        return to.ToArray();
    }

    static OnnxTensor Tensor(byte[] message) => OnnxTensorReader.Read(message, "test data");

    // The ONNX project's own rule: |a − b| ≤ 1e-7 + 1e-3 · |b|; shapes and types are equal.
    static string? Difference(Session session, int output, OnnxTensor wanted, OnnxType declared)
    {
        var shape = session.OutputShape(output).ToArray();
        if (!shape.SequenceEqual(wanted.Shape))
            return $"[{string.Join(", ", shape)}] instead of [{string.Join(", ", wanted.Shape)}]";
        // A plan without types of its own computes in single precision and in 64-bit integers.
        var type = session.IsPlanned ? declared : session.TypeOf(output);
        if (type != wanted.Type)
            return $"{type} instead of {wanted.Type}";
        double[] given = wanted.Ints is not null ? [.. session.OutputInts(output).ToArray().Select(v => (double)v)]
            : wanted.Doubles is not null ? session.OutputDoubles(output).ToArray()
            : [.. session.Output(output).ToArray().Select(v => (double)v)];
        double[] right = wanted.Ints is { } ints ? [.. ints.Select(v => (double)v)]
            : wanted.Doubles ?? Array.ConvertAll(MemoryMarshal.Cast<byte, float>(wanted.Floats!.Value.Span).ToArray(), v => (double)v);
        for (var k = 0; k < right.Length; k++)
            if (!(given[k].Equals(right[k]) || Math.Abs(given[k] - right[k]) <= 1e-7 + (1e-3 * Math.Abs(right[k]))))
                return $"element {k} is {given[k]:g9} instead of {right[k]:g9}";
        return null;
    }
}
