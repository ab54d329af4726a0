using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hwaso.Runtime;

namespace Hwaso.Tests;

/// <summary>ONNX Runtime in a node process (benchmarks/peers/onnxruntime/agree.mjs).</summary>
sealed class OnnxRuntimeProcess : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-agreement").FullName;
    readonly Process node;

    /// <param name="script">agree.mjs.</param>
    public OnnxRuntimeProcess(string script)
    {
        node = Process.Start(new ProcessStartInfo("node", [script]) { RedirectStandardInput = true, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("node did not start");
        Version = JsonNode.Parse(node.StandardOutput.ReadLine()!)!["hello"]!.GetValue<string>();
    }

    public string Version { get; }

    /// <summary>Every output of a file, as floating-point numbers.</summary>
    /// <param name="file">The file.</param>
    /// <param name="inputs">Numbers and shape of each input.</param>
    /// <exception cref="NotSupportedException">ONNX Runtime refuses the file.</exception>
    public float[][] Answers(byte[] file, params (float[] Numbers, IReadOnlyList<long> Shape)[] inputs)
    {
        var (model, output) = (Path.Combine(folder, "model.onnx"), Path.Combine(folder, "output"));
        File.WriteAllBytes(model, file);
        var given = new JsonArray();
        for (var k = 0; k < inputs.Length; k++)
        {
            var path = Path.Combine(folder, $"input.{k}");
            File.WriteAllBytes(path, MemoryMarshal.AsBytes(inputs[k].Numbers.AsSpan()).ToArray());
            given.Add(new JsonObject { ["file"] = path, ["shape"] = new JsonArray([.. inputs[k].Shape.Select(s => (JsonNode)s)]) });
        }
        node.StandardInput.WriteLine(new JsonObject { ["model"] = model, ["inputs"] = given, ["output"] = output }.ToJsonString());
        node.StandardInput.Flush();
        var reply = JsonNode.Parse(node.StandardOutput.ReadLine() ?? throw new InvalidOperationException("node ended"))!;
        return reply["error"] is { } error ? throw new NotSupportedException(error.GetValue<string>())
            : [.. reply["shapes"]!.AsArray()
                .Select((_, k) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes($"{output}.{k}")).ToArray())];
    }

    public void Dispose()
    {
        node.StandardInput.Close();
        node.WaitForExit();
        node.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>Hwaso.Runtime in this process.</summary>
static class ManagedRuntime
{
    /// <summary>Every output of a file, as floating-point numbers.</summary>
    /// <inheritdoc cref="OnnxRuntimeProcess.Answers"/>
    public static float[][] Answers(byte[] file, params (float[] Numbers, IReadOnlyList<long> Shape)[] inputs)
    {
        using var model = OnnxModel.Load(file, "exported", new RuntimeOptions { Threads = 2 });
        var session = model.Open([.. inputs.Select(i => i.Shape.Select(s => (int)s).ToArray())]);
        for (var k = 0; k < inputs.Length; k++)
            inputs[k].Numbers.CopyTo(session.Input(k));
        session.Run();
        return [.. Enumerable.Range(0, model.Outputs.Count).Select(k => session.IsFloat(k)
            ? session.Output(k).ToArray()
            : session.OutputInts(k).ToArray().Select(v => (float)v).ToArray())];
    }
}
