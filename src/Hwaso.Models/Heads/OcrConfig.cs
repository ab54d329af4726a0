namespace Hwaso.Models.Heads;

/// <summary>Widths of an OCR head; the defaults are the released networks'.</summary>
public sealed record OcrConfig
{
    /// <summary>Channels of pixels and objects (MID_CHANNELS).</summary>
    public int Channels { get; init; } = 512;

    /// <summary>Channels of queries, keys and values (KEY_CHANNELS).</summary>
    public int KeyChannels { get; init; } = 256;

    /// <summary>Probability with which a channel is dropped before the classifier, in training.</summary>
    public double Dropout { get; init; } = 0.05;
}
