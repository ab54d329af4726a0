namespace Hwaso.Models.Attention;

/// <summary>Which branches of a released polarized self-attention are there.</summary>
public enum PsaBranches
{
    /// <summary>Both, as released.</summary>
    Both,

    /// <summary>The one that weighs channels alone.</summary>
    Channels,

    /// <summary>The one that weighs pixels alone.</summary>
    Pixels,
}
