using Hwaso.Common;
using Hwaso.Recipes;

namespace Hwaso.Training.Studies;

/// <summary>The rendered scenes that a study's small variant learns from.</summary>
/// <param name="Layout">How they lie on disk, <c>cityscapes</c> or <c>voc</c>.</param>
/// <param name="Train">Scenes to train on, at least 1.</param>
/// <param name="Val">Scenes to score on, at least 1.</param>
/// <param name="Size">Their size.</param>
/// <param name="Seed">The same seed gives the same scenes.</param>
public sealed record StudyScenes(string Layout, int Train, int Val, SizePx Size, int Seed)
{
    // Written last: a folder that has it is whole.
    const string Mark = "rendered.txt";

    static readonly string[] layouts = ["cityscapes", "voc"];

    /// <summary>Scenes in all.</summary>
    public int Count => Train + Val;

    /// <summary>Whether a folder holds exactly these.</summary>
    public bool AreIn(string folder) =>
        Path.Combine(folder, Mark) is var mark && File.Exists(mark) && File.ReadAllText(mark) == ToString();

    /// <summary>Renders them into a folder.</summary>
    /// <param name="folder">Where; made if it is not there.</param>
    /// <param name="render">Renders the scenes.</param>
    /// <param name="threads">Threads that render.</param>
    /// <param name="progress">Gets the number of scenes done.</param>
    /// <param name="stop">Ends the work; the next call renders from the beginning.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Render(string folder, SceneRenderer render, int threads, Action<int>? progress = null, CancellationToken stop = default)
    {
        // Others may have been rendered there for an older version of the study.
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        render(this, folder, threads, progress, stop);
        var mark = System.Text.Encoding.UTF8.GetBytes(ToString());
        AtomicFile.Write(Path.Combine(folder, Mark), mark.Length, stream => stream.Write(mark));
    }

    /// <summary>The scenes in words.</summary>
    public override string ToString() =>
        $"{Train} rendered scenes to learn from, {Val} to score on, {Size} pixels, {Layout} layout, seed {Seed}";

    /// <summary>Reads the section <c>scenes</c>.</summary>
    /// <param name="form">The map that holds it.</param>
    /// <param name="purpose">What the section is for, should it be missing.</param>
    internal static StudyScenes Read(YamlMap form, string purpose)
    {
        var map = form.Find("scenes") is null ? throw form.Missing("scenes", purpose) : form.Section("scenes");
        map.AllowOnly("layout", "train", "val", "size", "seed");
        return new StudyScenes(
            map["layout"].Name(layouts) ?? layouts[0],
            map["train"].Int(min: 1) ?? throw map.Missing("train", "how many scenes to learn from"),
            map["val"].Int(min: 1) ?? throw map.Missing("val", "how many scenes to score on"),
            map["size"].Size() ?? throw map.Missing("size", "[height, width] of a scene"),
            map["seed"].Int(min: 0) ?? 1);
    }
}

/// <summary>Renders a study's scenes; training itself knows no renderer.</summary>
/// <param name="scenes">Which scenes.</param>
/// <param name="folder">The data set's folder.</param>
/// <param name="threads">Threads that render.</param>
/// <param name="progress">Gets the number of scenes done.</param>
/// <param name="stop">Ends the work.</param>
public delegate void SceneRenderer(StudyScenes scenes, string folder, int threads, Action<int>? progress, CancellationToken stop);
