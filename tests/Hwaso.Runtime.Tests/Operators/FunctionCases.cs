namespace Hwaso.Runtime.Tests.Operators;

/// <summary>Cases of functions of one number, of two and of several.</summary>
static class FunctionCases
{
    public static IReadOnlyDictionary<string, Action<CaseBuilder>> All { get; } = new Dictionary<string, Action<CaseBuilder>>
    {
        ["Relu"] = c => One(c),
        ["LeakyRelu"] = c => Sometimes(One(c), "alpha", 0.01, 0.3),
        ["PRelu"] = c =>
        {
            var shape = c.Shape(1, 4);
            c.Input(shape).Weight(Part(c, shape));
        },
        ["Elu"] = c => Sometimes(One(c), "alpha", 0.5, 2),
        ["Sigmoid"] = c => One(c, -20, 20),
        ["HardSigmoid"] = c => Sometimes(Sometimes(One(c, -4, 4), "alpha", 0.1, 0.5), "beta", 0.3, 0.7),
        ["HardSwish"] = c => One(c, -5, 5),
        ["Tanh"] = c => One(c, -10, 10),
        ["Gelu"] = c =>
        {
            c.Opset = 20;
            One(c, -6, 6);
            if (!c.Once(3))
                c.With("approximate", c.Any("none", "tanh"));
        },
        ["Softplus"] = c => One(c, -20, 20),
        ["Mish"] = c =>
        {
            c.Opset = 18;
            One(c, -10, 10);
        },
        ["Erf"] = c => One(c, -5, 5),
        ["Exp"] = c => One(c, -10, 5),
        ["Log"] = c => One(c, 0.001, 20),
        ["Sqrt"] = c => One(c, 0, 50),
        ["Abs"] = c => One(c),
        ["Neg"] = c => One(c),
        ["Floor"] = c => One(c, -9, 9),
        ["Ceil"] = c => One(c, -9, 9),
        ["Reciprocal"] = c => One(c, 0.1, 9),
        ["Identity"] = c => One(c),
        ["Dropout"] = c =>
        {
            c.Opset = c.Any(10, 13);
            One(c);
            if (c.Opset < 13)
                Sometimes(c, "ratio", 0.1, 0.9);
        },
        ["Clip"] = Clip,
        ["Add"] = c => Two(c),
        ["Sub"] = c => Two(c),
        ["Mul"] = c => Two(c),
        ["Div"] = c =>
        {
            var (one, other) = Shapes(c);
            c.Input(one).Either(other, 0.1, 5);
        },
        ["Pow"] = c =>
        {
            var (one, other) = Shapes(c);
            if (c.Once(2))
                c.Input(one, 0.1, 4).Either(other, -3, 3);
            else
                c.Input(one).Known([], c.Any(1, 2, 3, 4));
        },
        ["Sum"] = Several,
        ["Min"] = Several,
        ["Max"] = Several,
    };

    static CaseBuilder One(CaseBuilder c, double low = -3, double high = 3) => c.Input(c.Once(20) ? [] : c.Shape(1, 5, 9), low, high);

    static CaseBuilder Sometimes(CaseBuilder c, string name, double low, double high) =>
        c.Once(3) ? c : c.With(name, low + (c.Random.NextDouble() * (high - low)));

    // A shape that broadcasts to another: some sizes 1, the first ones dropped.
    static long[] Part(CaseBuilder c, long[] shape) => [.. shape.Select(s => c.Once(3) ? 1 : s).Skip(c.From(0, shape.Length))];

    static (long[] One, long[] Other) Shapes(CaseBuilder c)
    {
        var shape = c.Shape(0, 5, 9);
        return c.Any(0, 1, 2) switch
        {
            0 => (shape, shape),
            1 => (shape, Part(c, shape)),
            _ => (Part(c, shape), [.. shape.Select(s => c.Once(3) ? 1 : s)]),
        };
    }

    static void Two(CaseBuilder c)
    {
        var (one, other) = Shapes(c);
        if (c.Once(3))
            c.Weight(one).Input(other);
        else
            c.Input(one).Either(other);
    }

    static void Several(CaseBuilder c)
    {
        var shape = c.Shape(1, 4, 9);
        c.Input(shape);
        for (var more = c.From(0, 3); more > 0; more--)
            c.Either(c.Once(2) ? shape : Part(c, shape));
    }

    static void Clip(CaseBuilder c)
    {
        c.Opset = c.Any(9, 12, 13, 17);
        One(c, -5, 5);
        var (low, high) = ((float)(c.Random.NextDouble() * -3), (float)(c.Random.NextDouble() * 3));
        if (c.Opset < 11)
        {
            if (c.Once(2))
                c.With("min", low);
            if (c.Once(2))
                c.With("max", high);
            return;
        }
        if (c.Once(2))
            c.Known([], low);
        else
            c.None();
        if (c.Once(2))
            c.Known([], high);
    }
}
