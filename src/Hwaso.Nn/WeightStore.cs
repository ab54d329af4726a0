using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>What every place of one network shares: its tensors by full name, in order, and its modules.</summary>
sealed class WeightStore(Device device, ScalarType type, bool initialise) : IDisposable
{
    readonly Dictionary<string, int> index = new(StringComparer.Ordinal);
    readonly List<(string Name, Tensor Tensor, bool IsParameter)> entries = [];

    public Device Device { get; } = device;

    public ScalarType Type { get; } = type;

    public bool Initialise { get; } = initialise;

    public List<Module> Modules { get; } = [];

    public IEnumerable<KeyValuePair<string, Tensor>> State => entries.Select(e => KeyValuePair.Create(e.Name, e.Tensor));

    public IEnumerable<KeyValuePair<string, Tensor>> Parameters => entries.Where(e => e.IsParameter).Select(e => KeyValuePair.Create(e.Name, e.Tensor));

    public IEnumerable<KeyValuePair<string, Tensor>> Buffers => entries.Where(e => !e.IsParameter).Select(e => KeyValuePair.Create(e.Name, e.Tensor));

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
