using System.Globalization;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Where a network's parameters and buffers live, and the path that names them: <c>w / "conv1"</c> is the place of a submodule, and one
/// string is state-dict key, trace place and error location. The root owns every tensor until it is disposed.
/// </summary>
public sealed class Weights : IDisposable
{
    readonly WeightStore store;

    Weights(WeightStore store, string path)
    {
        this.store = store;
        Path = path;
    }

    /// <summary>An empty root.</summary>
    /// <param name="device">Where tensors are made; the processor by default.</param>
    /// <param name="type">Element type of parameters and floating-point buffers.</param>
    /// <param name="initialise">False leaves parameters at zero: for networks that are only counted or loaded into.</param>
    public static Weights Create(Device? device = null, ScalarType type = ScalarType.Float32, bool initialise = true) =>
        new(new WeightStore(device ?? Device.Cpu, type, initialise), "");

    /// <summary>The path from the root, e.g. <c>stage2.0.branches</c>; empty at the root.</summary>
    public string Path { get; }

    /// <summary>Where its tensors are.</summary>
    public Device Device => store.Device;

    /// <summary>The element type of its parameters.</summary>
    public ScalarType Type => store.Type;

    /// <summary>Every parameter under this path, in the order of construction, by full name.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Parameters => Under(store.Parameters);

    /// <summary>Every buffer (running statistics and the like) under this path, by full name.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Buffers => Under(store.Buffers);

    /// <summary>Parameters and buffers under this path in PyTorch's state-dict order.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State => Under(store.State);

    /// <summary>How many numbers the parameters under this path are.</summary>
    public long ParameterCount => Parameters.Sum(p => p.Value.Elements);

    internal IEnumerable<Module> Modules => store.Modules.Where(m => IsUnder(m.Path, inclusive: true));

    /// <summary>The place of a child.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static Weights operator /(Weights parent, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new Weights(parent.store, parent.Path.Length == 0 ? name : $"{parent.Path}.{name}");
    }

    /// <summary>The place of a numbered child, as PyTorch's Sequential and ModuleList name them.</summary>
    public static Weights operator /(Weights parent, int index) => parent / index.ToString(CultureInfo.InvariantCulture);

    /// <summary>Makes a parameter: zeros of the shape, then <paramref name="initialise"/> on them.</summary>
    /// <exception cref="ArgumentException">Another tensor has the name.</exception>
    public Tensor Parameter(string name, long[] shape, Action<Tensor>? initialise = null)
    {
        using var scope = new Scope();
        var tensor = Tensor.Zeros(shape, store.Type, store.Device).Own();
        if (store.Initialise)
            initialise?.Invoke(tensor);
        tensor.RequiresGrad = true;
        store.Add(Full(name), tensor, isParameter: true);
        return tensor;
    }

    /// <summary>Makes a buffer: saved with the weights, not learned.</summary>
    /// <exception cref="ArgumentException">Another tensor has the name.</exception>
    public Tensor Buffer(string name, long[] shape, double value = 0, ScalarType? type = null)
    {
        using var scope = new Scope();
        var tensor = Aten.Full(shape, value, type ?? store.Type, store.Device).Own();
        store.Add(Full(name), tensor, isParameter: false);
        return tensor;
    }

    /// <summary>A parameter or buffer by the name under this path.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message names near ones.</exception>
    public Tensor this[string name] => store.Find(Full(name));

    /// <summary>Lays every 4-D parameter out in a memory format; shapes and values stay.</summary>
    public void UseMemoryFormat(MemoryFormat format)
    {
        using var scope = new Scope();
        using var off = new Torch.Autograd.NoGrad();
        foreach (var (_, tensor) in Parameters)
            if (tensor.Dimensions == 4)
                tensor.SetData(tensor.Detach().Contiguous(format));
    }

    /// <summary>Frees every tensor, of this root and all its places.</summary>
    public void Dispose() => store.Dispose();

    internal void Register(Module module) => store.Modules.Add(module);

    string Full(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    IEnumerable<KeyValuePair<string, Tensor>> Under(IEnumerable<KeyValuePair<string, Tensor>> all) =>
        Path.Length == 0 ? all : all.Where(p => IsUnder(p.Key, inclusive: false));

    bool IsUnder(string name, bool inclusive) =>
        Path.Length == 0
        || (inclusive && name == Path)
        || (name.Length > Path.Length && name[Path.Length] == '.' && name.StartsWith(Path, StringComparison.Ordinal));
}

/// <summary>Shared by all places of one network: its tensors by full name, in order, and its modules.</summary>
sealed class WeightStore(Device device, ScalarType type, bool initialise) : IDisposable
{
    readonly Dictionary<string, int> index = new(StringComparer.Ordinal);
    readonly List<(string Name, Tensor Tensor, bool IsParameter)> entries = [];

    public Device Device { get; } = device;

    public ScalarType Type { get; } = type;

    public bool Initialise { get; } = initialise;

    public List<Module> Modules { get; } = [];

    public IEnumerable<KeyValuePair<string, Tensor>> State => entries.Select(e => KeyValuePair.Create(e.Name, e.Tensor));

    public IEnumerable<KeyValuePair<string, Tensor>> Parameters =>
        entries.Where(e => e.IsParameter).Select(e => KeyValuePair.Create(e.Name, e.Tensor));

    public IEnumerable<KeyValuePair<string, Tensor>> Buffers =>
        entries.Where(e => !e.IsParameter).Select(e => KeyValuePair.Create(e.Name, e.Tensor));

    public void Add(string name, Tensor tensor, bool isParameter)
    {
        if (!index.TryAdd(name, entries.Count))
        {
            tensor.Dispose();
            throw new ArgumentException($"{name}: the network has a tensor of that name already; give its modules different names");
        }
        entries.Add((name, tensor, isParameter));
    }

    public Tensor Find(string name) => index.TryGetValue(name, out var at)
        ? entries[at].Tensor
        : throw new KeyNotFoundException($"{name}: the network has no such tensor; it has {string.Join(", ", entries.Select(e => e.Name)
            .Where(n => n.Split('.')[^1] == name.Split('.')[^1]).Take(3))} … ({entries.Count} in all)");

    public void Dispose()
    {
        foreach (var (_, tensor, _) in entries)
            tensor.Dispose();
    }
}
