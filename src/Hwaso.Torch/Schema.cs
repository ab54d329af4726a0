using System.Text.RegularExpressions;

namespace Hwaso.Torch;

/// <summary>An operator's signature, read from the text that libtorch's dispatcher prints.</summary>
/// <param name="Name">e.g. <c>aten::add</c>.</param>
/// <param name="Overload">e.g. <c>Tensor</c>; may be empty.</param>
/// <param name="Parameters">In calling order; keyword-only ones follow in order.</param>
/// <param name="Returns">The types of the results.</param>
public sealed partial record Schema(string Name, string Overload, IReadOnlyList<Parameter> Parameters, IReadOnlyList<string> Returns)
{
    /// <summary>Reads a line such as <c>aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor</c>.</summary>
    /// <exception cref="FormatException">The text is not a schema.</exception>
    public static Schema Parse(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var arrow = text.LastIndexOf("->", StringComparison.Ordinal);
        if (open < 0 || arrow < open)
            throw new FormatException($"'{text}' is not an operator schema");
        var name = text[..open];
        var dot = name.LastIndexOf('.');
        var close = text.LastIndexOf(')', arrow);
        var parameters = Split(text[(open + 1)..close]).Where(p => p is not ("*" or "...")).Select(ParseParameter).ToArray();
        var returns = text[(arrow + 2)..].Trim();
        if (returns.StartsWith('(') && returns.EndsWith(')'))
            returns = returns[1..^1];
        return new Schema(dot < 0 ? name : name[..dot], dot < 0 ? "" : name[(dot + 1)..], parameters,
            Split(returns).Select(ReturnType).ToArray());
    }

    static Parameter ParseParameter(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var declared = equals < 0 ? text : text[..equals];
        var space = declared.LastIndexOf(' ');
        if (space < 0)
            return new Parameter("", declared, null, Written: false);
        return new Parameter(declared[(space + 1)..], Unmark(declared[..space], out var written), equals < 0 ? null : text[(equals + 1)..],
            written);
    }

    /// <summary>Takes the alias marks out of a type: <c>Tensor(a!)[]</c> becomes <c>Tensor[]</c>.</summary>
    static string Unmark(string type, out bool written)
    {
        written = AliasMark().Matches(type).Any(m => m.ValueSpan.Contains('!'));
        return AliasMark().Replace(type, "").Trim();
    }

    /// <summary>The type of a result, whose name, if it has one, follows a space: <c>Tensor values</c>.</summary>
    static string ReturnType(string text)
    {
        var type = Unmark(text, out _);
        return type.Contains('(', StringComparison.Ordinal) ? type : type.Split(' ')[0];
    }

    [GeneratedRegex(@"\([a-z](!|\|[a-z])*( -> \*)?\)")]
    private static partial Regex AliasMark();

    static List<string> Split(string list)
    {
        var parts = new List<string>();
        int depth = 0, start = 0;
        for (var k = 0; k <= list.Length; k++)
        {
            if (k == list.Length || (list[k] == ',' && depth == 0))
            {
                if (list[start..k].Trim() is { Length: > 0 } part)
                    parts.Add(part);
                start = k + 1;
            }
            else if (list[k] is '(' or '[')
                depth++;
            else if (list[k] is ')' or ']')
                depth--;
        }
        return parts;
    }
}

/// <summary>One parameter of a schema.</summary>
/// <param name="Name">Its name in ATen.</param>
/// <param name="Type">Its type as the schema prints it, without write marks: <c>Tensor</c>, <c>int[2]</c>, <c>Scalar?</c>.</param>
/// <param name="Default">Its default as the schema prints it; null where there is none.</param>
/// <param name="Written">Whether the operator writes to it (<c>Tensor(a!)</c>).</param>
public sealed record Parameter(string Name, string Type, string? Default, bool Written);
