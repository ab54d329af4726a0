namespace Hwaso.Graph;

/// <summary>What an exported file is to be like.</summary>
public sealed record OnnxOptions
{
    /// <summary>The same network recorded at another height and width, which makes both free in the file; null fixes them.</summary>
    public Graph? OtherSize { get; init; }

    /// <summary>Texts to leave in the file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The input's name.</summary>
    public string InputName { get; init; } = "input";

    /// <summary>The output's name.</summary>
    public string OutputName { get; init; } = "output";
}
