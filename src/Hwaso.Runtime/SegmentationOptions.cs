namespace Hwaso.Runtime;

/// <summary>What the caller knows of a segmentation network whose file does not say it.</summary>
public sealed record SegmentationOptions
{
    /// <summary>
    /// The mean of each channel that is subtracted, in units of <see cref="Range"/>; one number for all or one for each channel; null for
    /// the file's, or 0 if <see cref="Deviation"/> or <see cref="Range"/> is given.
    /// </summary>
    public IReadOnlyList<float>? Mean { get; init; }

    /// <summary>The standard deviation that the difference is divided by; above 0; null for the file's, or 1 as above.</summary>
    public IReadOnlyList<float>? Deviation { get; init; }

    /// <summary>The value of a white pixel before the mean is subtracted, such as 255; null for 1.</summary>
    public float? Range { get; init; }

    /// <summary>What the numbers of a single output channel are; null to find out from the file's last operator.</summary>
    public OneChannel? OneChannel { get; init; }

    /// <summary>
    /// The probability above which a pixel is of class 1, above 0 and below 1, for a network of two classes with a single output channel;
    /// null for the file's, or ½.
    /// </summary>
    public float? Threshold { get; init; }

    internal bool HasNormalisation => Mean is not null || Deviation is not null || Range is not null;
}

/// <summary>The numbers of a network of two classes with a single output channel.</summary>
public enum OneChannel
{
    /// <summary>Any numbers; those above log(t / (1 − t)), for the threshold t, are class 1: above 0 for ½.</summary>
    Logit,

    /// <summary>Numbers from 0 to 1; those above the threshold are class 1.</summary>
    Probability,

    /// <summary>The labels themselves.</summary>
    Label,
}
