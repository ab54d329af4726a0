using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A module from one tensor to one tensor.</summary>
public abstract class Net(Weights weights) : Net<Tensor, Tensor>(weights);
