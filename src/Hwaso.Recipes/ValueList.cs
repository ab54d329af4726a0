using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Hwaso.Recipes;

/// <summary>An immutable list that equals another of the same values, so that records holding one compare by value.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
[CollectionBuilder(typeof(ValueLists), nameof(ValueLists.Create))]
public sealed class ValueList<T> : IReadOnlyList<T>, IEquatable<ValueList<T>>
    where T : notnull
{
    readonly T[] values;

    internal ValueList(ReadOnlySpan<T> values) => this.values = values.ToArray();

    /// <summary>The number of values.</summary>
    public int Count => values.Length;

    /// <summary>The value at an index from 0 to <see cref="Count"/> − 1; throws <see cref="IndexOutOfRangeException"/> outside.</summary>
    public T this[int index] => values[index];

    /// <summary>The values as a span, for code that wants no enumerator.</summary>
    public ReadOnlySpan<T> AsSpan() => values;

    /// <summary>Whether the other list holds equal values in the same order.</summary>
    public bool Equals(ValueList<T>? other) =>
        other is not null && values.AsSpan().SequenceEqual(other.values, EqualityComparer<T>.Default);

    /// <summary>Whether the other object is a list of equal values in the same order.</summary>
    public override bool Equals(object? obj) => Equals(obj as ValueList<T>);

    /// <summary>A hash of the values in order.</summary>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var value in values) hash.Add(value);
        return hash.ToHashCode();
    }

    /// <summary>The values as YAML writes them on one line: <c>[2, 2]</c>.</summary>
    public override string ToString() =>
        $"[{string.Join(", ", values.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)))}]";

    /// <summary>Enumerates the values in order.</summary>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => values.GetEnumerator();
}

/// <summary>Makes <see cref="ValueList{T}"/>s; what <c>[1, 2, 3]</c> calls.</summary>
public static class ValueLists
{
    /// <summary>A list of the given values, copied.</summary>
    public static ValueList<T> Create<T>(ReadOnlySpan<T> values)
        where T : notnull => new(values);
}
