using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Hwaso.Reports;

/// <summary>
/// Collects HTML from interpolated strings; values in holes are escaped, except <see cref="Markup"/> and <see cref="Html"/>.
/// </summary>
sealed class Html
{
    readonly StringBuilder text = new();

    public Html Add([InterpolatedStringHandlerArgument("")] Hole content)
    {
        _ = content;
        return this;
    }

    public override string ToString() => text.ToString();

    public Markup ToMarkup() => new(text.ToString());

    void Escaped(string? value)
    {
        foreach (var c in value ?? "")
            _ = c switch
            {
                '&' => text.Append("&amp;"),
                '<' => text.Append("&lt;"),
                '>' => text.Append("&gt;"),
                '"' => text.Append("&quot;"),
                '\'' => text.Append("&#39;"),
                // Control characters are not allowed in HTML, not even as references.
                < ' ' and not ('\n' or '\t' or '\r') or (>= '\x7f' and < '\xa0') => text.Append('\uFFFD'),
                _ => text.Append(c),
            };
    }

    /// <summary>Receives the pieces of an interpolated string.</summary>
    [InterpolatedStringHandler]
    public readonly struct Hole
    {
        readonly Html html;

        public Hole(int literalLength, int formattedCount, Html html)
        {
            html.text.EnsureCapacity(html.text.Length + literalLength + 8 * formattedCount);
            this.html = html;
        }

        public void AppendLiteral(string literal) => html.text.Append(literal);

        public void AppendFormatted(string? value) => html.Escaped(value);

        public void AppendFormatted(Markup value) => html.text.Append(value.Text);

        public void AppendFormatted(Html value) => html.text.Append(value.text);

        public void AppendFormatted<T>(T value, string? format = null) where T : struct, IFormattable =>
            html.Escaped(value.ToString(format, CultureInfo.InvariantCulture));
    }
}

/// <summary>Text that is HTML already and goes into a page as it is.</summary>
readonly record struct Markup(string Text);
