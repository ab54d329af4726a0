namespace Hwaso.Models.Attention;

/// <summary>Where an attention module stands in a residual block.</summary>
public enum AttentionPlace
{
    /// <summary>After a 3×3 convolution's batch norm and ReLU: between the two of a BasicBlock, behind the one of a Bottleneck.</summary>
    Between,

    /// <summary>After the last batch norm, before the shortcut is added.</summary>
    End,
}
