using Hwaso.Data;
using Hwaso.Data.Layouts;

namespace Hwaso.Inference;

/// <summary>A published way of scoring a data set, under one name: two figures can be compared that were made alike.</summary>
/// <param name="Name">Layout and source, such as <c>pascal-context-59/hrnet</c>.</param>
/// <param name="Layout">The layout whose classes are scored; what is ignored is part of it.</param>
/// <param name="Description">Scales, windows and sums in one line.</param>
/// <param name="Options">How the network is asked.</param>
/// <param name="Absent">What absent classes do to means.</param>
public sealed record Protocol(string Name, string Layout, string Description, InferenceOptions Options, AbsentClasses Absent)
{
    /// <summary>All of them: of each data set its authors' or HRNet's and mmsegmentation's, with several scales and mirrored, and with one scale.</summary>
    public static IReadOnlyList<Protocol> All => PublishedProtocols.All;

    /// <summary>The protocol of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those of the data set, or all.</exception>
    public static Protocol Find(string name)
    {
        if (All.FirstOrDefault(p => p.Name == name) is { } found)
            return found;
        var layout = name.Split('/')[0];
        var near = All.Where(p => p.Layout == layout).ToArray();
        throw new ArgumentException($"protocol '{name}': {(near.Length > 0 ? string.Join(" or ", near.Select(p => p.Name)) : $"one of {string.Join(", ", All.Select(p => p.Name))}")} was wanted");
    }

    /// <summary>Whether a data set has the classes that the protocol is for.</summary>
    public bool Fits(ClassList classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        return classes.Names.SequenceEqual(Datasets.ClassesOf(Layout, root: "").Names);
    }
}
