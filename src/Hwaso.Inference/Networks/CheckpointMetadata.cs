using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Common;
using Hwaso.Data;

namespace Hwaso.Inference.Networks;

/// <summary>The metadata keys of checkpoints that Hwaso writes, and the classes in them.</summary>
/// <remarks>Files out there hold these keys, so none may change.</remarks>
public static class CheckpointMetadata
{
    /// <summary>The recipe as YAML, or its model section alone: without it a checkpoint cannot be opened by its file alone.</summary>
    public const string Recipe = "hwaso.recipe";

    /// <summary>The classes, as <see cref="WriteClasses"/> writes them.</summary>
    public const string Classes = ModelMetadata.Classes;

    /// <summary>The epochs trained.</summary>
    public const string Epoch = "hwaso.epoch";

    /// <summary>The steps trained.</summary>
    public const string Step = "hwaso.step";

    /// <summary>The files that an imported checkpoint was made from.</summary>
    public const string ImportedFrom = "hwaso.source";

    /// <summary>
    /// The classes as text: a JSON array of <c>{name, color: [r, g, b]}</c>, with <c>thing: true</c> where objects have instance ids and
    /// <c>id</c> where the data set numbers its categories.
    /// </summary>
    public static string WriteClasses(IEnumerable<ClassEntry> classes) => new JsonArray([.. classes.Select(Fields)]).ToJsonString();

    static JsonNode Fields(ClassEntry entry)
    {
        var fields = new JsonObject { ["name"] = entry.Name, ["color"] = new JsonArray(entry.R, entry.G, entry.B) };
        if (entry.HasInstances)
            fields["thing"] = true;
        if (entry.CategoryId is { } id)
            fields["id"] = id;
        return fields;
    }

    /// <summary>The classes that a checkpoint names; empty where it names none.</summary>
    /// <exception cref="CheckpointException">The text is not a list of classes.</exception>
    public static IReadOnlyList<ClassEntry> ReadClasses(TensorFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.Metadata.TryGetValue(Classes, out var json))
            return [];
        try
        {
            return ReadClasses(json);
        }
        catch (Exception error) when (error
            is JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentOutOfRangeException)
        {
            throw new CheckpointException(file.Path, Classes, "is not a list of class names and colours; the file was edited");
        }
    }

    /// <summary>The classes in a text; those of Cityscapes have instances, whether the text says so or is older.</summary>
    internal static IReadOnlyList<ClassEntry> ReadClasses(string json)
    {
        ClassEntry[] read = [.. JsonNode.Parse(json)!.AsArray().Select(Class)];
        var known = ClassList.Cityscapes;
        return read.Select(c => c.Name).SequenceEqual(known.Names)
            ? [.. read.Zip(known.Entries, (own, published) => own with { HasInstances = published.HasInstances })] : read;
    }

    static ClassEntry Class(JsonNode? node)
    {
        var color = node!["color"]!.AsArray();
        return new ClassEntry(
            node["name"]!.GetValue<string>(), color[0]!.GetValue<byte>(), color[1]!.GetValue<byte>(), color[2]!.GetValue<byte>(),
            HasInstances: node["thing"]?.GetValue<bool>() ?? false)
        {
            CategoryId = node["id"]?.GetValue<long>(),
        };
    }
}
