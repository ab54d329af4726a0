using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Reports;

/// <summary>Pictures as data URIs, so that a page holds them itself.</summary>
static class PictureData
{
    /// <summary>A picture without loss.</summary>
    public static Markup Photograph(RgbImage image) => Uri("png", Png.Encode(image, compression: 6));

    /// <summary>A photograph in a tenth of the bytes; edges of labels would blur.</summary>
    public static Markup Jpeg(RgbImage image) => Uri("jpeg", Imaging.Jpeg.Encode(image, quality: 85));

    /// <summary>Labels in their classes' colours; labels that are no class in <see cref="ReportPictures.Unlabelled"/>.</summary>
    public static Markup Labels(LabelMap labels, IReadOnlyList<ClassEntry> classes)
    {
        var colors = new (byte R, byte G, byte B)[256];
        for (var k = 0; k < colors.Length; k++)
            colors[k] = k < classes.Count ? (classes[k].R, classes[k].G, classes[k].B) : ReportPictures.Unlabelled;
        return Uri("png", Png.EncodeIndexed(labels, Palette.FromColors(colors)));
    }

    static Markup Uri(string kind, byte[] bytes) => new($"data:image/{kind};base64,{Convert.ToBase64String(bytes)}");
}
