using System.Diagnostics.Metrics;

namespace Hwaso.Server.Serving;

/// <summary>
/// The server's own measurements, beside those of ASP.NET Core (requests by code and route). Names follow OpenTelemetry; in Prometheus
/// they read <c>hwaso_queue_requests</c>, <c>hwaso_batch_size_bucket</c> and so on.
/// </summary>
sealed class ServerMeters : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Hwaso.Server";

    readonly Meter meter = new(Name);
    readonly Histogram<int> batch;
    readonly Histogram<double> phases;
    readonly Counter<long> images, bytes;

    public ServerMeters()
    {
        batch = meter.CreateHistogram<int>("hwaso.batch.size", "{image}", "Images of a batch");
        phases = meter.CreateHistogram<double>(
            "hwaso.request.phase.duration", "s", "Time of a request by phase: decode, queue, run, encode");
        images = meter.CreateCounter<long>("hwaso.inference", "{inference}", "Inferences by model and outcome");
        bytes = meter.CreateCounter<long>("hwaso.request.bytes", "By", "Bytes of bodies by direction");
        meter.CreateObservableGauge("hwaso.process.memory", () => Environment.WorkingSet, "By", "Memory of the process");
    }

    /// <summary>Watches a number that changes, such as the requests that hold a place.</summary>
    public void Watch(string name, string unit, string description, Func<int> value) =>
        meter.CreateObservableGauge(name, value, unit, description);

    public void Batch(int count) => batch.Record(count);

    public void Phase(string model, string phase, TimeSpan time) =>
        phases.Record(time.TotalSeconds, new("model", model), new KeyValuePair<string, object?>("phase", phase));

    public void Inference(string model, string outcome) =>
        images.Add(1, new("model", model), new KeyValuePair<string, object?>("outcome", outcome));

    public void Bytes(string direction, long count) => bytes.Add(count, new KeyValuePair<string, object?>("direction", direction));

    public void Dispose() => meter.Dispose();
}
