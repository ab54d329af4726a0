using Hwaso.Data.Boxes;
using Hwaso.Imaging;
using Hwaso.Imaging.Masks;
using Hwaso.Nn.Boxes;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;

namespace Hwaso.Inference.Boxes;

/// <summary>Finds the objects of images with an exported detector on Hwaso.Runtime.</summary>
/// <param name="model">The network.</param>
/// <param name="place">Its file, for errors.</param>
/// <param name="form">Whose conventions it follows.</param>
/// <param name="sampling">How it looks at images: its first size.</param>
sealed class RuntimeFinder(OnnxModel model, string place, BoxForm form, BoxSampling sampling) : IObjectFinder
{
    const int Numbers = 6, Side = 28;

    // The file pads images itself.
    readonly BoxPixels pixels = new(sampling);

    /// <inheritdoc/>
    public BoxForm Form => form;

    /// <inheritdoc/>
    public bool HasMasks => model.Outputs.Count > 1;

    /// <inheritdoc/>
    public FoundObject[] Find(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var size = sampling.Sizes[0](image.Height, image.Width);
        var session = model.Open([1, 3, size.Height, size.Width], [2]);
        pixels.Fill(image, size, mirrored: false, session.Input(0), size.Height, size.Width);
        (session.Input(1)[0], session.Input(1)[1]) = (size.ScaleX, size.ScaleY);
        session.Run();
        var shape = session.OutputShape(0);
        if (shape is not [1, _, Numbers])
            throw new ModelFormatException(
                place, $"answers [{string.Join(", ", shape.ToArray())}]; detections [1, D, {Numbers}] were wanted");
        var rows = session.Output(0);
        var found = new List<FoundObject>();
        for (var k = 0; k < shape[1]; k++)
        {
            var row = rows.Slice(k * Numbers, Numbers);
            // Rows behind the last detection are zero.
            if (row[4] <= 0)
                break;
            var one = new FoundObject(new Box(row[0], row[1], row[2], row[3]), row[4], (int)row[5]);
            found.Add(!HasMasks ? one : one with
            {
                Mask = RunLengthText.Write(FoundObject.Pasted(
                    form, session.Output(1).Slice(k * Side * Side, Side * Side), one.Box, image.Height, image.Width)),
            });
        }
        return [.. found];
    }
}
