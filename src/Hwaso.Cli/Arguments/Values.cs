using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hwaso.Recipes;

namespace Hwaso.Cli.Arguments;

/// <summary>Options and arguments whose errors say what was given and what is wanted.</summary>
static class Values
{
    // Larger images do not fit the 32-bit indices of most operators.
    const int LargestSide = 32_768;

    delegate bool TryRead<T>(string text, out T value);

    /// <summary>Free text: a path, a name.</summary>
    public static Option<string?> Text(string name, string placeholder, string description, bool required = false) =>
        Option<string?>(name, placeholder, description, required, "a value", (string text, out string? value) => (value = text).Length > 0);

    /// <summary>A whole number of at least <paramref name="min"/>.</summary>
    public static Option<int?> Whole(string name, string placeholder, string description, int min = 0, bool required = false) =>
        Option<int?>(name, placeholder, description, required, $"a whole number of at least {min}", (string text, out int? value) =>
        {
            var read = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
            value = number;
            return read && number >= min;
        });

    /// <summary>A positive number, e.g. <c>1e-4</c>.</summary>
    public static Option<double?> Positive(string name, string placeholder, string description) =>
        Option<double?>(name, placeholder, description, required: false, "a number above 0", (string text, out double? value) =>
        {
            var read = ReadPositive(text, out var number);
            value = number;
            return read;
        });

    /// <summary>A number above 0 and below 1.</summary>
    public static Option<double?> Share(string name, string placeholder, string description) =>
        Option<double?>(name, placeholder, description, required: false, "a number above 0 and below 1", (string text, out double? value) =>
        {
            var read = ReadPositive(text, out var number);
            value = number;
            return read && number < 1;
        });

    /// <summary>Positive numbers separated by commas, e.g. <c>0.75,1,1.25</c>.</summary>
    public static Option<double[]?> PositiveList(string name, string placeholder, string description) =>
        Option<double[]?>(name, placeholder, description, required: false, "numbers above 0 separated by commas, e.g. 0.75,1,1.25",
            (string text, out double[]? value) =>
            {
                var parts = text.Split(',');
                value = new double[parts.Length];
                for (var i = 0; i < parts.Length; i++)
                    if (!ReadPositive(parts[i], out value[i]))
                        return false;
                return true;
            });

    /// <summary>Names separated by commas, e.g. <c>train,val</c>.</summary>
    public static Option<string[]?> NameList(string name, string placeholder, string description) =>
        Option<string[]?>(name, placeholder, description, required: false, "names separated by commas, e.g. train,val",
            (string text, out string[]? value) => (value = text.Split(',', StringSplitOptions.TrimEntries)).All(part => part.Length > 0));

    /// <summary>Height × width.</summary>
    public static Option<SizePx?> Size(string name, string description, bool required = false) =>
        Option<SizePx?>(name, "HxW", description, required, "height x width in pixels, e.g. 512x1024", (string text, out SizePx? value) =>
        {
            var read = TryReadSize(text, out var size);
            value = size;
            return read;
        });

    /// <summary>One of a few names.</summary>
    public static Option<string?> Choice(string name, string description, string[] choices, bool required = false)
    {
        var option = new Option<string?>(name) { HelpName = string.Join('|', choices), Description = description, Required = required };
        option.CustomParser = result => Chosen(result, name, choices);
        option.CompletionSources.Add(choices);
        return option;
    }

    /// <summary>An argument that is one of a few names.</summary>
    public static Argument<string> ChoiceArgument(string name, string description, string[] choices)
    {
        var argument = new Argument<string>(name) { Description = description, CustomParser = result => Chosen(result, name, choices) };
        argument.CompletionSources.Add(choices);
        return argument;
    }

    /// <summary>Where to compute.</summary>
    public static Option<string?> Device(string name, string description) =>
        Option<string?>(name, "DEVICE", description, required: false, "cpu, cuda or cuda:N", (string text, out string? value) =>
        {
            value = text;
            return text is "cpu" or "cuda" || (text.StartsWith("cuda:", StringComparison.Ordinal)
                && byte.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out _));
        });

    /// <summary><c>key=value</c>, as often as wanted.</summary>
    public static Option<string[]> Settings(string name, string description) => new(name)
    {
        HelpName = "KEY=VALUE",
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            foreach (var token in result.Tokens)
                if (token.Value.IndexOf('=') < 1)
                    result.AddError($"{name} '{token.Value}': wanted KEY=VALUE, e.g. {name} seed=2");
            return [.. result.Tokens.Select(token => token.Value)];
        },
    };

    /// <summary>Free texts, as often as wanted.</summary>
    public static Option<string[]> Texts(string name, string placeholder, string description, bool required = false) =>
        new(name) { HelpName = placeholder, Description = description, Arity = ArgumentArity.OneOrMore, Required = required };

    /// <summary>On when it is there.</summary>
    public static Option<bool> Flag(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description };

    static string? Chosen(ArgumentResult result, string name, string[] choices)
    {
        var text = result.Tokens[0].Value;
        if (choices.Contains(text)) return text;
        result.AddError($"{name} '{text}': wanted {string.Join(" or ", choices)}{NearName.HintOfSeveral(text, choices)}");
        return null;
    }

    // 512x1024: height x width; × works too.
    static bool TryReadSize(string text, out SizePx size)
    {
        size = default;
        var sides = text.Split('x', 'X', '×');
        if (sides.Length != 2 || !Side(sides[0], out var height) || !Side(sides[1], out var width)) return false;
        size = new SizePx(height, width);
        return true;
    }

    static bool Side(string text, out int side) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out side) && side is > 0 and <= LargestSide;

    static bool ReadPositive(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && number > 0 && double.IsFinite(number);

    static Option<T> Option<T>(string name, string placeholder, string description, bool required, string wanted, TryRead<T> read)
        => new(name)
        {
            HelpName = placeholder,
            Description = description,
            Required = required,
            CustomParser = result => Read(result, name, wanted, read),
        };

    static T? Read<T>(ArgumentResult result, string name, string wanted, TryRead<T> read)
    {
        var text = result.Tokens[0].Value;
        if (read(text, out var value)) return value;
        result.AddError($"{name} '{text}': wanted {wanted}");
        return default;
    }
}
