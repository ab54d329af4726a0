using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A result made of several tensors, so that the module door can keep and show them.</summary>
public interface ITensors
{
    /// <summary>The tensors it holds.</summary>
    IEnumerable<Tensor> All { get; }
}
