using System.Globalization;

namespace Hwaso.Recipes;

/// <summary>The type and range of a setting: how values are read, written, described and drawn.</summary>
abstract class SettingValue<T>
{
    /// <summary>In a few words, for the documentation.</summary>
    public abstract string Type { get; }

    /// <summary>The value of a key that was written.</summary>
    /// <exception cref="RecipeException">It is of another type, or out of range.</exception>
    public abstract T Read(YamlField field);

    /// <summary>Writes a value in the form that a recipe of a run has.</summary>
    public abstract void Write(YamlWriter yaml, string key, T value);

    /// <summary>A random value within the range.</summary>
    public abstract T Draw(Random random);
}

sealed class IntValue(int min, bool odd, int[]? among) : SettingValue<int>
{
    public override string Type => among is { } only ? SettingText.Or(only.Select(value => value.ToString(CultureInfo.InvariantCulture)))
        : odd ? "odd whole number" : $"whole number ≥ {min}";

    public override int Read(YamlField field)
    {
        var value = field.Int(min)!.Value;
        if (odd && value % 2 == 0)
            throw field.Node!.Error($"{value} is even; wants an odd number such as 1 or 3");
        return among is null || among.Contains(value) ? value : throw field.Node!.Error($"{value} is none of {string.Join(", ", among)}");
    }

    public override void Write(YamlWriter yaml, string key, int value) => yaml.Int(key, value);

    public override int Draw(Random random) =>
        among is { } only ? only[random.Next(only.Length)] : odd ? 2 * random.Next(min / 2, 9) + 1 : random.Next(min, min + 999);
}

sealed class NumberValue(double min, double max, bool aboveMin, bool belowMax) : SettingValue<double>
{
    public override string Type => max < double.MaxValue
        ? $"number in {(aboveMin ? '(' : '[')}{YamlWriter.Format(min)}, {YamlWriter.Format(max)}{(belowMax ? ')' : ']')}"
        : $"number {(aboveMin ? '>' : '≥')} {YamlWriter.Format(min)}";

    public override double Read(YamlField field) => field.Number(min, max, aboveMin, belowMax)!.Value;

    public override void Write(YamlWriter yaml, string key, double value) => yaml.Number(key, value);

    // Never the bounds themselves, so that excluded ones need no care.
    public override double Draw(Random random) => max < double.MaxValue
        ? min + ((max - min) * (0.01 + (0.98 * random.NextDouble())))
        : min + ((random.NextDouble() + 0.01) * Math.Pow(10, random.Next(-300, 300)));
}

sealed class FlagValue : SettingValue<bool>
{
    public override string Type => "true or false";

    public override bool Read(YamlField field) => field.Flag()!.Value;

    public override void Write(YamlWriter yaml, string key, bool value) => yaml.Flag(key, value);

    public override bool Draw(Random random) => random.Next(2) == 0;
}

sealed class ChoiceValue<T>(NamedValues<T> names) : SettingValue<T>
    where T : notnull
{
    public override string Type => SettingText.Names(names.Names);

    public override T Read(YamlField field) => names.Get(field.Name(names.Names)!);

    public override void Write(YamlWriter yaml, string key, T value) => yaml.Text(key, names.NameOf(value));

    public override T Draw(Random random) => names.Get(names.Names[random.Next(names.Names.Count)]);
}

sealed class IntsValue(int min, int? count) : SettingValue<ValueList<int>>
{
    public override string Type => count switch { null => "list", 1 => $"whole number ≥ {min}", _ => $"list of {count}" };

    public override ValueList<int> Read(YamlField field) => field.Ints(min, count)!;

    public override void Write(YamlWriter yaml, string key, ValueList<int> value)
    {
        if (count == 1) yaml.Int(key, value[0]);
        else yaml.Numbers(key, value.Select(number => (double)number));
    }

    public override ValueList<int> Draw(Random random) =>
        [.. Enumerable.Range(0, count ?? random.Next(1, 5)).Select(_ => random.Next(min, min + 999))];
}

static class SettingText
{
    /// <summary>Names as the documentation lists them.</summary>
    public static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"`{name}`"));

    /// <summary><c>a, b or c</c>.</summary>
    public static string Or(IEnumerable<string> words) =>
        words.ToArray() is { Length: > 1 } several ? $"{string.Join(", ", several[..^1])} or {several[^1]}" : words.Single();
}
