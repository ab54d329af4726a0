namespace Hwaso.Nn;

/// <summary>The base of layers, blocks and networks: a part of a network with a path in it.</summary>
public abstract class Module
{
    /// <summary>Takes its place.</summary>
    protected Module(Weights weights)
    {
        Weights = weights;
        weights.Register(this);
    }

    /// <summary>Its place, and the parameters and buffers under it.</summary>
    public Weights Weights { get; }

    /// <summary>Its path in the network; empty for the network itself.</summary>
    public string Path => Weights.Path;

    /// <summary>Whether it behaves as in training (batch statistics, dropout); true at first, as in PyTorch.</summary>
    public bool IsTraining { get; private set; } = true;

    /// <summary>Whether <see cref="OwnKernels"/> has it learn by Hwaso's own kernels, where there are such.</summary>
    internal bool UsesOwnKernels { get; set; }

    /// <summary>Switches it and every module under it to training mode.</summary>
    public void Train() => SetMode(training: true);

    /// <summary>Switches it and every module under it to evaluation mode.</summary>
    public void Eval() => SetMode(training: false);

    void SetMode(bool training)
    {
        foreach (var module in Weights.Modules)
            module.IsTraining = training;
    }
}
