using System.Security.Cryptography;

namespace Hwaso.Server.Pages;

/// <summary>
/// The files of the built page, by address. They are listed once at the start, so that a request looks an address up and reaches no other
/// file.
/// </summary>
sealed class PageFiles
{
    // Written by Vite: the name has a hash of the content.
    const string Hashed = "assets/";

    const string Packed = ".gz";

    static readonly Dictionary<string, string> types = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".mjs"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".wasm"] = "application/wasm",
    };

    readonly Dictionary<string, PageFile> files = new(StringComparer.Ordinal);

    /// <summary>Lists the files of a folder.</summary>
    /// <param name="folder">The folder that Vite wrote; it may be missing.</param>
    public PageFiles(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "index.html")))
            return;
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(folder, path).Replace('\\', '/');
            if (types.TryGetValue(Path.GetExtension(name), out var type))
                files["/" + (name == "index.html" ? "" : name)] = new PageFile(
                    path, File.Exists(path + Packed) ? path + Packed : null, type, name.StartsWith(Hashed, StringComparison.Ordinal),
                    TagOf(path));
        }
    }

    /// <summary>Whether the page is there.</summary>
    public bool Exist => files.Count > 0;

    /// <summary>The file at an address; null if there is none.</summary>
    public PageFile? Find(string? address) => address is not null && files.TryGetValue(address, out var file) ? file : null;

    static string TagOf(string path)
    {
        const int Enough = 16;
        using var bytes = File.OpenRead(path);
        return $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, Enough))}\"";
    }
}

/// <summary>A file of the page.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="PackedPath">Where its gzip form lies; null for none.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="IsHashed">Whether its name changes with its content, so that a browser need never ask again.</param>
/// <param name="Tag">The entity tag of its content.</param>
sealed record PageFile(string Path, string? PackedPath, string MediaType, bool IsHashed, string Tag);
