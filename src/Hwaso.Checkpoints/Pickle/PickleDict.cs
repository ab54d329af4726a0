using System.Runtime.CompilerServices;

namespace Hwaso.Checkpoints.Pickle;

/// <summary>A Python dictionary in insertion order. Allocates on the first entry only.</summary>
sealed class PickleDict
{
    OrderedDictionary<object, object?>? entries;

    /// <summary>Whether later state belongs into the dictionary (a Namespace) or beside it (an OrderedDict's attributes).</summary>
    public bool IsNamespace { get; init; }

    public IEnumerable<KeyValuePair<object, object?>> Entries => entries ?? [];

    public object? this[string key] => entries is not null && entries.TryGetValue(key, out var value) ? value : null;

    public void Set(object key, object? value) => (entries ??= new(KeyComparer.Instance))[key] = value;

    /// <summary>Texts and integers are equal by value, all else by identity; hashes are seeded, so no file can make them collide.</summary>
    sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        public new bool Equals(object? x, object? y) => (x, y) switch
        {
            (string a, string b) => a == b,
            (long a, long b) => a == b,
            _ => ReferenceEquals(x, y),
        };

        public int GetHashCode(object key) => key switch
        {
            string text => text.GetHashCode(StringComparison.Ordinal),
            long number => HashCode.Combine((int)number, (int)(number >> 32)),
            _ => RuntimeHelpers.GetHashCode(key),
        };
    }
}
