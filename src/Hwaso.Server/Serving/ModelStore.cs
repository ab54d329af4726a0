using System.Collections.Concurrent;
using Hwaso.Inference;
using Hwaso.Runtime;
using Hwaso.Server.Http;
using Hwaso.Server.Images;
using Hwaso.Server.Settings;
using Hwaso.Torch;

namespace Hwaso.Server.Serving;

/// <summary>
/// The models by name. Names are looked up here and never joined to a path, so that no request reaches a file that was not named at the
/// start.
/// </summary>
sealed class ModelStore : IDisposable
{
    // Models have one version.
    public const string Version = "1";

    // Runs that are loaded by requests; the one unused for longest makes room.
    const int MostOnDemand = 4;

    readonly ConcurrentDictionary<string, ModelSlot> slots = new(StringComparer.Ordinal);
    readonly ServerSettings settings;
    readonly ServerMeters meters;
    readonly Func<string?> runs;
    readonly WorkerPool pool;

    /// <summary>The models of the settings, none of them loaded.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="meters">Where models count.</param>
    /// <param name="runs">The folder of runs, each of which is a model; there may be none before the first training.</param>
    public ModelStore(ServerSettings settings, ServerMeters meters, Func<string?> runs)
    {
        (this.settings, this.meters, this.runs) = (settings, meters, runs);
        pool = new WorkerPool(settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount);
        foreach (var text in settings.Models)
        {
            var (name, path) = Named(text);
            if (!slots.TryAdd(name, new ModelSlot(name, path)))
                throw new ArgumentException($"two models are named {name}: {slots[name].Source} and {path}; name one of them NAME={path}");
        }
    }

    /// <summary>All models, loaded or not, by name.</summary>
    public IReadOnlyList<ModelSlot> All
    {
        get
        {
            LookForRuns();
            return [.. slots.Values.OrderBy(s => s.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Whether there are models and all that were named at the start are loaded.</summary>
    public bool AreReady => !slots.IsEmpty && slots.Values.All(s => s.OnDemand || s.Model is not null);

    /// <summary>Loads every model that was named at the start.</summary>
    /// <exception cref="Exception">A file is missing, damaged or of no network.</exception>
    public void LoadAll()
    {
        foreach (var slot in slots.Values.Where(s => !s.OnDemand))
            Load(slot);
    }

    /// <summary>Loads a model for a request.</summary>
    /// <exception cref="RequestFailure">Its file cannot be used now (503).</exception>
    public void TryLoad(ModelSlot slot)
    {
        try
        {
            Load(slot);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new RequestFailure(503, $"model '{slot.Name}' cannot be loaded: "
                + error.Message.Replace(slot.Source, slot.Name, StringComparison.Ordinal)).With("Retry-After", "10");
        }
    }

    /// <summary>Loads a model, or again if it is loaded: the new one takes the place of the old one when it is whole.</summary>
    public void Load(ModelSlot slot)
    {
        lock (slot)
        {
            slot.State = ModelState.Loading;
            try
            {
                var old = slot.Model;
                var (network, file, run) = Open(slot);
                slot.Model = new ServedModel(slot.Name, slot.Source, network, file, settings.MaxRunBytes, meters, run);
                (slot.State, slot.Reason) = (ModelState.Ready, "");
                old?.Dispose();
            }
            catch (Exception error)
            {
                (slot.State, slot.Reason) = (slot.Model is null ? ModelState.Unavailable : ModelState.Ready, error.Message);
                throw;
            }
        }
    }

    /// <summary>Unloads a model; requests that use it are answered.</summary>
    public static void Unload(ModelSlot slot)
    {
        lock (slot)
        {
            var old = slot.Model;
            (slot.Model, slot.State, slot.Reason) = (null, ModelState.Unavailable, "unloaded");
            old?.Dispose();
        }
    }

    /// <summary>The place of a model.</summary>
    /// <exception cref="RequestFailure">There is none of this name or version (404).</exception>
    public ModelSlot Find(string name, string? version)
    {
        if (!slots.ContainsKey(name))
            LookForRuns();
        if (!slots.TryGetValue(name, out var slot))
            throw RequestFailure.NotFound(
                $"no model is named '{RequestFailure.Shown(name)}'; "
                + (slots.IsEmpty ? "the server has none" : $"there are {string.Join(", ", All.Take(20).Select(s => s.Name))}"));
        return version is null or Version ? slot
            : throw RequestFailure.NotFound($"model '{name}' has no version '{RequestFailure.Shown(version)}'; it has version {Version}");
    }

    /// <summary>A loaded model, in use until the lease is disposed; a run of the folder of runs is loaded by its first request.</summary>
    /// <exception cref="RequestFailure">There is none of this name or version (404), or it is not loaded (503).</exception>
    public async Task<ModelLease> UseAsync(string name, string? version, CancellationToken stop)
    {
        var slot = Find(name, version);
        // It may be replaced between the two looks.
        for (var tries = 0; tries < 3; tries++)
        {
            if (slot.Model is { } model && model.TryEnter())
            {
                slot.LastUsed = Environment.TickCount64;
                return new ModelLease(model);
            }
            if (slot.OnDemand)
                await Task.Run(() => LoadOnce(slot), stop);
        }
        throw new RequestFailure(503, $"model '{name}' is not loaded: {slot.State.Word()}").With("Retry-After", "1");
    }

    public void Dispose()
    {
        foreach (var slot in slots.Values)
            slot.Model?.Dispose();
        pool.Dispose();
    }

    // Requests that come meanwhile wait for the one that loads.
    void LoadOnce(ModelSlot slot)
    {
        lock (slot)
            if (slot.Model is null)
                TryLoad(slot);
        foreach (var old in slots.Values.Where(s => s.OnDemand && s.Model is not null && s != slot).OrderByDescending(s => s.LastUsed)
            .Skip(MostOnDemand - 1).ToArray())
            Unload(old);
    }

    /// <summary>
    /// Adds the runs that have weights by now. A link that leads out of the folder is no run of it.
    /// </summary>
    void LookForRuns()
    {
        if (runs() is not { } folder || !Directory.Exists(folder))
            return;
        foreach (var run in new DirectoryInfo(folder).EnumerateDirectories())
            if (run.LinkTarget is null && !slots.ContainsKey(run.Name) && new RunFolder(run.FullName) is var files
                && (File.Exists(files.Best) || File.Exists(files.Last)))
                slots.TryAdd(run.Name, new ModelSlot(run.Name, run.FullName) { OnDemand = true });
    }

    (OnnxModel Network, ModelFile File, RunParts Run) Open(ModelSlot slot)
    {
        var options = new RuntimeOptions { Pool = pool, MostBytes = settings.MaxRunBytes };
        if (IsExported(slot.Source))
            return With(ModelFile.Of(slot.Source), new RunParts(), () => OnnxModel.Load(slot.Source, options));
        using var trained = LoadedModel.Open(slot.Source, Device.Cpu);
        var bytes = Exporter.Make(trained, new ExportOptions()).Bytes;
        var file = ModelFile.Of(bytes);
        RunParts run;
        try
        {
            run = new RunParts(
                new Explainer(slot.Source, settings.Device),
                Directory.Exists(slot.Source) && RunDepth.Has(trained) ? new RunDepth(slot.Source, settings.Device) : null,
                settings.UsesTorch ? TorchEngine.Open(slot.Source, settings.Device) : null);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        return With(file, run, () => OnnxModel.Load(bytes, slot.Name, options));
    }

    /// <summary>Whether a model is a file that needs no libtorch.</summary>
    public static bool IsExported(string source) => source.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    static (OnnxModel Network, ModelFile File, RunParts Run) With(ModelFile file, RunParts run, Func<OnnxModel> load)
    {
        try
        {
            return (load(), file, run);
        }
        catch
        {
            file.Dispose();
            run.Dispose();
            throw;
        }
    }

    /// <summary>The name and the path of a model as the command line gives it.</summary>
    /// <exception cref="ArgumentException">It is neither a path nor NAME=PATH.</exception>
    public static (string Name, string Path) Named(string text)
    {
        var at = text.IndexOf('=');
        var given = at > 0 && !File.Exists(text) && !Directory.Exists(text);
        var path = given ? text[(at + 1)..] : text;
        var name = given ? text[..at] : Path.GetFileName(Path.GetFullPath(path).TrimEnd('/', '\\'));
        foreach (var end in new[] { ".onnx", ".safetensors" })
            if (name.EndsWith(end, StringComparison.OrdinalIgnoreCase))
                name = name[..^end.Length];
        return name.Length > 0 && !name.Contains('/', StringComparison.Ordinal) ? (name, path)
            : throw new ArgumentException($"'{text}': a file, a folder or NAME=PATH was wanted");
    }
}

/// <summary>A model's name and source, and the network while it is loaded.</summary>
sealed class ModelSlot(string name, string source)
{
    volatile ServedModel? model;

    public string Name { get; } = name;

    public string Source { get; } = source;

    public ServedModel? Model { get => model; set => model = value; }

    /// <summary>Whether the first request loads it.</summary>
    public bool OnDemand { get; init; }

    /// <summary>When it was used last, in milliseconds.</summary>
    public long LastUsed { get; set; }

    public ModelState State { get; set; } = ModelState.Unavailable;

    public string Reason { get; set; } = "not loaded";
}

/// <summary>The states of the repository extension.</summary>
enum ModelState
{
    Unavailable,
    Loading,
    Ready,
}

/// <summary>Their words there.</summary>
static class ModelStates
{
    public static string Word(this ModelState state) => state switch
    {
        ModelState.Ready => "READY",
        ModelState.Loading => "LOADING",
        _ => "UNAVAILABLE",
    };
}

/// <summary>The use of a model by one request.</summary>
sealed class ModelLease(ServedModel model) : IDisposable
{
    public ServedModel Model { get; } = model;

    public void Dispose() => Model.Leave();
}
