namespace Hwaso.Runtime.Kernels;

/// <summary>The sizes of matrix products and where their matrices lie.</summary>
/// <param name="Batch">How many products.</param>
/// <param name="M">Rows of the result.</param>
/// <param name="K">Numbers in each sum.</param>
/// <param name="N">Columns of the result.</param>
/// <param name="LeftStep">Numbers from one left matrix to the next; 0 where all share one.</param>
/// <param name="RightStep">Likewise of the right ones.</param>
/// <param name="LeftTransposed">Whether the left lies as [K, M].</param>
/// <param name="RightTransposed">Whether the right lies as [N, K].</param>
/// <param name="Scale">What every result is multiplied by.</param>
readonly record struct MatMulShape(int Batch, int M, int K, int N, long LeftStep, long RightStep, bool LeftTransposed, bool RightTransposed, float Scale);
