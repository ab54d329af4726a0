using Hwaso.Onnx;
using Hwaso.Runtime.Format;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Runtime.Tests.Format;

/// <summary>Models from files, whose large weights are read one by one, must compute as models from memory do.</summary>
public sealed class LoadingTests : TensorTest
{
    readonly string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.onnx");

    public override void Dispose()
    {
        File.Delete(path);
        base.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_from_a_file_computes_as_one_from_memory(bool halfPrecision)
    {
        var bytes = Network(halfPrecision, 40);
        File.WriteAllBytes(path, bytes);
        using var one = OnnxModel.Load(bytes, "test", new RuntimeOptions { Threads = 1 });
        using var other = OnnxModel.Load(path, new RuntimeOptions { Threads = 1 });
        Assert.Equal(Run(one), Run(other));
    }

    /// <summary>
    /// For files cut short or with changed bytes: two readers walk the structure of a file, and both must come to the same result.
    /// </summary>
    [Fact]
    public void A_damaged_file_is_refused_or_runs_as_it_does_from_memory()
    {
        var bytes = Network(halfPrecision: false, 40);
        var (refused, ran) = (0, 0);
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var damaged = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : (byte[])bytes.Clone();
            // Tags, lengths and names lie at both ends of the file, weights in between.
            for (var change = random.Next(4); change > 0 && damaged.Length > 0; change--)
            {
                var at = random.Next(2) == 0
                    ? random.Next(Math.Min(300, damaged.Length))
                    : damaged.Length - 1 - random.Next(Math.Min(500, damaged.Length));
                damaged[at] ^= (byte)(1 << random.Next(8));
            }
            File.WriteAllBytes(path, damaged);
            var expected = Outcome(() => OnnxModel.Load(damaged, path, new RuntimeOptions { Threads = 1 }));
            var answer = Outcome(() => OnnxModel.Load(path, new RuntimeOptions { Threads = 1 }));
            Assert.Equal(expected.Error, answer.Error);
            Assert.Equal(expected.Numbers, answer.Numbers);
            _ = answer.Error is null ? ran++ : refused++;
        }
        Assert.True(refused > 50 && ran > 50, $"{refused} refused, {ran} ran: the changes reach one side alone");
    }

    [Fact]
    public void Loading_takes_no_managed_memory_for_weights()
    {
        File.WriteAllBytes(path, Network(halfPrecision: false, 600));                   // 13 MB of weights
        using (OnnxModel.Load(path, new RuntimeOptions { Threads = 1 }))
        {
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var model = OnnxModel.Load(path, new RuntimeOptions { Threads = 1 });
        // The weights packed at a time, 6 of 600 output channels, and the description of the graph.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, new FileInfo(path).Length / 20);
    }

    static (string? Error, float[]? Numbers) Outcome(Func<OnnxModel> load)
    {
        try
        {
            using var model = load();
            return (null, Run(model));
        }
        // An input of another rank or number than the test gives is the caller's error.
        catch (Exception error) when (error is ModelFormatException or ArgumentException)
        {
            return (error.Message, null);
        }
    }

    static float[] Run(OnnxModel model)
    {
        var session = model.Open((model.Inputs[0].Shape ?? [1, 3, 16, 16]).Select(s => Math.Clamp(s, 1, 600)).ToArray());
        if (model.Inputs[0].IsFloat)
            for (var k = 0; k < session.Input(0).Length; k++)
                session.Input(0)[k] = MathF.Sin(k);
        else
            session.InputInts(0).Fill(1);
        session.Run();
        return session.IsFloat(0) ? session.Output(0).ToArray() : Array.ConvertAll(session.OutputInts(0).ToArray(), v => (float)v);
    }

    // Convolutions with weights that stay in the file and weights that do not, one of them with a factor to fold.
    static byte[] Network(bool halfPrecision, long width)
    {
        using var scope = new Scope();
        RandomState.Seed(1);
        using var document = new OnnxDocument { HalfPrecision = halfPrecision };
        document.Input("x", OnnxDataType.Float32, (1, ""), (3, ""), (12, ""), (20, ""));
        void Conv(string name, string from, long cin, long cout, long side)
        {
            document.Weight($"{name}.weight", [cout, cin, side, side], Tensor.Randn([cout, cin, side, side]).ToArray<float>());
            document.Weight($"{name}.bias", [cout], Tensor.Randn([cout]).ToArray<float>());
            document.Node("Conv", name, [from, $"{name}.weight", $"{name}.bias"], [name],
                OnnxValue.Of("pads", side / 2, side / 2, side / 2, side / 2));
        }
        Conv("stem", "x", 3, width, 3);
        Conv("body", "stem", width, width, 3);
        document.Weight("factor", [width, 1, 1], Tensor.Randn([width, 1, 1]).ToArray<float>());
        document.Node("Mul", "scale", ["body", "factor"], ["scaled"]);
        Conv("point", "scaled", width, width, 1);
        Conv("head", "point", width, 2, 1);
        document.Output("head", OnnxDataType.Float32);
        return document.ToArray([]);
    }
}
