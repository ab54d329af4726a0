using System.Globalization;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Tests.Format;

/// <summary>
/// Each of thousands of damaged files is refused with a ModelFormatException, or runs with the same numbers on every path. None makes the
/// runtime allocate memory that the file only declares.
/// </summary>
/// <remarks>HWASO_FUZZ_FILES sets the number of files, and HWASO_FUZZ_SEED the first seed, for longer runs.</remarks>
public sealed class FuzzTests
{
    const long MostBytes = 8 << 20;

    // The memory of a run, as much again for constants computed at planning, and room for planning itself.
    const long MostAllocated = 64 << 20;

    // A model that is evaluated makes and drops values; a loop goes on until it is cancelled. What a file merely claims is far more.
    const long MostEvaluated = 6L << 30;

    // Files may ask for long runs; those teach nothing here and are skipped.
    const long MostWork = 20_000_000;

    [Fact]
    public void A_damaged_file_is_refused_or_runs_and_takes_no_more_memory_than_allowed()
    {
        var mutator = new FileMutator(FuzzFiles.All);
        var (count, first) = (Asked("HWASO_FUZZ_FILES") ?? 800, Asked("HWASO_FUZZ_SEED") ?? 0);
        var (refused, ran, reasons, failures) = (0, 0, new HashSet<string>(), new List<string>());
        for (var seed = first; seed < first + count && failures.Count < 20; seed++)
            switch (Try(mutator.Next(new Random(seed))))
            {
                case (true, { } reason):
                    refused++;
                    // Counts distinct problems, without their places and numbers.
                    reasons.Add(string.Concat(reason.Split(": ")[^1].Where(char.IsLetter).Take(24)));
                    break;
                case (false, { } failure):
                    failures.Add($"file {seed}: {failure}");
                    break;
                default:
                    ran++;
                    break;
            }
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        // A few files, as when one seed is tried again, may all end the same way.
        Assert.True(count < 100 || (refused > count / 4 && ran > count / 20 && reasons.Count > 40),
            $"{refused} refused for {reasons.Count} reasons, {ran} ran: the damage reaches one side alone");
    }

    [Fact]
    public void A_damaged_file_with_weights_in_another_is_refused_or_runs()
    {
        var folder = Directory.CreateTempSubdirectory("hwaso-fuzz").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "weights.bin"), [.. Enumerable.Range(0, 32).Select(k => (byte)k)]);
            var whole = EvaluatedFuzzFiles.External("weights.bin");
            var path = Path.Combine(folder, "model.onnx");
            Assert.Equal((true, null), Tried(whole));
            var mutator = new FileMutator([whole]);
            var (count, first) = (Asked("HWASO_FUZZ_FILES") ?? 200, Asked("HWASO_FUZZ_SEED") ?? 0);
            var (reasons, failures) = (new HashSet<string>(), new List<string>());
            for (var seed = first; seed < first + count && failures.Count < 20; seed++)
                switch (Tried(mutator.Next(new Random(seed))))
                {
                    case (true, { } reason):
                        reasons.Add(string.Concat(reason.Split(": ")[^1].Where(char.IsLetter).Take(24)));
                        break;
                    case (false, { } failure):
                        failures.Add($"file {seed}: {failure}");
                        break;
                }
            Assert.True(failures.Count == 0, string.Join('\n', failures));
            Assert.True(count < 100 || reasons.Count > 10, $"{reasons.Count} reasons: the damage reaches one side alone");

            (bool, string?) Tried(byte[] file)
            {
                File.WriteAllBytes(path, file);
                return Try(file, path);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Every_file_that_is_damaged_runs_when_it_is_whole()
    {
        foreach (var file in FuzzFiles.All)
            Assert.Equal((true, null), Try(file));
    }

    static int? Asked(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Whether a file behaved as it may, and why it was refused; no reason if it ran.</summary>
    static (bool Right, string? Message) Try(byte[] file, string? path = null)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        string? refusal = null;
        var most = MostAllocated;
        try
        {
            if (Run(file, path, SimdPath.Best, ref most) is { } widest && Run(file, path, SimdPath.Scalar, ref most) is { } scalar
                && Difference(scalar, widest) is { } difference)
                return (false, difference);
        }
        catch (ModelFormatException error)
        {
            refusal = error.Message;
        }
#pragma warning disable CA1031 // Whatever it is, it is reported with the file.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return (false, $"{error}"[..Math.Min(1600, $"{error}".Length)]);
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated <= most
            ? (true, refusal)
            : (false, $"{allocated >> 20} MiB were allocated for {file.Length} bytes; {refusal}");
    }

    static float[][]? Run(byte[] file, string? place, SimdPath path, ref long most)
    {
        var options = new RuntimeOptions { Threads = 1, MostBytes = MostBytes, Path = path };
        using var model = place is null ? OnnxModel.Load(file, "mutant", options) : OnnxModel.Load(place, options);
        var shapes = model.Inputs.Select(i => (i.Shape ?? [1, 3, 16, 16]).Select(s => s < 0 ? 16 : s).ToArray()).ToArray();
        var session = model.Open(shapes);
        if (session.IsPlanned && session.Plan.Steps.Sum(s => Work(s, session.Plan)) > MostWork)
            return null;
        for (var k = 0; k < shapes.Length; k++)
        {
            if (model.Inputs[k].Type == OnnxType.Float64)
                continue;
            if (!model.Inputs[k].IsFloat)
            {
                session.InputInts(k).Clear();
                continue;
            }
            var input = session.Input(k);
            for (var n = 0; n < input.Length; n++)
                input[n] = MathF.Sin(n);
        }
        if (session.IsPlanned)
            session.Run();
        else
        {
            most = MostEvaluated;
            if (!RunBounded(session))
                return null;
        }
        float[] Numbers(int k) => session.TypeOf(k) == OnnxType.Float64
            ? [.. session.OutputDoubles(k).ToArray().Select(v => (float)v)]
            : session.IsFloat(k) ? session.Output(k).ToArray() : [.. session.OutputInts(k).ToArray().Select(v => (float)v)];
        return [.. Enumerable.Range(0, model.Outputs.Count).Select(Numbers)];
    }

    /// <summary>Runs a model that may loop for ever; false if it was cancelled.</summary>
    static bool RunBounded(Session session)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            session.Run(stop.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    static long Work(Node step, ExecutionPlan plan)
    {
        var elements = (long)plan.Types[step.Output]!.Elements;
        return step.Operator switch
        {
            PoolOperator pool => elements * pool.Window.Kernel[0] * pool.Window.Kernel[1],
            ConvOperator or ConvTransposeOperator or MatMulOperator => elements * Math.Max(1, plan.Types[step.Inputs[1]]!.Elements),
            AttentionOperator => elements * Math.Max(1, plan.Types[step.Inputs[1]]!.Elements),
            _ => elements,
        };
    }

    // The paths sum in different orders. Moderate numbers agree within rounding; huge ones may be infinite or undefined in one order only.
    static string? Difference(float[][] scalar, float[][] widest)
    {
        foreach (var (one, other) in scalar.Zip(widest))
        {
            if (one.Length != other.Length)
                return $"{one.Length} numbers on one path, {other.Length} on another";
            if (one.Any(v => !float.IsFinite(v) || Math.Abs(v) > 1e6f))
                continue;
            var largest = Math.Max(1, one.Select(Math.Abs).DefaultIfEmpty().Max());
            var different = Enumerable.Range(0, one.Length).Count(k => !(Math.Abs(one[k] - other[k]) <= 1e-3f * largest));
            // Where rounding decides, as between two equal classes, a few may differ.
            if (different > one.Length / 20)
            {
                var first = Enumerable.Range(0, one.Length).First(k => !(Math.Abs(one[k] - other[k]) <= 1e-3f * largest));
                return $"{different} of {one.Length} numbers differ between the paths, number {first} is {one[first]:g9} and "
                    + $"{other[first]:g9}";
            }
        }
        return null;
    }
}
