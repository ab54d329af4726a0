using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Hwaso.Bench;

/// <summary>One thing that is timed.</summary>
abstract class Case : IDisposable
{
    /// <summary>A result that both sides compute; null where there is none.</summary>
    public double? Value { get; protected set; }

    /// <summary>How many pieces of work one call does; times are per piece.</summary>
    protected virtual int Pieces => 1;

    /// <summary>The case of a request; null where it is not known.</summary>
    public static Case? Of(JsonObject request) => request["case"]?.GetValue<string>() switch
    {
        "train_step" => new TrainStep(request),
        "inference" => new Inference(request),
        "deform_forward" => new DeformConvolutionCase(request, backward: false),
        "deform_training" => new DeformConvolutionCase(request, backward: true),
        "confusion" => new ConfusionCase(request),
        "loader" => new LoaderPass(request),
        "pose_loader" => new PoseLoaderPass(request),
        "keypoints" => new KeypointsCase(request),
        "objects" => new ObjectsCase(request),
        "nms" => new SuppressionCase(request),
        "roi_forward" => new RoiAlignCase(request, backward: false),
        "roi_training" => new RoiAlignCase(request, backward: true),
        "detector_step" => new DetectorStep(request),
        string name when name.StartsWith("operator_", StringComparison.Ordinal) => OperatorLoop.Named(name["operator_".Length..]),
        _ => null,
    };

    /// <summary>Everything that is not timed.</summary>
    public abstract void WarmUp();

    /// <summary>What is timed.</summary>
    public abstract void Run();

    /// <summary>Milliseconds of each call.</summary>
    public IEnumerable<double> Times(int repeats, double? seconds)
    {
        var times = new List<double>();
        var began = Stopwatch.GetTimestamp();
        for (var k = 0; k < repeats && (k == 0 || seconds is null || Stopwatch.GetElapsedTime(began).TotalSeconds < seconds); k++)
        {
            var start = Stopwatch.GetTimestamp();
            Run();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / Pieces);
        }
        return times;
    }

    public abstract void Dispose();
}
