namespace Hwaso.Runtime.Format;

/// <summary>A node of a file.</summary>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Domain">Its operator set; empty for ONNX's own.</param>
/// <param name="Type">Its operator.</param>
/// <param name="Inputs">Names of its inputs; an empty one is left out.</param>
/// <param name="Outputs">Names of its outputs.</param>
/// <param name="Attributes">Its attributes by name.</param>
sealed record OnnxNode(string Name, string Domain, string Type, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyDictionary<string, OnnxAttribute> Attributes)
{
    /// <summary>Operator and name, as messages call it.</summary>
    public string Place => Name.Length > 0 ? $"{Type} '{Name}'" : $"{Type} that makes '{(Outputs.Count > 0 ? Outputs[0] : "")}'";
}
