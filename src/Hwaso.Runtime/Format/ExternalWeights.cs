using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Hwaso.Runtime.Format;

/// <summary>Reads the numbers of tensors from files beside a model (TensorProto.external_data), never from outside its folder.</summary>
sealed class ExternalWeights(string folder) : IDisposable
{
    // Tensors may share numbers; a file of many that all name one large part would take memory that it does not have.
    const int MostShares = 8;

    readonly Dictionary<string, SafeFileHandle> files = new(StringComparer.Ordinal);
    readonly Dictionary<string, long> taken = new(StringComparer.Ordinal);

    /// <summary>Reads a tensor's bytes.</summary>
    /// <param name="entries">The tensor's entries: its file (location), where its numbers begin (offset) and their bytes (length).</param>
    /// <param name="place">The tensor, for messages.</param>
    /// <exception cref="ModelFormatException">The file is missing, outside the folder, or too short.</exception>
    public ReadOnlyMemory<byte> Read(IReadOnlyList<ReadOnlyMemory<byte>> entries, string place)
    {
        var (location, offset, length) = ("", 0L, -1L);
        foreach (var (key, value) in entries.Select(OnnxReader.Pair))
            switch (key)
            {
                case "location": location = value; break;
                case "offset": offset = Number(value, key, place); break;
                case "length": length = Number(value, key, place); break;
            }
        var file = Open(location, place);
        var size = RandomAccess.GetLength(file);
        if (length < 0)
            length = Math.Max(0, size - offset);
        if (offset > size || length > size - offset || length > Array.MaxLength)
            throw new ModelFormatException(place,
                $"its {length} bytes from byte {offset} on do not lie in '{location}', which has {size} bytes; the file is cut short");
        if ((taken[location] = taken.GetValueOrDefault(location) + length) / MostShares > size)
            throw new ModelFormatException(place,
                $"the tensors up to this one take more than {MostShares} times the {size} bytes of '{location}'");
        var bytes = new byte[length];
        for (var done = 0; done < bytes.Length;)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(done), offset + done);
            if (read == 0)
                throw new EndOfStreamException($"{place}: '{location}' became shorter during reading");
            done += read;
        }
        return bytes;
    }

    public void Dispose()
    {
        foreach (var file in files.Values)
            file.Dispose();
    }

    static long Number(string text, string key, string place) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ModelFormatException(place, $"the {key} of its numbers is '{text}'; a number from 0 was wanted");

    SafeFileHandle Open(string location, string place)
    {
        if (files.TryGetValue(location, out var open))
            return open;
        var parts = location.Split('/', '\\');
        if (location.Length == 0 || parts.Contains("..") || Path.IsPathRooted(location) || location[0] is '/' or '\\'
            || location.Contains(':'))
            throw new ModelFormatException(place, $"its numbers are in '{location}'; a file in the model's folder was wanted");
        var path = Path.Combine([Path.GetFullPath(folder), .. parts]);
        if (!File.Exists(path))
            throw new ModelFormatException(place, $"its numbers are in '{location}', which is not beside the model ({path})");
        // A link may point anywhere.
        if (Links(path).FirstOrDefault() is { } link)
            throw new ModelFormatException(place,
                $"its numbers are in '{location}', but {link} is a link; copy the file into the model's folder");
        // A pipe or a device has no size, and may never end.
        if (new FileInfo(path).Length == 0)
            throw new ModelFormatException(place, $"its numbers are in '{location}', which is empty or no file of numbers");
        return files[location] = File.OpenHandle(path);
    }

    IEnumerable<string> Links(string path)
    {
        var root = Path.GetFullPath(folder);
        for (var at = path; at.Length > root.Length; at = Path.GetDirectoryName(at)!)
            if (new FileInfo(at).LinkTarget is not null)
                yield return at;
    }
}
