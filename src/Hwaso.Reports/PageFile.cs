using System.Text;

namespace Hwaso.Reports;

/// <summary>Writes a page; one that is there already is replaced only once the new one is complete.</summary>
static class PageFile
{
    public static void Write(string path, string page)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null)
            Directory.CreateDirectory(folder);
        var temporary = path + ".writing";
        try
        {
            File.WriteAllText(temporary, page, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
