using Hwaso.Common;
using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Imaging;

namespace Hwaso.Inference.Depth;

/// <summary>A folder of depth maps by one teacher: knows which are finished and writes the others.</summary>
/// <param name="folder">The folder.</param>
/// <param name="identity">The teacher's identity, which each file keeps.</param>
/// <param name="overwrite">Whether files that are not this teacher's give way.</param>
public sealed class DepthStore(string folder, string identity, bool overwrite = false)
{
    /// <summary>The keyword of a file's text that names its teacher.</summary>
    public const string TeacherKey = "hwaso.depth_teacher";

    /// <summary>The file of an image's depth.</summary>
    /// <param name="name">The image's name without extension.</param>
    public string PathOf(string name) => Path.Combine(folder, name + ".png");

    /// <summary>Whether the depth of an image is there, whole, of its size and by this teacher.</summary>
    /// <param name="name">The image's name without extension.</param>
    /// <param name="image">The image.</param>
    /// <exception cref="ArgumentException">The file is no depth map, or by another teacher.</exception>
    /// <exception cref="ImageFormatException">The image is damaged or of another kind.</exception>
    public bool Has(string name, string image)
    {
        var path = PathOf(name);
        if (!File.Exists(path))
            return false;
        PngInfo info;
        try
        {
            info = Png.Info(path);
            // To its last pixel: a copy that was cut short is no depth map.
            Png.ReadGray16(path);
        }
        catch (ImageFormatException)
        {
            return IsPicture(path) && !overwrite ?
                throw new ArgumentException($"{path}: is no depth map, and would be replaced by one; name another folder with --out")
                : false;
        }
        var maker = info.Text.GetValueOrDefault(TeacherKey);
        if (maker != identity && !overwrite)
        {
            var other = maker is null ? "and no teacher's" : $"by another teacher ({maker}; this one is {identity})";
            throw new ArgumentException(
                $"{path}: is there already, {other}; name another folder with --out, or replace such files with --overwrite");
        }
        return maker == identity && info.Text.ContainsKey(DepthPng.ScaleKey) && ImageFile.Size(image) == (info.Width, info.Height);
    }

    /// <summary>Writes the depth of an image, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string name, DepthMap depth) =>
        DepthPng.Write(PathOf(name), depth, new Dictionary<string, string> { [TeacherKey] = identity });

    /// <summary>Removes unfinished files of writers that were killed.</summary>
    public void Sweep()
    {
        foreach (var leftover in Directory.EnumerateFiles(folder, "*.png.*.tmp").Where(AtomicFile.IsAbandoned))
            File.Delete(leftover);
    }

    static bool IsPicture(string path)
    {
        try
        {
            ImageFile.ReadRgb(path);
            return true;
        }
        catch (ImageFormatException)
        {
            return false;
        }
    }
}
