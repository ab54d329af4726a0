using Hwaso.Data;
using Hwaso.Data.Checking;
using Hwaso.Imaging;

namespace Hwaso.Reports;

/// <summary>Shows images, their masks and both blended; pixels that are no class are striped.</summary>
static class DatasetPictures
{
    // Stripes, because any single colour may be a class's.
    const int StripePx = 5;
    static readonly (byte R, byte G, byte B) unknown = (255, 214, 0), between = (0, 0, 0), ignored = (238, 238, 234);

    public static void Write(Html html, IReadOnlyList<DatasetPicture> pictures, IReadOnlyList<ClassEntry> classes)
    {
        if (pictures.Count == 0)
            return;
        var title = pictures[0].Badness >= 1 ? "The worst pictures" : "The pictures with the most ignored pixels";
        html.Add($"""<section id="pictures"><h2>{title}</h2>""");
        var seen = new bool[256];
        foreach (var picture in pictures)
            Write(html, picture, classes, seen);
        html.Add($"""<ul class="legend" aria-label="Colours">""");
        for (var k = 0; k < classes.Count; k++)
            if (seen[k])
                html.Add($"<li>{ClassSection.Swatch(classes[k])}{classes[k].Name}</li>");
        html.Add($"""<li>{ClassSection.Swatch(new ClassEntry("", ignored.R, ignored.G, ignored.B))}ignored</li>""");
        html.Add($"""<li>{ClassSection.Swatch(new ClassEntry("", unknown.R, unknown.G, unknown.B))}striped: no class</li>""");
        html.Add($"""</ul></section>{new Markup("\n")}""");
    }

    static void Write(Html html, DatasetPicture picture, IReadOnlyList<ClassEntry> classes, bool[] seen)
    {
        var image = Read(() => ImageFile.ReadStored(picture.Sample.ImagePath).ToRgb());
        var labels = picture.Sample.LabelPath is { } path ? Read(() => picture.Table.Read(path)) : null;
        // A mask that is no mask is shown as the picture that it is.
        var mask = labels is not null ? Coloured(labels, picture.Table, classes, seen)
            : picture.Sample.LabelPath is { } file ? Read(() => ImageFile.ReadRgb(file)) : null;
        html.Add($"""<figure class="card example"><figcaption><span class="name">{picture.Sample.Id}</span>""");
        html.Add($"""<span class="chip">{picture.Split}</span></figcaption>""");
        html.Add($"""<ul class="remarks">""");
        foreach (var remark in picture.Remarks.Count > 0
            ? picture.Remarks
            : [$"{Format.Percent(picture.Badness)} % of its pixels are ignored"])
            html.Add($"<li>{remark}</li>");
        html.Add($"""</ul><div class="pictures three">""");
        Picture(html, "Image", picture.Sample.Id, image);
        Picture(html, "Mask", picture.Sample.Id, mask);
        Picture(html, "Mask over image", picture.Sample.Id,
            image is not null && mask is not null && image.Width == mask.Width && image.Height == mask.Height ? Mixed(image, mask) : null);
        html.Add($"</div></figure>\n");
    }

    static void Picture(Html html, string kind, string name, RgbImage? image)
    {
        html.Add($"""<div class="picture">""");
        if (image is null)
            html.Add($"""<div class="none">{(kind == "Mask over image" ? "cannot be drawn" : "cannot be read")}</div>""");
        else
        {
            var small = ReportPictures.Reduce(image, ReportPictures.Factor(image.Width));
            var source = kind == "Mask" ? PictureData.Photograph(small) : PictureData.Jpeg(small);
            html.Add($"""<img alt="{kind} of {name}" width="{small.Width}" height="{small.Height}" src="{source}">""");
        }
        html.Add($"<span>{kind}</span></div>");
    }

    static RgbImage Coloured(LabelMap labels, LabelTable table, IReadOnlyList<ClassEntry> classes, bool[] seen)
    {
        var colors = new (byte R, byte G, byte B)[256];
        for (var v = 0; v < 256; v++)
            colors[v] = table.MeaningOf(v) switch
            {
                { } k when k < classes.Count => (classes[k].R, classes[k].G, classes[k].B),
                _ => ignored,
            };
        foreach (var value in labels.Labels)
            if (table.MeaningOf(value) is { } k && k < classes.Count)
                seen[k] = true;
        var image = new RgbImage(labels.Width, labels.Height);
        for (var p = 0; p < labels.Labels.Length; p++)
        {
            var value = labels.Labels[p];
            var stripe = (p % labels.Width + p / labels.Width) / StripePx % 2 == 0;
            var color = table.MeaningOf(value) is not null ? colors[value] : stripe ? unknown : between;
            (image.Pixels[3 * p], image.Pixels[3 * p + 1], image.Pixels[3 * p + 2]) = color;
        }
        return image;
    }

    // Ignored pixels stay as they are.
    static RgbImage Mixed(RgbImage image, RgbImage mask)
    {
        var mixed = new RgbImage(image.Width, image.Height, [.. image.Pixels]);
        for (var p = 0; p < mixed.Pixels.Length; p += 3)
            for (var c = 0; c < 3 && (mask.Pixels[p], mask.Pixels[p + 1], mask.Pixels[p + 2]) != ignored; c++)
                mixed.Pixels[p + c] = (byte)((image.Pixels[p + c] + mask.Pixels[p + c] + 1) / 2);
        return mixed;
    }

    static T? Read<T>(Func<T> read) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is ImageFormatException or DatasetException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
