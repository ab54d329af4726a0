using Hwaso.Runtime.Format;
using Hwaso.Tests;

namespace Hwaso.Runtime.Tests.Operators;

/// <summary>Compares each operator on random shapes, attributes and numbers, on each path, with ONNX Runtime's answers.</summary>
/// <remarks>tests/fixtures/onnx/operators holds digests of its answers. With HWASO_ONNXRUNTIME (`make operators`), ONNX Runtime answers
/// anew, every number is compared, and the digests are recorded.</remarks>
public sealed class OnnxRuntimeOperatorTests
{
    const int Cases = 200;

    static readonly Dictionary<string, Action<CaseBuilder>> makers =
        new[] { ConvolutionCases.All, ImageCases.All, FunctionCases.All, SumCases.All, ShapeCases.All }
        .SelectMany(d => d).ToDictionary(d => d.Key, d => d.Value);

    static readonly WorkerPool pool = new(2);

    public static TheoryData<string> Names => [.. makers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Answers_as_ONNX_Runtime_does(string name)
    {
        var cases = Enumerable.Range(0, Cases).Select(k => Make(name, k)).ToArray();
        var file = Fixtures.Path(Path.Combine("onnx", "operators", name.Replace(' ', '-') + ".answers"));
        var live = Environment.GetEnvironmentVariable("HWASO_ONNXRUNTIME") is { Length: > 0 } script
            ? new OnnxRuntimePeer(script).Answers(cases)
            : null;
        if (live is not null)
            Record(file, cases, live);
        var recorded = Recorded(file);
        var wrong = new List<string>();
        for (var k = 0; k < Cases; k++)
        {
            Assert.True(recorded[k].Hash == cases[k].Hash,
                $"case {k}, {cases[k].Text}, is not the one that was recorded: `make operators` asks ONNX Runtime anew");
            // The widest path, and the other paths in turn.
            foreach (var path in new[] { SimdPath.Best, SmallModel.Paths.ElementAt(k % SmallModel.Paths.Count()) })
                if (Problem(cases[k], path, recorded[k].Answers, live?[k]) is { } problem)
                    wrong.Add($"case {k} on {path}: {cases[k].Text}: {problem}");
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {2 * Cases}:\n{string.Join('\n', wrong.Take(12))}");
    }

    static OperatorCase Make(string name, int seed)
    {
        var builder = new CaseBuilder(name.Split(' ')[0], new Random(seed));
        makers[name](builder);
        return builder.Build();
    }

    static string? Problem(OperatorCase one, SimdPath path, IReadOnlyList<CaseAnswer> recorded, IReadOnlyList<CaseTensor>? live)
    {
        try
        {
            using var model = OnnxModel.Load(one.File, "test", new RuntimeOptions { Path = path, Pool = pool });
            var session = model.Open([.. one.Inputs.Select(i => i.Shape.Select(s => (int)s).ToArray())]);
            for (var k = 0; k < one.Inputs.Count; k++)
                if (one.Inputs[k].Floats is { } floats)
                    floats.CopyTo(session.Input(k));
                else
                    one.Inputs[k].Ints.CopyTo(session.InputInts(k));
            session.Run();
            for (var k = 0; k < recorded.Count; k++)
            {
                var numbers = session.IsFloat(k) ? session.Output(k).ToArray() : [.. session.OutputInts(k).ToArray().Select(v => (float)v)];
                if (recorded[k].Difference(CaseAnswer.Of(session.OutputShape(k).ToArray(), numbers)) is { } difference)
                    return $"output {k}: {difference}";
                if (live?[k].Floats is not { } wanted)
                    continue;
                var at = Array.FindIndex(Enumerable.Range(0, wanted.Length).ToArray(),
                    n => !CaseAnswer.IsNear(wanted[n], numbers[n], recorded[k].Largest));
                if (at >= 0)
                    return $"output {k}: number {at} is {numbers[at]}, {wanted[at]} was wanted";
            }
            return null;
        }
        catch (ModelFormatException error)
        {
            return error.Message;
        }
    }

    static List<(uint Hash, CaseAnswer[] Answers)> Recorded(string file)
    {
        using var from = new BinaryReader(File.OpenRead(file));
        CaseAnswer[] Answers() => [.. Enumerable.Range(0, from.ReadByte()).Select(_ => CaseAnswer.Read(from))];
        return [.. Enumerable.Range(0, Cases).Select(_ => (from.ReadUInt32(), Answers()))];
    }

    static void Record(string file, OperatorCase[] cases, IReadOnlyList<IReadOnlyList<CaseTensor>> answers)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var to = new BinaryWriter(File.Create(file));
        for (var k = 0; k < cases.Length; k++)
        {
            to.Write(cases[k].Hash);
            to.Write((byte)answers[k].Count);
            foreach (var output in answers[k])
                CaseAnswer.Of([.. output.Shape.Select(s => (int)s)], output.Floats).Write(to);
        }
    }
}
