namespace Hwaso.Recipes;

/// <summary>Makes <see cref="ValueList{T}"/>s; what <c>[1, 2, 3]</c> calls.</summary>
public static class ValueLists
{
    /// <summary>A list of the given values, copied.</summary>
    public static ValueList<T> Create<T>(ReadOnlySpan<T> values)
        where T : notnull => new(values);
}
