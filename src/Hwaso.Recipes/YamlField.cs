using System.Globalization;

namespace Hwaso.Recipes;

/// <summary>
/// A key that may have a value. Each method reads the value as one type: null where it was left out, an error where it does not fit.
/// </summary>
/// <param name="Map">The section that the key stands in.</param>
/// <param name="Key">The key.</param>
/// <param name="Node">The value; null where it was left out.</param>
public readonly record struct YamlField(YamlMap Map, string Key, YamlNode? Node)
{
    /// <summary>Text, quoted or not, not empty.</summary>
    public string? Text()
    {
        if (Node is null) return null;
        var text = Scalar(Node, "text").Text;
        return text.Length > 0 ? text : throw Node.Error("wants text, and this is empty");
    }

    /// <summary>A whole number within bounds.</summary>
    public int? Int(int min, int max = int.MaxValue) => Node is null ? null : Int(Node, min, max);

    /// <summary>
    /// A number within bounds; <paramref name="aboveMin"/> and <paramref name="belowMax"/> exclude the bounds themselves.
    /// </summary>
    public double? Number(double min = double.MinValue, double max = double.MaxValue, bool aboveMin = false, bool belowMax = false) =>
        Node is null ? null : Number(Node, min, max, aboveMin, belowMax);

    /// <summary>true or false.</summary>
    public bool? Flag() => Node is null ? null : Scalar(Node, "true or false") switch
    {
        { Plain: true, Text: "true" or "True" or "TRUE" } => true,
        { Plain: true, Text: "false" or "False" or "FALSE" } => false,
        var other => throw other.Error($"{other.Given} is neither true nor false"),
    };

    /// <summary>One of a few names.</summary>
    public T? Choice<T>(NamedValues<T> choices)
        where T : struct
    {
        if (Node is null) return null;
        return choices.Get(Name(choices.Names)!);
    }

    /// <summary>A list of some of a few names; a single name stands for a list of one.</summary>
    public ValueList<T>? Choices<T>(NamedValues<T> choices)
        where T : struct
    {
        if (Node is null) return null;
        var map = Map;
        var key = Key;
        return [.. Items(Node, null, "names").Select(item => choices.Get(new YamlField(map, key, item).Name(choices.Names)!))];
    }

    /// <summary>One of a few names, kept as text.</summary>
    public string? Name(IReadOnlyList<string> names)
    {
        if (Node is null) return null;
        var scalar = Scalar(Node, $"one of {string.Join(", ", names)}");
        if (names.Contains(scalar.Text)) return scalar.Text;
        throw scalar.Error($"{scalar.Given} is none of {string.Join(", ", names)}{NearName.Hint(scalar.Text, names)}");
    }

    /// <summary>Height and width in pixels, <c>[512, 1024]</c>.</summary>
    public SizePx? Size()
    {
        if (Node is null) return null;
        if (Node is not YamlList { Items.Count: 2 } list) throw Node.Error($"wants [height, width], such as [512, 1024], not {Node.Given}");
        return new SizePx(Int(list.Items[0], 1), Int(list.Items[1], 1));
    }

    /// <summary>A list of whole numbers; a single number stands for a list of one.</summary>
    public ValueList<int>? Ints(int min, int? count = null) =>
        Node is null ? null : [.. Items(Node, count).Select(item => Int(item, min))];

    /// <summary>A list of numbers.</summary>
    public ValueList<double>? Numbers(double min = double.MinValue, int? count = null, bool aboveMin = false) =>
        Node is null ? null : [.. Items(Node, count).Select(item => Number(item, min, aboveMin: aboveMin))];

    static IReadOnlyList<YamlNode> Items(YamlNode node, int? count, string what = "numbers")
    {
        IReadOnlyList<YamlNode> items = node switch
        {
            YamlList list => list.Items,
            YamlScalar => [node],
            _ => throw node.Error($"wants a list of {what}, not {node.Given}"),
        };
        if (count is { } wanted && items.Count != wanted) throw node.Error($"wants a list of {wanted}, not {items.Count}");
        return items;
    }

    static int Int(YamlNode node, int min, int max = int.MaxValue)
    {
        var scalar = Scalar(node, "a whole number");
        if (!scalar.Plain || !Int128.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            throw scalar.Error($"{scalar.Given} is not a whole number");
        if (value < min) throw scalar.Error($"{value} is below {min}");
        return value <= max ? (int)value : throw scalar.Error($"{value} is above {max}");
    }

    static double Number(YamlNode node, double min = double.MinValue, double max = double.MaxValue, bool aboveMin = false,
        bool belowMax = false)
    {
        var scalar = Scalar(node, "a number");
        if (!scalar.Plain || !double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            || !double.IsFinite(value))
            throw scalar.Error($"{scalar.Given} is not a number");
        if (aboveMin && value <= min) throw scalar.Error($"{scalar.Text} is not above {YamlWriter.Format(min)}");
        if (value < min) throw scalar.Error($"{scalar.Text} is below {YamlWriter.Format(min)}");
        if (belowMax && value >= max) throw scalar.Error($"{scalar.Text} is not below {YamlWriter.Format(max)}");
        return value <= max ? value : throw scalar.Error($"{scalar.Text} is above {YamlWriter.Format(max)}");
    }

    static YamlScalar Scalar(YamlNode node, string wanted) => node switch
    {
        YamlScalar { IsNull: true } => throw node.Error($"has no value; wants {wanted}, or remove the key for its default"),
        YamlScalar scalar => scalar,
        _ => throw node.Error($"wants {wanted}, not {node.Given}"),
    };
}

/// <summary>The names that a few values have in a recipe.</summary>
/// <typeparam name="T">The type of the values, such as an enumeration.</typeparam>
/// <param name="pairs">Each name with its value.</param>
public sealed class NamedValues<T>(params (string Name, T Value)[] pairs)
    where T : notnull
{
    /// <summary>The names in order.</summary>
    public IReadOnlyList<string> Names { get; } = [.. pairs.Select(pair => pair.Name)];

    /// <summary>The value of one of the names.</summary>
    public T Get(string name) => pairs.Single(pair => pair.Name == name).Value;

    /// <summary>The name of a value.</summary>
    public string NameOf(T value) => Array.Find(pairs, pair => EqualityComparer<T>.Default.Equals(pair.Value, value)).Name;
}
