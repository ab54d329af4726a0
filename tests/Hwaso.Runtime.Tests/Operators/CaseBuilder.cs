using Hwaso.Onnx;

namespace Hwaso.Runtime.Tests.Operators;

/// <summary>Builds a model of one operator with random numbers.</summary>
sealed class CaseBuilder(string type, Random random)
{
    readonly List<(string Name, CaseTensor Tensor, bool IsGiven)> tensors = [];
    readonly List<string> names = [];
    readonly List<OnnxValue> attributes = [];
    readonly List<string> text = [];
    (string One, string Other)? compared;

    public string Type => type;

    public Random Random => random;

    public int Opset { get; set; } = 17;

    public int Outputs { get; set; } = 1;

    /// <summary>Whether the output is cast to integers, because it holds truths, which a session cannot return.</summary>
    public bool IsTruth { get; set; }

    /// <summary>An integer from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public int From(int least, int most) => random.Next(least, most + 1);

    /// <summary>True once in <paramref name="times"/>.</summary>
    public bool Once(int times) => random.Next(times) == 0;

    public T Any<T>(params T[] choices) => choices[random.Next(choices.Length)];

    /// <summary>A size of an image, often odd, sometimes 1.</summary>
    public int Size(int most = 24) => Once(6) ? 1 : Once(4) ? Math.Min(most, Any(7, 8, 9, 15, 16, 17)) : From(1, most);

    /// <summary>A random shape with a rank within bounds.</summary>
    public long[] Shape(int leastRank, int mostRank, int most = 12) =>
        [.. Enumerable.Range(0, From(leastRank, mostRank)).Select(_ => (long)Size(most))];

    /// <summary>An input of the model.</summary>
    public CaseBuilder Input(long[] shape, double low = -2, double high = 2) => Add(Numbers(shape, low, high), true);

    /// <summary>A weight in the file.</summary>
    public CaseBuilder Weight(long[] shape, double low = -2, double high = 2) => Add(Numbers(shape, low, high), false);

    /// <summary>An input of the model or a weight in the file.</summary>
    public CaseBuilder Either(long[] shape, double low = -2, double high = 2) => Add(Numbers(shape, low, high), Once(2));

    public CaseBuilder Known(long[] shape, params float[] values) => Add(new CaseTensor(shape, values, null), false);

    public CaseBuilder Ints(params long[] values) => IntsOf([values.Length], values);

    public CaseBuilder IntsOf(long[] shape, long[] values) => Add(new CaseTensor(shape, null, values), false);

    public CaseBuilder InputInts(long[] shape, long[] values) => Add(new CaseTensor(shape, null, values), true);

    /// <summary>Adds an input of truths: where two lists of integers are equal.</summary>
    public CaseBuilder Truth(long[] shape, long[] one, long[] other)
    {
        IntsOf(shape, one).IntsOf(shape, other);
        compared = (names[^2], names[^1]);
        names.RemoveRange(names.Count - 2, 2);
        names.Add("truth");
        return this;
    }

    /// <summary>Omits an input.</summary>
    public CaseBuilder None()
    {
        names.Add("");
        return this;
    }

    public CaseBuilder With(string name, long value) => With(OnnxValue.Of(name, value), $"{name} {value}");

    public CaseBuilder With(string name, double value) => With(OnnxValue.Of(name, value), $"{name} {value:g4}");

    public CaseBuilder With(string name, string value) => With(OnnxValue.Of(name, value), $"{name} {value}");

    public CaseBuilder With(string name, IReadOnlyList<long> values) =>
        With(OnnxValue.Of(name, [.. values]), $"{name} [{string.Join(",", values)}]");

    /// <summary>Adds an attribute, or sometimes omits it if it has its default value.</summary>
    public CaseBuilder WithOr(string name, long value, long otherwise) => value == otherwise && Once(2) ? this : With(name, value);

    public OperatorCase Build()
    {
        using var document = new OnnxDocument { Opset = Opset };
        foreach (var (name, tensor, isGiven) in tensors)
            if (isGiven)
                document.Input(name, tensor.Floats is null ? OnnxDataType.Int64 : OnnxDataType.Float32,
                    [.. tensor.Shape.Select(s => ((long?)s, ""))]);
            else if (tensor.Floats is { } floats)
                document.Weight(name, tensor.Shape, floats);
            else
                document.Weight(name, tensor.Shape, tensor.Ints);
        if (compared is var (one, other))
            document.Node("Equal", "", [one, other], ["truth"]);
        var outputs = Enumerable.Range(0, Outputs).Select(k => $"y{k}").ToArray();
        document.Node(type, "", names, IsTruth ? ["truth"] : outputs, [.. attributes]);
        if (IsTruth)
            document.Node("Cast", "", ["truth"], outputs, OnnxValue.Of("to", (long)OnnxDataType.Int64));
        foreach (var output in outputs)
            document.Output(output, IsInteger ? OnnxDataType.Int64 : OnnxDataType.Float32);
        return new OperatorCase($"{type} {Opset} of {string.Join(", ", names.Select(Described))}; {string.Join(", ", text)}",
            document.ToArray([]), [.. tensors.Where(t => t.IsGiven).Select(t => t.Tensor)]);
    }

    /// <summary>Whether the output holds integers.</summary>
    public bool IsInteger { get; set; }

    CaseBuilder Add(CaseTensor tensor, bool isGiven)
    {
        var name = $"{(isGiven ? "x" : "c")}{tensors.Count}";
        tensors.Add((name, tensor, isGiven));
        names.Add(name);
        return this;
    }

    CaseBuilder With(OnnxValue value, string described)
    {
        attributes.Add(value);
        text.Add(described);
        return this;
    }

    CaseTensor Numbers(long[] shape, double low, double high)
    {
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (var k = 0; k < values.Length; k++)
            values[k] = (float)(low + (random.NextDouble() * (high - low)));
        return new CaseTensor(shape, values, null);
    }

    string Described(string name)
    {
        var (_, tensor, isGiven) = tensors.Find(t => t.Name == name);
        return tensor is null ? "none" : tensor is { Ints: { Length: < 12 } ints } && !isGiven ? $"[{string.Join(",", ints)}]"
            : tensor is { Floats: { Length: < 6 } floats } && !isGiven ? $"({string.Join(",", floats)})[{string.Join(",", tensor.Shape)}]"
            : $"{(isGiven ? "" : "known ")}[{string.Join(",", tensor.Shape)}]";
    }
}
