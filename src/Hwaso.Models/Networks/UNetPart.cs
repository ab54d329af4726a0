namespace Hwaso.Models.Networks;

/// <summary>The parts of a U-Net of two decoders that learn, or do not, by themselves.</summary>
public enum UNetPart
{
    /// <summary>The encoder, which both decoders look at.</summary>
    Encoder,

    /// <summary>The semantic decoder with its head.</summary>
    Semantic,

    /// <summary>The depth decoder with its head.</summary>
    Depth,
}
