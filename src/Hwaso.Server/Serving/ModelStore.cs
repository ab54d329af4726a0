using System.Collections.Concurrent;
using Hwaso.Inference;
using Hwaso.Runtime;
using Hwaso.Server.Http;
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

    readonly ConcurrentDictionary<string, ModelSlot> slots = new(StringComparer.Ordinal);
    readonly ServerSettings settings;
    readonly ServerMeters meters;
    readonly WorkerPool pool;

    public ModelStore(ServerSettings settings, ServerMeters meters)
    {
        (this.settings, this.meters) = (settings, meters);
        pool = new WorkerPool(settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount);
        foreach (var text in settings.Models)
        {
            var (name, path) = Named(text);
            if (!slots.TryAdd(name, new ModelSlot(name, path)))
                throw new ArgumentException($"two models are named {name}: {slots[name].Source} and {path}; name one of them NAME={path}");
        }
    }

    /// <summary>All models, loaded or not, by name.</summary>
    public IReadOnlyList<ModelSlot> All => [.. slots.Values.OrderBy(s => s.Name, StringComparer.Ordinal)];

    /// <summary>Whether there are models and all of them are loaded.</summary>
    public bool AreReady => !slots.IsEmpty && slots.Values.All(s => s.Model is not null);

    /// <summary>Loads every model.</summary>
    /// <exception cref="Exception">A file is missing, damaged or of no network.</exception>
    public void LoadAll()
    {
        foreach (var slot in All)
            Load(slot);
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
                slot.Model = new ServedModel(slot.Name, slot.Source, Open(slot), settings.MaxRunBytes, meters);
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
        if (!slots.TryGetValue(name, out var slot))
            throw RequestFailure.NotFound(
                $"no model is named '{Shown(name)}'; "
                + (slots.IsEmpty ? "the server has none" : $"there are {string.Join(", ", All.Take(20).Select(s => s.Name))}"));
        return version is null or Version ? slot
            : throw RequestFailure.NotFound($"model '{name}' has no version '{Shown(version)}'; it has version {Version}");
    }

    /// <summary>A loaded model, in use until the lease is disposed.</summary>
    /// <exception cref="RequestFailure">There is none of this name or version (404), or it is not loaded (503).</exception>
    public ModelLease Use(string name, string? version)
    {
        var slot = Find(name, version);
        // It may be replaced between the two looks.
        for (var tries = 0; tries < 3; tries++)
            if (slot.Model is { } model && model.TryEnter())
                return new ModelLease(model);
        throw new RequestFailure(503, $"model '{name}' is not loaded: {slot.State}").With("Retry-After", "1");
    }

    public void Dispose()
    {
        foreach (var slot in slots.Values)
            slot.Model?.Dispose();
        pool.Dispose();
    }

    OnnxModel Open(ModelSlot slot)
    {
        var options = new RuntimeOptions { Pool = pool, MostBytes = settings.MaxRunBytes };
        if (slot.Source.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
            return OnnxModel.Load(slot.Source, options);
        using var trained = LoadedModel.Open(slot.Source, Device.Cpu);
        return OnnxModel.Load(Exporter.Make(trained, new ExportOptions()).Bytes, slot.Name, options);
    }

    static (string Name, string Path) Named(string text)
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

    // A name comes from a stranger and goes into an answer and a log.
    static string Shown(string text)
    {
        const int Most = 80;
        var plain = new string([.. text.Where(c => !char.IsControl(c)).Take(Most)]);
        return text.Length > Most ? plain + "…" : plain;
    }
}

/// <summary>A model's name and source, and the network while it is loaded.</summary>
sealed class ModelSlot(string name, string source)
{
    volatile ServedModel? model;

    public string Name { get; } = name;

    public string Source { get; } = source;

    public ServedModel? Model { get => model; set => model = value; }

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

/// <summary>The use of a model by one request.</summary>
sealed class ModelLease(ServedModel model) : IDisposable
{
    public ServedModel Model { get; } = model;

    public void Dispose() => Model.Leave();
}
