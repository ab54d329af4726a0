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

    static readonly string[] endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];
    static readonly string[] protocols = ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"];

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
                metrics.AddOtlpExporter(exporter => (exporter.Protocol, exporter.Endpoint) = Target(address, exporter.Protocol));
            else if (endpoints.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))))
                metrics.AddOtlpExporter();
        });
    }

    /// <summary>
    /// How a collector is spoken to: by gRPC where OpenTelemetry's variables say so or at its port 4317; else by HTTP, which the protocol's
    /// specification takes where nothing is said.
    /// </summary>
    /// <param name="address">The collector's address; one without a path gets that of metrics.</param>
    /// <param name="ofVariables">The protocol of the variables; gRPC where they say nothing.</param>
    public static (OtlpExportProtocol Protocol, Uri Address) Target(Uri address, OtlpExportProtocol ofVariables)
    {
        const int GrpcPort = 4317;
        var isSaid = protocols.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)));
        return (isSaid ? ofVariables == OtlpExportProtocol.Grpc : address.Port == GrpcPort) ? (OtlpExportProtocol.Grpc, address)
            : (OtlpExportProtocol.HttpProtobuf, address.AbsolutePath == "/" ? new Uri(address, "/v1/metrics") : address);
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
