namespace Hwaso.Checkpoints.Pickle;

/// <summary>Plain data that no weight needs; kept as a name only.</summary>
sealed record Opaque(string Name);
