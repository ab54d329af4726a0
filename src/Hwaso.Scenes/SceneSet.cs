using Hwaso.Data;

namespace Hwaso.Scenes;

/// <summary>Renders a data set of scenes to disk.</summary>
public static class SceneSet
{
    /// <summary>Writes training and validation scenes; an image depends only on seed, split and number.</summary>
    /// <param name="dir">The data set's folder; made if it is not there.</param>
    /// <param name="layout">How it lies on disk.</param>
    /// <param name="count">Scenes to train on, at least 1.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="seed">The same seed gives the same files.</param>
    /// <param name="val">Scenes to validate on; null for a fifth of <paramref name="count"/>, at least 1.</param>
    /// <param name="threads">Threads that render.</param>
    /// <param name="progress">Receives the number of finished scenes.</param>
    /// <param name="crowd">People besides those of the streets; null: <see cref="SceneCrowd.Mixed"/> in COCO's layout, else none.</param>
    /// <param name="stop">Cancels the work; written files stay.</param>
    /// <exception cref="IOException">A file cannot be written; the message names it, and files written before are whole.</exception>
    public static SceneSetSummary Write(
        string dir, SceneLayout layout, int count, int width, int height, ulong seed, int? val = null, int threads = 1,
        Action<int>? progress = null, SceneCrowd? crowd = null, CancellationToken stop = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var validation = val ?? Math.Max(1, count / 5);
        ArgumentOutOfRangeException.ThrowIfNegative(validation);
        var people = crowd ?? (layout == SceneLayout.Coco ? SceneCrowd.Mixed : SceneCrowd.None);
        ISceneWriter writer = layout switch
        {
            SceneLayout.Voc => new VocWriter(dir),
            SceneLayout.Coco => new CocoWriter(dir),
            _ => new CityscapesWriter(dir),
        };
        var done = 0;
        try
        {
            writer.Begin(count, validation);
            Parallel.For(0, count + validation,
                new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = stop }, k =>
            {
                // Split and number, not position, choose the scene: more training scenes leave the validation ones as they are.
                var isVal = k >= count;
                var number = isVal ? k - count : k;
                writer.Write(isVal ? "val" : "train", number,
                    SceneRenderer.Render(width, height, SplitMix64.Mix(seed * 2 + (isVal ? 1UL : 0)) + (ulong)number, people));
                progress?.Invoke(Interlocked.Increment(ref done));
            });
            writer.End();
        }
        catch (AggregateException error) when (error.InnerException is { } inner)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(inner);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{dir}: cannot be written: {error.Message}", error);
        }
        return new SceneSetSummary(count, validation, layout switch
        {
            SceneLayout.Voc => ClassList.Voc.Names,
            SceneLayout.Coco => [.. CocoWriter.Categories.Select(c => c.Name)],
            _ => ClassList.Cityscapes.Names,
        });
    }
}

/// <summary>How a set of scenes lies on disk.</summary>
public enum SceneLayout
{
    /// <summary>As Cityscapes: leftImg8bit, gtFine and disparity.</summary>
    Cityscapes,

    /// <summary>As PASCAL VOC 2012: JPEGImages, SegmentationClass, SegmentationObject and ImageSets.</summary>
    Voc,

    /// <summary>As COCO 2017: images, instances with outlines, and the keypoints of people.</summary>
    Coco,
}

/// <summary>The scenes that were written.</summary>
/// <param name="Train">Scenes to train on.</param>
/// <param name="Val">Scenes to validate on.</param>
/// <param name="Classes">Names of the classes that the layout has.</param>
public sealed record SceneSetSummary(int Train, int Val, IReadOnlyList<string> Classes);

/// <summary>Puts scenes where a data set's layout has them.</summary>
interface ISceneWriter
{
    /// <summary>Folders and lists.</summary>
    void Begin(int train, int val);

    /// <summary>One scene; called from several threads.</summary>
    void Write(string split, int number, Scene scene);

    /// <summary>What is written once all scenes are.</summary>
    void End();
}
