using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>A segmentation network with logits that only training looks at, from an earlier stage.</summary>
public interface IAuxiliaryLogits
{
    /// <summary>The auxiliary logits [N, K, h, w], then the network's answer [N, K, h, w]; the latter alone where it was built without the auxiliary head.</summary>
    Tensor[] Outputs(Tensor image);
}
