using System.Text;
using Hwaso.Common;
using Hwaso.Data.Depth;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Depth;
using Hwaso.Metrics;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;

namespace Hwaso.Training.Studies;

/// <summary>
/// The teacher of a study's small form: a network with a depth decoder that learns the true depth of scenes of its own, and then predicts
/// the depth of the study's scenes, which it never saw.
/// </summary>
public sealed class StudyTeacher
{
    const string TrueDepth = "Depth";

    readonly StudyVariant variant;
    readonly StudyScenes scenes;

    StudyTeacher(StudyVariant variant, StudyScenes scenes, string depth) => (this.variant, this.scenes, Depth) = (variant, scenes, depth);

    /// <summary>The folder among the scenes that its depth maps go to.</summary>
    public string Depth { get; }

    /// <summary>Renders the teacher's scenes, trains it, and writes its depth of the training images; finished work is kept.</summary>
    /// <param name="folder">The study's folder, its scenes rendered.</param>
    /// <param name="pupils">The study's scenes.</param>
    /// <param name="render">Renders scenes.</param>
    /// <param name="device">What to train on.</param>
    /// <param name="threads">Threads for operators and for reading images; null for the recipe's, or as many as the machine offers.</param>
    /// <param name="watcher">Watches the training.</param>
    /// <param name="stop">Ends the work; the next call continues it.</param>
    /// <returns>The depth that it predicted; null where it was stopped.</returns>
    /// <exception cref="Recipes.RecipeException">Its recipe is wrong, or its network does not predict depth.</exception>
    /// <exception cref="TrainingException">Its training failed, or the folder holds a finished teacher of another recipe.</exception>
    public TaughtDepth? Teach(
        StudyFolder folder,
        StudyScenes pupils,
        SceneRenderer render,
        Device device,
        int? threads,
        IStudyWatcher watcher,
        CancellationToken stop)
    {
        var all = threads ?? Environment.ProcessorCount;
        if (!scenes.AreIn(folder.TeacherScenes))
            scenes.Render(folder.TeacherScenes, render, all, null, stop);
        var run = folder.Teacher;
        var recipe = variant.Recipe(0, []);
        var request = new TrainRequest(recipe, folder.TeacherScenes, run, run.Exists, device, all);
        var task = TrainingTasks.Open(request);
        if (File.Exists(run.Result))
        {
            FinishedRun.RequireSame(run, task.Recipe);
        }
        else
        {
            using var trainer = new Trainer(request, task, watcher.Trains(1, 1, variant, recipe.Recipe.Seed));
            var result = trainer.Run(stop);
            if (result.Finished)
                trainer.WriteReport(result);
            watcher.Trained(result);
            if (!result.Finished)
                return null;
        }
        return Write(folder, pupils, run, device, stop);
    }

    internal static StudyTeacher? Read(YamlMap form, Func<YamlMap, StudyVariant> variant)
    {
        var map = form.Section("teacher");
        if (!map.IsGiven)
            return null;
        map.AllowOnly("recipe", "set", "scenes", "depth");
        var scenes = StudyScenes.Read(map, "what to render for it");
        return scenes.Layout == "voc"
            ? new StudyTeacher(variant(map), scenes, map["depth"].Text()
                ?? throw map.Missing("depth", "the folder that its depth maps go to, as the variants' data.depth names it"))
            : throw map.Find("scenes")!.Value.Error("wants 'layout: voc', whose depth is in metres");
    }

    TaughtDepth? Write(StudyFolder folder, StudyScenes pupils, RunFolder run, Device device, CancellationToken stop)
    {
        using var teacher = DepthTeacher.OfRun(run, new DepthViews(), device);
        var target = Path.Combine(folder.Scenes, Depth);
        Directory.CreateDirectory(target);
        var store = new DepthStore(target, teacher.Identity, overwrite: true);
        store.Sweep();
        var truth = DepthFolder.Find(folder.Scenes, TrueDepth) is { } there ? new DepthFolder(there) : null;
        var error = new DepthError();
        foreach (var sample in Datasets.Open(pupils.Layout, folder.Scenes, "train").Samples)
        {
            if (stop.IsCancellationRequested)
                return null;
            var name = Path.GetFileNameWithoutExtension(sample.ImagePath);
            if (!store.Has(name, sample.ImagePath))
                store.Write(name, teacher.Depth(ImageFile.ReadRgb(sample.ImagePath)));
            if (truth is not null)
                error = error.With(DepthPng.Read(store.PathOf(name)), DepthPng.Read(truth.PathOf(sample)));
        }
        return new TaughtDepth(Depth, teacher.Identity, error);
    }
}

/// <summary>The depth that a study's teacher predicted for its pupils.</summary>
/// <param name="Folder">Its folder, as the pupils' <c>data.depth</c> names it.</param>
/// <param name="Identity">The teacher: its network, and a digest of its weights.</param>
/// <param name="Error">How far the depth is from the truth.</param>
public sealed record TaughtDepth(string Folder, string Identity, DepthError Error)
{
    const string FileName = "teacher.txt";

    /// <summary>Refuses a run that learned from the depth of another teacher; one that does not say from which is taken as it is.</summary>
    /// <exception cref="TrainingException">It did.</exception>
    internal void RequireSame(RunFolder run, Recipe recipe)
    {
        var file = Path.Combine(run.Root, FileName);
        if (recipe.Data.Depth == Folder && File.Exists(file) && File.ReadAllText(file).Trim() != Identity)
            throw new TrainingException($"{run.Root}: holds a run that learned from the depth of an earlier teacher, which was trained "
                + "anew since; remove it, or keep this study in another folder with --out");
    }

    /// <summary>Notes in a run's folder from which teacher it learns.</summary>
    internal void Note(RunFolder run, Recipe recipe)
    {
        if (recipe.Data.Depth != Folder)
            return;
        Directory.CreateDirectory(run.Root);
        AtomicFile.Write(Path.Combine(run.Root, FileName), Encoding.UTF8.GetBytes(Identity + "\n"));
    }
}
