using System.Diagnostics;
using System.Text;

namespace Hwaso.Runtime.Tests.Operators;

/// <summary>
/// ONNX Runtime in a node process: reads a file of cases, writes a file of answers (benchmarks/peers/onnxruntime/operators.mjs).
/// </summary>
sealed class OnnxRuntimePeer(string script)
{
    /// <summary>Every output of each case, all as floating-point numbers.</summary>
    public IReadOnlyList<IReadOnlyList<CaseTensor>> Answers(IReadOnlyList<OperatorCase> cases)
    {
        var folder = Directory.CreateTempSubdirectory("hwaso-operators").FullName;
        try
        {
            var (asked, answered) = (Path.Combine(folder, "cases"), Path.Combine(folder, "answers"));
            Write(asked, cases);
            using var node = Process.Start(new ProcessStartInfo("node", [script, asked, answered]) { RedirectStandardError = true })
                ?? throw new InvalidOperationException("node did not start");
            var error = node.StandardError.ReadToEnd();
            node.WaitForExit();
            return node.ExitCode == 0 ? Read(answered, cases) : throw new InvalidOperationException($"ONNX Runtime: {error}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void Write(string path, IReadOnlyList<OperatorCase> cases)
    {
        using var to = new BinaryWriter(File.Create(path));
        to.Write(cases.Count);
        foreach (var one in cases)
        {
            to.Write(one.File.Length);
            to.Write(one.File);
            to.Write(one.Inputs.Count);
            foreach (var input in one.Inputs)
            {
                to.Write(input.Floats is null ? 1 : 0);
                to.Write(input.Shape.Length);
                foreach (var size in input.Shape)
                    to.Write((int)size);
                to.Write(input.Bytes.Length);
                to.Write(input.Bytes);
            }
        }
    }

    static List<IReadOnlyList<CaseTensor>> Read(string path, IReadOnlyList<OperatorCase> cases)
    {
        using var from = new BinaryReader(File.OpenRead(path));
        var answers = new List<IReadOnlyList<CaseTensor>>();
        foreach (var one in cases)
        {
            var outputs = from.ReadInt32();
            if (outputs < 0)
            {
                var reason = Encoding.UTF8.GetString(from.ReadBytes(-outputs));
                throw new InvalidOperationException($"ONNX Runtime refuses {one.Text}: {reason}");
            }
            answers.Add([.. Enumerable.Range(0, outputs).Select(_ =>
            {
                var shape = Enumerable.Range(0, from.ReadInt32()).Select(_ => (long)from.ReadInt32()).ToArray();
                return new CaseTensor(shape, [.. Enumerable.Range(0, from.ReadInt32()).Select(_ => from.ReadSingle())], null);
            })]);
        }
        return answers;
    }
}
