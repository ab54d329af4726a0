namespace Hwaso.Recipes;

/// <summary>A recipe that cannot be read: where it is wrong, what was given and what was wanted, in one line.</summary>
/// <param name="where">The place: <c>file:line</c>, the file alone, or <c>--set key=value</c>.</param>
/// <param name="problem">The key and what is wrong with it, with what to do.</param>
public sealed class RecipeException(string where, string problem) : Exception($"{where}: {problem}")
{
    /// <summary>The place: <c>file:line</c>, the file alone where no line fits, or <c>--set key=value</c>.</summary>
    public string Where { get; } = where;

    /// <summary>The key and what is wrong with it, without the place.</summary>
    public string Problem { get; } = problem;
}
