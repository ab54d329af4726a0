namespace Hwaso.Recipes;

/// <summary>How weights begin that no checkpoint brings.</summary>
public enum Initialization
{
    /// <summary>What the network's own authors begin with.</summary>
    Published,

    /// <summary>The official HRNet segmentation code's: convolutions normal with deviation 0.001, batch norms 1 and 0.</summary>
    HRNet,

    /// <summary>Convolutions normal with deviation √(2 / fan-out), batch norms 1 and 0. He et al., ICCV 2015, as in torchvision's ResNets.</summary>
    Kaiming,

    /// <summary>What PyTorch's layers begin with when nothing is said.</summary>
    PyTorch,
}
