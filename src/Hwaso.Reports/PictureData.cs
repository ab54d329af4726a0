using System.Buffers.Binary;
using System.IO.Compression;
using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Reports;

static class PictureData
{
    public static Markup Photograph(RgbImage image) => Png(image.Width, image.Height, 2, image.Pixels, 3, null);

    /// <summary>A photograph in a tenth of the bytes; edges of labels would blur.</summary>
    public static Markup Jpeg(RgbImage image) => new("data:image/jpeg;base64," + Convert.ToBase64String(Imaging.Jpeg.Encode(image, quality: 85)));

    public static Markup Labels(LabelMap labels, IReadOnlyList<ClassEntry> classes)
    {
        var pal = new byte[768];
        for (int i = 0; i < 256; i++)
            (pal[3 * i], pal[3 * i + 1], pal[3 * i + 2]) = i < classes.Count ? (classes[i].R, classes[i].G, classes[i].B) : ReportPictures.Unlabelled;
        return Png(labels.Width, labels.Height, 3, labels.Labels, 1, pal);
    }

    static Markup Png(int w, int h, byte type, byte[] px, int ch, byte[]? pal)
    {
        var ms = new MemoryStream();
        ms.Write([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
        var hd = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(hd, w);
        BinaryPrimitives.WriteInt32BigEndian(hd.AsSpan(4), h);
        hd[8] = 8;
        hd[9] = type;
        Chunk(ms, "IHDR"u8, hd);
        if (pal != null)
            Chunk(ms, "PLTE"u8, pal);
        var z = new MemoryStream();
        using (var d = new ZLibStream(z, CompressionLevel.Optimal, true))
            for (int y = 0; y < h; y++)
            {
                d.WriteByte(0);
                d.Write(px, y * w * ch, w * ch);
            }
        Chunk(ms, "IDAT"u8, z.ToArray());
        Chunk(ms, "IEND"u8, []);
        return new("data:image/png;base64," + Convert.ToBase64String(ms.ToArray()));
    }

    static void Chunk(MemoryStream ms, ReadOnlySpan<byte> name, byte[] data)
    {
        Span<byte> n = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(n, data.Length);
        ms.Write(n);
        ms.Write(name);
        ms.Write(data);
        uint c = 0xffffffff;
        foreach (var b in (byte[])[.. name, .. data])
        {
            c ^= b;
            for (int k = 0; k < 8; k++)
                c = (c & 1) != 0 ? 0xedb88320 ^ (c >> 1) : c >> 1;
        }
        BinaryPrimitives.WriteUInt32BigEndian(n, ~c);
        ms.Write(n);
    }
}
