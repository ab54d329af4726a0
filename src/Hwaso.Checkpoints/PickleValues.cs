using System.Runtime.CompilerServices;

namespace Hwaso.Checkpoints;

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

/// <summary>A storage that a pickle points to; its bytes lie elsewhere in the file.</summary>
/// <param name="Key">Name of the storage in the file.</param>
/// <param name="TypeName">PyTorch's storage class.</param>
/// <param name="Elements">Elements of the whole storage.</param>
/// <param name="ViewOffset">First element that tensors on it may use (legacy storage views), else 0.</param>
/// <param name="ViewElements">Elements that tensors on it may use.</param>
sealed record StorageRef(string Key, string TypeName, long Elements, long ViewOffset, long ViewElements)
{
    public ElementType? Type => StorageTypes.TypeOf(TypeName);

    public int BytesPerElement => StorageTypes.BytesPerElement(TypeName);
}

/// <summary>A tensor as a pickle describes it, unchecked. Offset and strides count elements; a null type cannot be loaded.</summary>
sealed record TensorRef(StorageRef Storage, ElementType? Type, long Offset, long[] Shape, long[] Strides);

/// <summary>A NumPy element type, as in <c>f8</c>.</summary>
sealed record NumpyDtype(string Code);

/// <summary>A NumPy array; its state comes after it.</summary>
sealed class NumpyArray
{
    /// <summary>Sizes, outermost first; null while no state was given, or where the elements are no numbers.</summary>
    public long[]? Shape { get; set; }

    public string Code { get; set; } = "";

    /// <summary>Whether the first index changes fastest.</summary>
    public bool IsFortran { get; set; }

    public byte[] Bytes { get; set; } = [];
}

/// <summary>
/// An object of a class that is not known: its class's name and what was stored in it. None of its code is there, so none runs.
/// </summary>
/// <param name="name">The class.</param>
sealed class Inert(string name)
{
    public string Name { get; } = name;

    /// <summary>Its attributes.</summary>
    public PickleDict Attributes { get; } = new() { IsNamespace = true };

    /// <summary>Its entries, where its class is a kind of dictionary; elements of a kind of list under their places.</summary>
    public PickleDict Items { get; } = new();

    /// <summary>How many elements were appended.</summary>
    public long Appended { get; set; }

    /// <summary>Whether it is a PyTorch module: one that keeps parameters, buffers and modules.</summary>
    public bool IsModule => Attributes["_parameters"] is PickleDict && Attributes["_modules"] is PickleDict;
}

/// <summary>Plain data that no weight needs; kept as a name only.</summary>
sealed record Opaque(string Name);
