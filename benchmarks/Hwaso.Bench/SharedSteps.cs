using System.Diagnostics;
using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Training.Processes;

namespace Hwaso.Bench;

/// <summary>
/// One of the processes that train a network as one, beside peers/processes.py: the same weights, images and labels. Each process takes its
/// part of the batch, and its batch norms count over that part, as PyTorch's do on processors.
/// </summary>
static class SharedSteps
{
    /// <summary>Trains, and prints the losses and the milliseconds of each step as JSON in process 0.</summary>
    public static void Run(JsonObject request)
    {
        var (batch, steps) = (request["batch"]!.GetValue<int>(), request["steps"]!.GetValue<int>());
        var rate = request["rate"]!.GetValue<double>();
        var (height, width) = (request["size"]![0]!.GetValue<int>(), request["size"]![1]!.GetValue<int>());
        var type = request["type"]!.GetValue<string>() == "float64" ? ScalarType.Float64 : ScalarType.Float32;
        TorchInfo.Threads = 1;
        using var team = ProcessPlace.Of(Environment.GetEnvironmentVariable) is { Size: > 1 } place
            ? Team.Join(place, Device.Cpu, joinsBatchNorms: false, new Dictionary<string, string>(), TimeSpan.FromSeconds(60)) : Team.Alone;
        using var scope = new Scope();
        using var weights = Weights.Create(type: type, initialise: false);
        var net = Zoo.FindSegmentation($"hrnetv2-{request["width"]!.GetValue<string>()}").Build(weights, 19);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        var format = request["format"]!.GetValue<string>() == "channels_last" ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous;
        weights.UseMemoryFormat(format);
        net.Train();
        var share = team.ShareOf(batch);
        var (first, count) = share is null ? (0, batch) : (share.First, share.Count);
        var images = Tensor.From(FormulaWeights.Fill("input", batch, 3, height, width)).To(type).Narrow(0, first, count).Contiguous(format);
        // All pixels are labelled: PyTorch's mean over processes is then the mean over pixels, as Hwaso's always is.
        var target = Tensor.From([.. Formula.Uniform("target", batch * height * width).Select(u => (long)(u * 19))], batch, height, width)
            .Narrow(0, first, count);
        using var loss = new CrossEntropy();
        using var sgd = new Sgd([new ParameterGroup(weights.Parameters.ToArray(), 1, 0.0001)], rate, momentum: 0.9);
        using var exchange = team.ExchangeOf([.. weights.Parameters.Select(p => p.Value)]);
        var (losses, times) = (new JsonArray(), new JsonArray());
        for (var step = 0; step < steps; step++)
        {
            var began = Stopwatch.GetTimestamp();
            using var inner = new Scope();
            sgd.ZeroGrad();
            double mean;
            using (team.Step())
            {
                exchange?.Begin();
                var value = loss.Of(net.Call(images), target);
                (mean, _) = team.Agree(value.Item(), stops: false);
                value.Backward();
            }
            if (exchange is not null)
                team.Finish(exchange);
            sgd.Step();
            losses.Add(mean);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        if (team.IsFirst)
            Console.WriteLine(new JsonObject
            {
                ["losses"] = losses,
                ["times_ms"] = times,
                ["waited_ms"] = Math.Round(team.Waited.TotalMilliseconds / steps, 2),
            }.ToJsonString());
    }
}
