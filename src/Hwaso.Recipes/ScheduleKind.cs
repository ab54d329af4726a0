namespace Hwaso.Recipes;

/// <summary>How the learning rate changes over a run of T optimiser steps, at step t = 0 … T − 1, from the base rate.</summary>
public enum ScheduleKind
{
    /// <summary>end + (base − end) · (1 − t / T)^power.</summary>
    Poly,

    /// <summary>base · gamma^(milestones passed).</summary>
    Step,

    /// <summary>end + (base − end) · (1 + cos(π t / T)) / 2. Loshchilov and Hutter, ICLR 2017, without restarts.</summary>
    Cosine,

    /// <summary>base throughout.</summary>
    Constant,
}
