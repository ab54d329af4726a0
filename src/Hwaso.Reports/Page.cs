using System.Text;

namespace Hwaso.Reports;

/// <summary>The frame of every page, and its file.</summary>
static class Page
{
    /// <summary>Begins a page, up to its first element.</summary>
    /// <param name="title">The window's title.</param>
    /// <param name="css">Rules beside <see cref="ReportStyle"/>.</param>
    public static Html Begin(string title, string css = "")
    {
        var html = new Html();
        html.Add($"""<!DOCTYPE html>{Break}<html lang="en"><head><meta charset="utf-8">""");
        html.Add($"""<meta name="viewport" content="width=device-width, initial-scale=1">""");
        html.Add($"""<meta name="color-scheme" content="light dark">""");
        html.Add($"""<meta name="generator" content="Hwaso"><title>{title} · Hwaso</title>{Break}""");
        html.Add($"""<style>{new Markup(ReportStyle.Css + css)}</style></head><body><main>{Break}""");
        return html;
    }

    /// <summary>Ends a page, and gives its whole text.</summary>
    public static string End(Html html)
    {
        html.Add($"""</main><script>{new Markup(ReportScript.Js)}</script></body></html>{Break}""");
        return html.ToString();
    }

    /// <summary>Writes a page; a page that exists is replaced only once the new one is complete.</summary>
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

    static Markup Break { get; } = new("\n");
}
