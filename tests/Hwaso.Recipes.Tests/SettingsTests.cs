namespace Hwaso.Recipes.Tests;

/// <summary>A configuration with a setting of every kind, read, written and described by its list of settings.</summary>
public sealed class SettingsTests
{
    static readonly NamedValues<DayOfWeek> days = new(("first", DayOfWeek.Monday), ("last", DayOfWeek.Sunday));

    static readonly Settings<Lamp> settings = new Settings<Lamp>()
        .Int("width", c => c.Width, (c, v) => c with { Width = v }, 1, "how wide; 3", needed: "a width")
        .Int("kernel", c => c.Kernel, (c, v) => c with { Kernel = v }, 1, "its kernel", odd: true)
        .Int("stride", c => c.Stride, (c, v) => c with { Stride = v }, 1, "its stride", among: [8, 16])
        .Number("share", c => c.Share, (c, v) => c with { Share = v }, 0, "a share", max: 1, aboveMin: true, belowMax: true)
        .Flag("lit", c => c.Lit, (c, v) => c with { Lit = v }, "whether it is lit")
        .Choice("day", c => c.Day, (c, v) => c with { Day = v }, days, "when")
        .Ints("rates", c => c.Rates, (c, v) => c with { Rates = v }, 1, "some rates", count: 2)
        .Section("bulb", c => c.Bulb, (c, v) => c with { Bulb = v },
            new Settings<Bulb>().Int("watts", b => b.Watts, (b, v) => b with { Watts = v }, 1, "its power"))
        .Whole("spare", c => c.Spare, (c, v) => c with { Spare = v }, blank: _ => new Bulb(0, 7), needed: "a bulb",
            part: new Settings<Bulb>()
            .Int("age", b => b.Age, (b, v) => b with { Age = v }, 0, "its age")
            .Int("watts", b => b.Watts, (b, v) => b with { Watts = v }, 1, "its power", needed: "a whole number"))
        .Add(new VariantSetting<Lamp,
            Shade>("shade", [new Paper(), new Glass()], c => c.Shade, (c, v) => c with { Shade = v }, "its shade", byName: true));

    [Fact]
    public void Settings_set_what_a_section_gives_and_keep_the_rest()
    {
        var lamp = Read("width: 4\nrates: [5, 6]\nbulb: {watts: 60}\nspare: {watts: 9}\nshade: {name: glass, thickness: 2}");
        Assert.Equal(new Lamp
        {
            Width = 4,
            Rates = [5, 6],
            Bulb = new Bulb(60, 1),
            Spare = new Bulb(9, 7),
            Shade = new Glass { Thickness = 2 }
        }, lamp);
        Assert.Equal(new Lamp(), Read("name: x"));
    }

    [Fact]
    public void Settings_are_written_in_their_order_and_usual_form_with_no_key_more_than_was_given()
    {
        const string Given = "shade: {name: paper}\nbulb: {watts: 60}\nspare: {watts: 9}\nshare: 5e-1\nwidth: 4";
        Assert.Equal("width: 4\nshare: 0.5\nbulb:\n  watts: 60\nspare: {age: 7, watts: 9}\nshade: paper\n",
            Written(Given).Replace("\n\n", "\n", StringComparison.Ordinal).TrimStart('\n'));
    }

    [Fact]
    public void Settings_describe_themselves()
    {
        string[] expected =
        [
            "width | whole number ≥ 1 | how wide; 3", "kernel | odd whole number | its kernel", "stride | 8 or 16 | its stride",
            "share | number in (0, 1) | a share",
            "lit | true or false | whether it is lit", "day | `first`, `last` | when", "rates | list of 2 | some rates",
            "bulb.watts | whole number ≥ 1 | its power",
            "spare.age | whole number ≥ 0 | its age", "spare.watts | whole number ≥ 1 | its power",
        ];
        Assert.Equal(expected, settings.Descriptions.SkipLast(4).Select(d => $"{d.Key} | {d.Type} | {d.Meaning}"));
        Assert.Equal(["shade", "shade.name", "shade.colour", "shade.thickness"], settings.Descriptions.TakeLast(4).Select(d => d.Key));
    }

    [Theory]
    [InlineData("width: 0", "x.yaml:1: width: 0 is below 1")]
    [InlineData("kernel: 2", "x.yaml:1: kernel: 2 is even; wants an odd number such as 1 or 3")]
    [InlineData("stride: 9", "x.yaml:1: stride: 9 is none of 8, 16")]
    [InlineData("share: 0", "x.yaml:1: share: 0 is not above 0")]
    [InlineData("share: 1", "x.yaml:1: share: 1 is not below 1")]
    [InlineData("day: frist", "x.yaml:1: day: 'frist' is none of first, last; did you mean 'first'?")]
    [InlineData("rates: [1]", "x.yaml:1: rates: wants a list of 2, not 1")]
    [InlineData("lit: yes\nbulb: 3", "x.yaml:1: lit: 'yes' is neither true nor false")]
    [InlineData("bulb: 3", "x.yaml:1: bulb: wants keys below it, not '3'")]
    [InlineData("spare: {age: 2}", "x.yaml:1: spare.watts: missing; wants a whole number")]
    [InlineData("shade: {thickness: 2}",
        "x.yaml:1: shade.name: missing; wants one of paper, glass, because the network has none of its own")]
    [InlineData("shade: {name: paper, thickness: 2}",
        "x.yaml:1: shade.thickness: belongs to glass, not to paper; remove it, or change the name")]
    [InlineData("shade: {name: none, colour: 2}",
        "x.yaml:1: shade.colour: belongs to paper or glass, not to none; remove it, or change the name")]
    [InlineData("shade: [paper]", "x.yaml:1: shade: wants one of none, paper, glass, not a list of 1")]
    public void A_value_that_does_not_fit_is_refused_with_its_place(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<RecipeException>(() => Read(yaml)).Message);

    [Fact]
    public void What_has_no_default_must_be_given_where_a_reason_is_named()
    {
        const string Because = ", because nothing else says so";
        Assert.Equal("x.yaml: width: missing; wants a width, because nothing else says so", Refusal("lit: true"));
        Assert.Equal("x.yaml: spare: missing; wants a bulb, because nothing else says so", Refusal("width: 3"));
        Assert.Equal(new Bulb(2, 7), settings.Read(new Lamp(), YamlTree.Read("width: 3\nspare: {watts: 2}", "x.yaml"), Because).Spare);

        static string Refusal(string yaml) =>
            Assert.Throws<RecipeException>(() => settings.Read(new Lamp(), YamlTree.Read(yaml, "x.yaml"), Because)).Message;
    }

    [Fact]
    public void A_second_shade_is_refused_where_the_name_has_one_and_its_own_keys_adjust_it()
    {
        var named = new Lamp { Shade = new Glass() };
        Assert.Equal(new Glass { Thickness = 5 }, settings.Read(named, YamlTree.Read("shade: {thickness: 5}", "x.yaml")).Shade);
        Assert.Equal(
            "x.yaml:1: shade: the network's name already says glass; remove one of the two",
            Assert.Throws<RecipeException>(() => settings.Read(named, YamlTree.Read("shade: paper", "x.yaml"))).Message);
    }

    [Fact]
    public void Random_settings_read_and_are_written_again_with_the_same_values()
    {
        var random = new Random(304);
        for (var k = 0; k < 500; k++)
        {
            var sample = new YamlWriter();
            settings.Sample(random, sample, whole: true);
            var written = Written(sample.ToString());
            Assert.Equal(written, Written(written));
            Assert.Equal(Read(sample.ToString()), Read(written));
        }
    }

    static Lamp Read(string yaml) => settings.Read(new Lamp(), YamlTree.Read(yaml, "x.yaml"));

    static string Written(string yaml)
    {
        var writer = new YamlWriter();
        settings.Write(Read(yaml), YamlTree.Read(yaml, "x.yaml"), writer);
        return writer.ToString();
    }

    sealed record Lamp
    {
        public int Width { get; init; } = 3;

        public int Kernel { get; init; } = 1;

        public int Stride { get; init; } = 8;

        public double Share { get; init; } = 0.25;

        public bool Lit { get; init; }

        public DayOfWeek Day { get; init; } = DayOfWeek.Monday;

        public ValueList<int>? Rates { get; init; }

        public Bulb Bulb { get; init; } = new(40, 1);

        public Bulb Spare { get; init; } = new(50, 2);

        public Shade? Shade { get; init; }
    }

    sealed record Bulb(int Watts, int Age);

    abstract record Shade : IVariant<Shade>
    {
        protected static Settings<Shade> Common { get; } = new Settings<Shade>()
            .Int("colour", s => s.Colour, (s, v) => s with { Colour = v }, 0, "its colour");

        public int Colour { get; init; }

        public abstract string Name { get; }

        public abstract Settings<Shade> Settings { get; }
    }

    sealed record Paper : Shade
    {
        public override string Name => "paper";

        public override Settings<Shade> Settings => Common;
    }

    sealed record Glass : Shade
    {
        static readonly Settings<Shade> settings = Common.Include(s => (Glass)s, (_, s) => s, new Settings<Glass>()
            .Int("thickness", s => s.Thickness, (s, v) => s with { Thickness = v }, 1, "how thick"));

        public int Thickness { get; init; } = 1;

        public override string Name => "glass";

        public override Settings<Shade> Settings => settings;
    }
}
