using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Tests;

/// <summary>
/// A network as <see cref="NetworkContract"/> wants to know it: how it is built, what it is asked, what it should answer.
/// </summary>
/// <param name="Name">For messages.</param>
/// <param name="Task">What it answers; decides the shapes.</param>
/// <param name="Build">Builds it at a root.</param>
sealed record NetworkCase(string Name, ModelTask Task, Func<Weights, Module> Build)
{
    /// <summary>Everything that its losses look at, its own answer last: what gradients must come from.</summary>
    public Func<Module, Tensor, Tensor[]> Outputs { get; init; } = (net, x) => [((Net)net).Call(x)];

    /// <summary>Two small images: batch norm needs several numbers at the lowest resolution, and 64×96 is a multiple of 32.</summary>
    public long[] Input { get; init; } = [2, 3, 64, 96];

    /// <summary>K, or the joints; 0 where there are none.</summary>
    public int Classes { get; init; }

    /// <summary>
    /// Biases that the batch norm behind them takes away again: their gradient is 0 but for rounding, so either is right.
    /// </summary>
    public Func<string, bool> IsTakenAway { get; init; } = _ => false;

    /// <summary>Learnable weights that have no part in the outputs, each with the reason; whatever is here must indeed have none.</summary>
    public IReadOnlyDictionary<string, string> Idle { get; init; } = new Dictionary<string, string>();
}
