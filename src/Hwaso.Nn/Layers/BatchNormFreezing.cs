namespace Hwaso.Nn;

/// <summary>Keeps batch norms as they are while the rest of a network learns: for batches too small for statistics of their own.</summary>
public static class BatchNormFreezing
{
    /// <summary>Lets every batch norm under a place use its running statistics and leave them; undone by <see cref="Module.Train"/>.</summary>
    public static void FreezeStatistics(Weights weights)
    {
        foreach (var norm in weights.Modules.OfType<BatchNorm2d>())
            norm.Eval();
    }

    /// <summary>Takes the scale and shift of every batch norm under a place out of learning.</summary>
    public static void FreezeParameters(Weights weights)
    {
        foreach (var norm in weights.Modules.OfType<BatchNorm2d>())
            foreach (var (_, parameter) in norm.Weights.Parameters)
                parameter.RequiresGrad = false;
    }
}
