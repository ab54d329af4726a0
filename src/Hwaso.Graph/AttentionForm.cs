namespace Hwaso.Graph;

/// <summary>What an attention's factor weighs.</summary>
public enum AttentionForm
{
    /// <summary>Every pixel, all channels alike: [N, 1, h, w].</summary>
    Pixels,

    /// <summary>Every channel, all pixels alike: [N, C, 1, 1].</summary>
    Channels,

    /// <summary>Every pixel of every channel: [N, C, h, w].</summary>
    PixelsOfChannels,

    /// <summary>Every token for every other: [N, heads, T, T].</summary>
    Tokens,
}
