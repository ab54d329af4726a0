namespace Hwaso.Checkpoints.Pickle;

/// <summary>A NumPy element type, as in <c>f8</c>.</summary>
sealed record NumpyDtype(string Code);
