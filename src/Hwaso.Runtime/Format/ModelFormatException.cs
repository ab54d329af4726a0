namespace Hwaso.Runtime.Format;

/// <summary>A model file is damaged or uses something that this runtime does not support; the message says where and what.</summary>
/// <param name="place">The file, and the node or tensor in it.</param>
/// <param name="problem">What is wrong there.</param>
public sealed class ModelFormatException(string place, string problem) : Exception($"{place}: {problem}")
{
    /// <summary>The file, and the node or tensor in it.</summary>
    public string Place { get; } = place;

    /// <summary>Whether the model would run on smaller inputs.</summary>
    internal bool IsTooLarge { get; init; }

    /// <summary>Whether only the planner refuses it: the model may run node by node.</summary>
    internal bool IsUnplanned { get; init; }
}
