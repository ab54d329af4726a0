namespace Hwaso.Inference.Explaining;

/// <summary>What is asked of a network's attention.</summary>
/// <param name="Class">The class whose maps are wanted, where attention has one for each; null for the mean over classes.</param>
/// <param name="At">The pixel whose attention to others is wanted, where tokens attend to tokens; null for the class token.</param>
/// <param name="Modules">Every module alone too, not only the mean of each stage.</param>
public sealed record AttentionQuestion(int? Class = null, (int X, int Y)? At = null, bool Modules = false);
