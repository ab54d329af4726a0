namespace Hwaso.Training.Verifying;

/// <summary>Every operator whose answers can be compared with recorded ones.</summary>
public static class OperatorList
{
    /// <summary>By name: runs every case of a fixture and notes what differs.</summary>
    public static IReadOnlyDictionary<string, Action<OperatorFixture, OperatorCheck>> All { get; } = new[]
    {
        BoxOperators.All,
        PoseOperators.All,
    }
    .SelectMany(operators => operators).ToDictionary();
}
