using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Depth;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Server.Http;
using Hwaso.Torch;

namespace Hwaso.Server.Images;

/// <summary>The second decoder of a run, which learned metres: its depth, on libtorch, because an exported file has the labels alone.</summary>
/// <param name="run">The run's folder.</param>
/// <param name="device">Where it computes.</param>
sealed class RunDepth(string run, Device device) : IDisposable
{
    readonly Lock gate = new();
    DepthTeacher? decoder;
    bool ends;

    /// <summary>Whether a run's network has a decoder that learned metres.</summary>
    /// <param name="trained">The network with its recipe.</param>
    public static bool Has(LoadedModel trained)
    {
        try
        {
            return Zoo.Define(trained.Recipe.Model) is UNetDefinition { DepthDecoder: true }
                && trained.Recipe.Recipe.Data.Depth is not (null or "disparity");
        }
        // An imported network has no recipe beyond its model.
        catch (RecipeException)
        {
            return false;
        }
    }

    /// <summary>The depth of an image in metres, at its own size; one at a time.</summary>
    /// <exception cref="RequestFailure">The run's weights cannot be read now (503).</exception>
    public DepthMap Estimate(RgbImage image, CancellationToken stop)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(ends, this);
            stop.ThrowIfCancellationRequested();
            decoder ??= Opened();
            return decoder.Depth(image);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            ends = true;
            decoder?.Dispose();
            decoder = null;
        }
    }

    DepthTeacher Opened()
    {
        try
        {
            return DepthTeacher.OfRun(new RunFolder(run), new DepthViews(), device);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CheckpointException or RecipeException)
        {
            throw RequestFailure.Unreadable(run, error);
        }
    }
}
