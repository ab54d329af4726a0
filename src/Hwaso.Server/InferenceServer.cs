using Hwaso.Server.DataSets;
using Hwaso.Server.Endpoints;
using Hwaso.Server.Http;
using Hwaso.Server.Operation;
using Hwaso.Server.Pages;
using Hwaso.Server.Runs;
using Hwaso.Server.Serving;
using Hwaso.Server.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Hwaso.Server;

/// <summary>An inference server: the Open Inference Protocol v2 and an interface for images, on Kestrel.</summary>
public sealed class InferenceServer : IAsyncDisposable
{
    // Requests in flight have this long after the server closed its doors.
    static readonly TimeSpan longestEnd = TimeSpan.FromSeconds(25);
    static readonly TimeSpan look = TimeSpan.FromMilliseconds(20);

    readonly WebApplication app;
    readonly ServerParts parts;

    InferenceServer(WebApplication app, ServerParts parts) => (this.app, this.parts) = (app, parts);

    /// <summary>The addresses that it listens on, with their ports.</summary>
    public IReadOnlyList<string> Urls => [.. app.Urls];

    /// <summary>Requests that compute or wait to.</summary>
    public int Busy => parts.Queue.Places;

    /// <summary>Loads the models and starts to listen.</summary>
    /// <param name="settings">Models, addresses and limits.</param>
    /// <param name="stop">Stops starting.</param>
    /// <exception cref="ArgumentException">A setting cannot be used.</exception>
    /// <exception cref="Hwaso.Data.DatasetException">The data set cannot be read.</exception>
    /// <exception cref="IOException">A model's file cannot be read, or an address is taken.</exception>
    /// <exception cref="Runtime.Format.ModelFormatException">A file is damaged, or of no network that is supported.</exception>
    public static async Task<InferenceServer> StartAsync(ServerSettings settings, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var meters = new ServerMeters();
        var queue = new RunQueue(settings, meters);
        ModelStore? models = null;
        DataFolder? data = null;
        WebApplication? app = null;
        try
        {
            data = settings.Data is null ? null : DataFolder.Open(settings.Data, settings.Layout);
            var runs = new RunStore(
                settings.Runs, [.. settings.Models.Select(ModelStore.Named).Where(m => Directory.Exists(m.Path))]);
            // Trainings that requests start are models, too, where libtorch is there anyway.
            models = new ModelStore(settings, meters, () => settings.Models.All(ModelStore.IsExported) ? settings.Runs : runs.Root);
            models.LoadAll();
            meters.Watch("hwaso.queue.requests", "{request}", "Requests that compute or wait", () => queue.Places);
            var parts = new ServerParts
            {
                Settings = settings,
                Models = models,
                Queue = queue,
                Bodies = new BodyReader(settings),
                Meters = meters,
                Data = data,
                Trainings = new TrainingQueue(settings.Training),
                Runs = runs,
            };
            app = Build(settings, parts);
            await app.StartAsync(stop);
            return new InferenceServer(app, parts);
        }
        catch
        {
            if (app is not null)
                await app.DisposeAsync();
            queue.Dispose();
            data?.Dispose();
            models?.Dispose();
            meters.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Ends: first the server says that it is not ready and refuses new work, while it still listens; when what it accepted is answered and
    /// the drain time is over, it closes.
    /// </summary>
    public async Task StopAsync()
    {
        parts.End();
        parts.Trainings.End();
        var began = TimeProvider.System.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(parts.Settings.DrainSeconds));
        while (parts.Queue.Places > 0 && TimeProvider.System.GetElapsedTime(began) < longestEnd)
            await Task.Delay(look);
        await app.StopAsync();
    }

    /// <summary>Closes the connections and frees the networks.</summary>
    public async ValueTask DisposeAsync()
    {
        parts.End();
        await app.DisposeAsync();
        parts.Queue.Dispose();
        parts.Models.Dispose();
        parts.Trainings.Dispose();
        parts.Data?.Dispose();
        parts.Meters.Dispose();
        parts.Dispose();
    }

    static WebApplication Build(ServerSettings settings, ServerParts parts)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls([.. settings.Urls]);
        builder.WebHost.ConfigureKestrel(kestrel => Limit(kestrel, settings));
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = longestEnd);
        builder.Services.AddCors();
        Observation.Add(builder, settings);
        Document.Add(builder.Services);
        var app = builder.Build();
        app.UseMiddleware<FailureWriter>();
        app.UseMiddleware<Guard>(settings);
        if (settings.Origins.Count > 0)
            app.UseCors(cors => cors.WithOrigins([.. settings.Origins]).AllowAnyHeader().AllowAnyMethod()
                .WithExposedHeaders(ProtocolEndpoints.Header, "ETag", "Location", "Retry-After"));
        app.UseMiddleware<PageServer>(settings);
        app.UseMiddleware<ApiKeys>(settings);
        app.UseRouting();
        ProtocolEndpoints.Map(app, parts);
        RepositoryEndpoints.Map(app, parts);
        ImageEndpoints.Map(app, parts);
        FileEndpoints.Map(app, parts);
        RunEndpoints.Map(app, parts);
        TrainingEndpoints.Map(app, parts);
        DataEndpoints.Map(app, parts);
        Observation.Map(app);
        Document.Map(app);
        return app;
    }

    static void Limit(KestrelServerOptions kestrel, ServerSettings settings)
    {
        const int Connections = 2048;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = settings.MaxBytes;
        kestrel.Limits.MaxConcurrentConnections = Connections;
    }
}
