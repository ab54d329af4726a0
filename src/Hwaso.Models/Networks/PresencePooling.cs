namespace Hwaso.Models.Networks;

/// <summary>How a class's squeezed attention becomes one number for the image.</summary>
public enum PresencePooling
{
    /// <summary>Its mean over the pixels: squeezed fully.</summary>
    Mean,

    /// <summary>Its largest value: a class is there if it is anywhere.</summary>
    Max,
}
