namespace Hwaso.Recipes.Yaml;

/// <summary>The names that values of an enumeration have in a recipe.</summary>
sealed class Choices<T>(params (string Name, T Value)[] pairs)
    where T : struct
{
    /// <summary>The names in order.</summary>
    public IReadOnlyList<string> Names { get; } = [.. pairs.Select(pair => pair.Name)];

    /// <summary>The value of a name, or null when there is no such name.</summary>
    public T? Find(string name)
    {
        foreach (var pair in pairs)
        {
            if (pair.Name == name) return pair.Value;
        }
        return null;
    }

    /// <summary>The name of a value.</summary>
    public string NameOf(T value) => Array.Find(pairs, pair => EqualityComparer<T>.Default.Equals(pair.Value, value)).Name;
}
