using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace Hwaso.Server.Http;

/// <summary>Packs answers of text for clients that accept it (RFC 9110 section 12.5.3); images are packed already.</summary>
static class Packing
{
    // A packet of the network carries this much anyway.
    const int Least = 1400;

    /// <summary>The body as it is sent; sets the headers that say so.</summary>
    public static ReadOnlyMemory<byte> Of(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        if (body.Length < Least || response.ContentType?.Contains("json", StringComparison.Ordinal) != true)
            return body;
        response.Headers.Append("Vary", "Accept-Encoding");
        if (Coding(context.Request) is not { } coding)
            return body;
        var packed = new MemoryStream(body.Length / 4);
        using (Stream packer = coding == "br" ? new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true)
            : new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            packer.Write(body.Span);
        response.Headers.ContentEncoding = coding;
        return packed.GetBuffer().AsMemory(0, (int)packed.Length);
    }

    /// <summary>The better of the two codings that a request accepts; null for none.</summary>
    static string? Coding(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().AcceptEncoding;
        return Quality("br") is var br && Quality("gzip") is var gzip && Math.Max(br, gzip) > 0 ? br >= gzip ? "br" : "gzip" : null;

        double Quality(string name) =>
            (accepted.FirstOrDefault(a => a.Value.Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? accepted.FirstOrDefault(a => a.Value == "*")) is { } found ? found.Quality ?? 1 : 0;
    }
}
