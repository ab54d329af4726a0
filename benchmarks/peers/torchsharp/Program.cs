// A worker of benchmarks/compare.py (the protocol is in benchmarks/README.md): training steps of HRNetV2 in TorchSharp.
// Its native part needs a newer C library than Debian 12's: eng/matrix.sh --run trixie dotnet … starts it in a folder of Debian 13.
using System.Diagnostics;
using System.Text.Json.Nodes;
using Hwaso.Bench;
using Hwaso.Bench.TorchSharpPeer;
using static TorchSharp.torch;

Dictionary<string, Step> prepared = [];
Answer(new JsonObject { ["hello"] = new JsonObject { ["name"] = "TorchSharp 0.107, libtorch", ["torch"] = __version__, ["dotnet"] = $"{Environment.Version}" } });
while (Console.In.ReadLine() is { } line)
    try
    {
        Answer(Of(JsonNode.Parse(line)!.AsObject()));
    }
    catch (Exception error)
    {
        Console.Error.WriteLine(error);
        Answer(new JsonObject { ["error"] = $"{error.GetType().Name}: {error.Message}" });
    }

JsonObject Of(JsonObject request)
{
    var network = request["network"]?.GetValue<string>() ?? "";
    if (request["case"]!.GetValue<string>() != "train_step" || !network.StartsWith("hrnetv2-w", StringComparison.Ordinal)
        || !int.TryParse(network["hrnetv2-w".Length..], out var width) || request["precision"] is not null || request["accumulate"] is not null)
        return new JsonObject { ["skipped"] = "has training steps of HRNetV2 alone" };
    set_num_threads(request["threads"]!.GetValue<int>());
    var format = request["format"]!.GetValue<string>();
    var key = $"{network} {request["batch"]} {request["size"]} {format}";
    if (!prepared.TryGetValue(key, out var step))
    {
        foreach (var (old, other) in prepared)
            if (prepared.Count >= 3 && prepared.Remove(old))
                other.Dispose();
        prepared[key] = step = new Step(width, request["batch"]!.GetValue<int>(), request["size"]![0]!.GetValue<int>(),
            request["size"]![1]!.GetValue<int>(), format == "channels_last");
    }
    // A tensor that is made of an array may lose its numbers later: clones are kept.
    if (!double.IsFinite(step.FirstLoss))
        return new JsonObject { ["skipped"] = "its loss is not finite" };
    var (before, times) = (Environment.CpuUsage.TotalTime, new JsonArray());
    for (var k = 0; k < request["repeats"]!.GetValue<int>(); k++)
    {
        var from = Stopwatch.GetTimestamp();
        step.Run();
        times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
    }
    return new JsonObject { ["cpu_ms"] = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / times.Count, ["times_ms"] = times, ["value"] = step.FirstLoss };
}

static void Answer(JsonObject answer)
{
    Console.WriteLine(answer.ToJsonString());
    Console.Out.Flush();
}

/// <summary>Clear gradients; forward; logits resized to the image; cross entropy; backward; SGD; read the loss.</summary>
sealed class Step : IDisposable
{
    const int Classes = 19;

    readonly HRNet net;
    readonly Tensor image, labels;
    readonly optim.Optimizer sgd;

    public Step(int width, int batch, int height, int columns, bool isChannelsLast)
    {
        net = new HRNet(width, Classes);
        using (no_grad())
            foreach (var (name, held) in net.state_dict())
                held.copy_(Filled(name, held.shape, held.dtype));
        net.train();
        var given = Filled("input", [batch, 3, height, columns], ScalarType.Float32);
        // TorchSharp names no memory formats; libtorch sees this one by the order of the numbers, and keeps it.
        image = isChannelsLast ? given.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : given.clone();
        labels = tensor([.. Formula.Uniform("target", batch * height * columns).Select(u => (long)(u * (Classes + 1)))
            .Select(label => label == Classes ? 255 : label)], [batch, height, columns]).clone();
        sgd = optim.SGD(net.parameters(), 0.001, momentum: 0.9, weight_decay: 0.0001);
        FirstLoss = Run();
        Run();
    }

    public double FirstLoss { get; }

    public double Run()
    {
        using var scope = NewDisposeScope();
        sgd.zero_grad();
        var loss = nn.functional.cross_entropy(Layers.Resize(net.call(image), image), labels, ignore_index: 255);
        loss.backward();
        sgd.step();
        return loss.item<float>();
    }

    public void Dispose()
    {
        sgd.Dispose();
        net.Dispose();
        image.Dispose();
        labels.Dispose();
    }

    /// <summary>The rule of tests/fixtures/formula/rule.json.</summary>
    static Tensor Filled(string key, long[] shape, ScalarType type)
    {
        if (key.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            return zeros(shape, type);
        var count = (int)shape.Aggregate(1L, (a, b) => a * b);
        bool Ends(string end) => key.EndsWith(end, StringComparison.Ordinal);
        var (scale, shift) = Ends("running_var") ? (1, 0.5) : Ends("running_mean") ? (0.34, -0.17) : key == "input" ? (3.4, -1.7)
            : shape.Length >= 2 ? (2 * Math.Sqrt(3.0 * shape[0] / count), -Math.Sqrt(3.0 * shape[0] / count))
            : Ends("weight") ? (1, 0.5) : (0.34, -0.17);
        return tensor([.. Formula.Uniform(key, count).Select(u => (float)((u * scale) + shift))], shape);
    }
}
