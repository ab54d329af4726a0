using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Sums of a gradient of weights, in pieces that any thread may compute.</summary>
unsafe interface IWeightSums
{
    /// <summary>Pieces of <see cref="Run"/>.</summary>
    int Pieces { get; }

    /// <summary>Blocks of output channels, for each of which <see cref="Finish"/> is called once, after all pieces.</summary>
    int Rows { get; }

    /// <summary>Numbers of the memory that a thread works in.</summary>
    nint WorkNumbers { get; }

    /// <summary>Numbers of all sums.</summary>
    long SumNumbers { get; }

    /// <summary>The sums, which the caller gives memory for.</summary>
    float* Sums { get; set; }

    /// <summary>Sums a piece.</summary>
    void Run(int piece, float* work);

    /// <summary>Writes the gradients of a block of output channels.</summary>
    void Finish(int row);
}

/// <summary>Computes gradients of weights.</summary>
static unsafe class WeightSums
{
    /// <summary>Gives the sums memory, and lets threads compute all pieces.</summary>
    public static void Compute(int threads, IWeightSums pass)
    {
        using var scope = new Scope();
        pass.Sums = (float*)Tensor.Empty([pass.SumNumbers], ScalarType.Float32).Data();
        Workers.Run(threads, pass.Pieces, (_, k) => pass.Run(k, Scratch.Of(pass.WorkNumbers)));
        Workers.Run(threads, pass.Rows, (_, k) => pass.Finish(k));
    }
}
