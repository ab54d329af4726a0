// Segments images with an exported network, without libtorch:
//   hwaso export demo/run --out road.onnx
//   dotnet run -c Release --project samples/Segment -- road.onnx street.jpg labels
// writes labels/street.png (one class per pixel) and labels/street_overlay.png, and prints the share of each class.
// `make native` compiles it to one file that needs no .NET: bin/native/linux-x64/segment.
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;

if (args.Length < 3)
{
    Console.Error.WriteLine("usage: Segment MODEL.onnx IMAGE… FOLDER");
    return 2;
}
try
{
    using var model = SegmentationModel.Load(args[0]);
    var palette = model.Classes.Count > 0 ? Palette.FromColors([.. model.Classes.Select(c => (c.R, c.G, c.B))]) : Palette.Voc;
    Directory.CreateDirectory(args[^1]);
    foreach (var path in args[1..^1])
    {
        var image = ImageFile.ReadRgb(path);
        var result = model.Segment(image.Pixels, image.Width, image.Height);
        var labels = new LabelMap(result.Width, result.Height, result.Labels);
        var target = Path.Combine(args[^1], Path.GetFileNameWithoutExtension(path));
        Png.WriteIndexed(target + ".png", labels, palette);
        Png.Write(target + "_overlay.png", Overlay.Blend(image, labels, palette));
        Console.WriteLine(target + ".png");
        foreach (var (label, pixels) in result.Labels.CountBy(label => label).OrderByDescending(c => c.Value))
        {
            var name = label < model.Classes.Count ? model.Classes[label].Name : $"class {label}";
            Console.WriteLine($"  {100.0 * pixels / result.Labels.Length,5:0.0} %  {name}");
        }
    }
    return 0;
}
// The message says which file is wrong, why, and what to do.
catch (Exception error) when (error is ModelFormatException or ImageFormatException or ArgumentException or IOException
    or UnauthorizedAccessException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
