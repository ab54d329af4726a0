namespace Hwaso.Runtime.Kernels;

/// <summary>Planes to be resized.</summary>
/// <param name="Input">The planes.</param>
/// <param name="Height">Their height.</param>
/// <param name="Width">Their width.</param>
/// <param name="Rows">Where output rows lie.</param>
/// <param name="Columns">Where output columns lie.</param>
sealed unsafe record ResizeSource(nint Input, int Height, int Width, ResizeTable Rows, ResizeTable Columns)
{
    public float* Plane(int plane) => (float*)Input + (plane * (long)Height * Width);
}
