using System.Diagnostics;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Torch.Processes;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Loop;

/// <summary>One optimiser step: forward and backward of as many batches as are accumulated, then the update.</summary>
/// <param name="pass">How forward passes compute.</param>
/// <param name="optimiser">The optimiser.</param>
/// <param name="average">The moving average that each step is added to; null where there is none.</param>
/// <param name="train">Batches a step, and the greatest length of gradients.</param>
/// <param name="scaler">The scaler that keeps float16's gradients in range; null where none is needed.</param>
/// <param name="team">The processes that share the step.</param>
/// <param name="exchange">Averages their gradients; null in a team of one. Disposed with this.</param>
/// <param name="timeline">Records the steps; null to record nothing.</param>
sealed class TrainStep(
    ForwardPass pass, Optimiser optimiser, WeightAverage? average, TrainRecipe train, LossScaler? scaler, Team team,
    GradientExchange? exchange, Timeline? timeline) : IDisposable
{
    readonly StepGraph? graph = train.CudaGraph ? new StepGraph(pass, optimiser, scaler) : null;

    /// <summary>Whether the last step changed nothing because the scale was too large for it.</summary>
    public bool WasLeftOut { get; private set; }

    /// <summary>Whether the last step got a batch and began to compute.</summary>
    public bool HasComputed { get; private set; }

    /// <summary>Whether this or another process was asked to stop.</summary>
    public bool Stops { get; private set; }

    /// <summary>The files of the last batch.</summary>
    public IEnumerable<string> Files { get; private set; } = [];

    /// <summary>Does a step and returns its loss, the mean of its batches; one that is not finite leaves the weights as they are.</summary>
    /// <param name="batches">Where the batches come from; each is disposed.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="stop">Cancelled where this process is to stop after the step.</param>
    /// <exception cref="TrainingException">Memory is short.</exception>
    /// <exception cref="ProcessException">Another process is gone.</exception>
    public double Run(IEnumerator<ITrainingBatch> batches, double rate, CancellationToken stop)
    {
        using var scope = new Scope();
        using var bits = new SameBits(pass.OwnKernels);
        using var span = Timeline.Step(timeline);
        team.Pace?.Begin(team.Waited);
        var (sum, sends) = (0.0, 0L);
        optimiser.LearningRate = rate;
        (WasLeftOut, HasComputed) = (false, false);
        for (var k = 0; k < train.Accumulate; k++)
        {
            using (Timeline.Span(timeline, "loader"))
                batches.MoveNext();
            using var batch = batches.Current;
            HasComputed = true;
            if (k == train.Accumulate - 1)
            {
                sends = Stopwatch.GetTimestamp();
                exchange?.Begin();
            }
            sum += Backward(batch, stop);
            if (!double.IsFinite(sum))
            {
                scaler?.Adapt(finite: false);
                return LeaveOut(sum);
            }
        }
        if (exchange is not null)
        {
            using (Timeline.Span(timeline, "waiting for gradients"))
                team.Finish(exchange);
            timeline?.Add(sends, exchange.Buckets);
        }
        sum = Timeline.Within(timeline, "update", () => Update(sum / train.Accumulate));
        team.Pace?.End(team.Waited);
        return sum;
    }

    /// <summary>Frees the graph.</summary>
    public void Dispose()
    {
        graph?.Dispose();
        exchange?.Dispose();
    }

    double Update(double loss)
    {
        if (scaler?.Unscale(optimiser.Groups) == false)
            return LeaveOut(loss);
        if (train.ClipNorm is { } limit)
            GradientClipping.Clip(optimiser.Groups, limit);
        optimiser.Step();
        average?.Update();
        ForgetGradients();
        return loss;
    }

    // A graph writes each step's gradients to the same places.
    void ForgetGradients()
    {
        if (graph is null)
            optimiser.ZeroGrad();
    }

    double LeaveOut(double loss)
    {
        WasLeftOut = scaler is { IsExhausted: false };
        ForgetGradients();
        // Where no scale helps, the network itself overflows.
        return scaler is { IsExhausted: true } ? double.NaN : loss;
    }

    double Backward(ITrainingBatch batch, CancellationToken stop)
    {
        using var scope = new Scope();
        using var shared = team.Step();
        try
        {
            double number;
            Files = batch.Files;
            if (graph is not null)
            {
                Stops = stop.IsCancellationRequested;
                return graph.Run(batch);
            }
            var value = Timeline.Within(timeline, "forward", () =>
            {
                using var own = new OwnKernelsScope(pass.OwnKernels);
                return batch.Loss(pass);
            });
            // Reading the loss waits for a GPU, agreeing for the other processes.
            using (Timeline.Span(timeline, "agreement"))
                (number, Stops) = team.Agree(value.Item(), stop.IsCancellationRequested);
            if (double.IsFinite(number))
            {
                using var backward = Timeline.Span(timeline, Timeline.BackwardName);
                var share = train.Accumulate == 1 ? value : value / train.Accumulate;
                (scaler?.Scaled(share) ?? share).Backward();
            }
            return number;
        }
        catch (OneValuePerChannelException error)
        {
            throw new TrainingException(
                $"batch norm {error.Module} sees one value per channel ({batch.Text} behind global pooling), whose variance is 0: use a "
                + "train.batch of 2 or more, or train.batch_norm: freeze (or keep_statistics); train.accumulate does not help", error);
        }
        catch (TorchException error) when (error.IsOutOfMemory)
        {
            throw new TrainingException(
                $"too little memory for {batch.Text}: use a smaller train.batch (and train.accumulate to keep the step's size) "
                + $"or augment.crop; {error.Message}", error);
        }
    }
}
