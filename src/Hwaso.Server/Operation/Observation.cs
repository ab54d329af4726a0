using Hwaso.Server.Serving;
using Hwaso.Server.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Hwaso.Server.Operation;

/// <summary>Logs on standard error, and metrics for Prometheus at <c>/metrics</c> and by OTLP.</summary>
static class Observation
{
    public const string Address = "/metrics";

    public static void Add(WebApplicationBuilder builder, ServerSettings settings)
    {
        Log(builder.Logging, settings.Logs);
        builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("hwaso")).WithMetrics(metrics =>
        {
            metrics.AddMeter(
                ServerMeters.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime");
            metrics.AddView("hwaso.request.phase.duration", new ExplicitBucketHistogramConfiguration
            {
                Boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
            });
            metrics.AddView("hwaso.batch.size", new ExplicitBucketHistogramConfiguration { Boundaries = [1, 2, 4, 8, 16, 32, 64] });
            metrics.AddPrometheusExporter();
            if (settings.Otlp is { } address)
                metrics.AddOtlpExporter(exporter =>
                {
                    exporter.Endpoint = address;
                    exporter.Protocol = OtlpExportProtocol.Grpc;
                });
        });
    }

    public static void Map(WebApplication app) => app.MapPrometheusScrapingEndpoint(Address);

    static void Log(ILoggingBuilder logging, LogForm form)
    {
        logging.ClearProviders();
        logging.AddFilter("Microsoft", LogLevel.Warning);
        if (form == LogForm.None)
            return;
        // Results go to standard output.
        logging.AddConsole(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = form == LogForm.Json ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple;
        });
        logging.Services.Configure<SimpleConsoleFormatterOptions>(simple =>
        {
            simple.SingleLine = true;
            simple.TimestampFormat = "HH:mm:ss ";
        });
        logging.Services.Configure<JsonConsoleFormatterOptions>(json =>
        {
            json.UseUtcTimestamp = true;
            json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
        });
    }
}
