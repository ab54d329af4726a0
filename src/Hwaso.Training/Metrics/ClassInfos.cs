using Hwaso.Data;

namespace Hwaso.Training.Metrics;

/// <summary>A data set's classes as scores and reports want them.</summary>
public static class ClassInfos
{
    /// <summary>One entry a class, in order.</summary>
    public static IReadOnlyList<ClassInfo> Of(ClassList classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        return classes.Entries.Select(c => new ClassInfo(c.Name, c.R, c.G, c.B, c.Category, c.HasInstances)).ToArray();
    }
}
