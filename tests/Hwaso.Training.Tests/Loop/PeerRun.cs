using System.Text.Json.Nodes;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;

namespace Hwaso.Training.Tests.Loop;

/// <summary>A training on one thread whose losses are compared with those that another implementation recorded.</summary>
static class PeerRun
{
    /// <summary>Trains to the end and compares the loss of each step.</summary>
    /// <param name="recipe">The recipe, with the weights to begin with.</param>
    /// <param name="data">The data set's folder.</param>
    /// <param name="run">The run's folder.</param>
    /// <param name="wanted">The recorded case: its <c>losses</c>.</param>
    /// <param name="tolerance">Relative to each loss.</param>
    public static void Check(RecipeFile recipe, string data, RunFolder run, JsonNode wanted, double tolerance)
    {
        var losses = wanted["losses"]!.AsArray().Select(l => l!.GetValue<double>()).ToArray();
        var request = new TrainRequest(recipe, data, run, false, Device.Cpu, 1);
        using (var trainer = new Trainer(request, TrainingTasks.Open(request), new RunWatcher()))
            Assert.True(trainer.Run(default).Finished);
        var got = MetricsLog.Read(run.Metrics).Steps.Select(l => l.Loss).ToArray();
        Assert.Equal(losses.Length, got.Length);
        for (var k = 0; k < losses.Length; k++)
            Assert.True(
                Math.Abs(got[k] - losses[k]) <= tolerance * losses[k],
                $"step {k + 1}: loss {got[k]:g9}, PyTorch's {losses[k]:g9}, {Math.Abs(got[k] / losses[k] - 1):g2} apart where "
                + $"{tolerance:g2} is allowed");
    }
}
