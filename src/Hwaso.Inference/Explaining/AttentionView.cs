namespace Hwaso.Inference.Explaining;

/// <summary>One thing that attention says of an image.</summary>
/// <param name="Name">Stage or module and what of it, fit for a file's name.</param>
/// <param name="Width">Values in a row.</param>
/// <param name="Height">Rows; 0 where the values are weights of channels.</param>
/// <param name="Values">The map, rows from the top, over the whole image; or a weight for each channel.</param>
public sealed record AttentionView(string Name, int Width, int Height, float[] Values)
{
    /// <summary>Whether the values are weights of channels and no map.</summary>
    public bool IsChannels => Height == 0;
}
