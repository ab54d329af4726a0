using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using Hwaso.Torch.Native;

namespace Hwaso.Nn;

/// <summary>
/// Operators of libtorch in pieces that follow from the sizes alone, each on one thread: bits do not depend on how many threads there are.
/// </summary>
static class LibtorchPieces
{
    // OpenBLAS takes memory for each thread that multiplies, and retries without end where the process may have no more.
    static readonly bool isLimited = Platform.IsMemoryLimited;

    /// <summary>Does every piece once, without autograd; tensors that a piece makes end with it, unless they are owned.</summary>
    public static void Run(int pieces, Action<int> piece) =>
        Workers.Run(isLimited ? 1 : Math.Min(pieces, TorchInfo.Threads), pieces, (_, k) =>
        {
            using var scope = new Scope();
            using var off = new NoGrad();
            using var bits = new SameBits(on: true, helps: true);
            piece(k);
        });
}
