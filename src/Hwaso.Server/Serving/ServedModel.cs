using Hwaso.Inference.Boxes;
using Hwaso.Models;
using Hwaso.Runtime;
using Hwaso.Runtime.Boxes;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Poses;
using Hwaso.Server.Images;

namespace Hwaso.Server.Serving;

/// <summary>A network that is loaded: its tensors for the protocol, and what it does with images if that is known.</summary>
sealed class ServedModel : IDisposable
{
    // Idle sessions are kept for the next request of their sizes.
    const int MostKept = 4;

    readonly long mostBytes;
    readonly RunParts run;
    readonly Lock gate = new();
    readonly List<(string Key, Session Session)> idle = [];
    int users;
    bool ends;

    /// <summary>A loaded network.</summary>
    /// <param name="name">Its name in addresses.</param>
    /// <param name="source">The file or folder that it came from; never shown to clients.</param>
    /// <param name="network">The network; this object disposes it.</param>
    /// <param name="file">The file that it was read from; this object disposes it.</param>
    /// <param name="mostBytes">The most bytes of idle sessions.</param>
    /// <param name="meters">Where it counts.</param>
    /// <param name="run">What a run or checkpoint does beside its exported network; this object disposes it.</param>
    public ServedModel(string name, string source, OnnxModel network, ModelFile file, long mostBytes, ServerMeters meters, RunParts run)
    {
        (Name, Source, Network, File, this.mostBytes, this.run) = (name, source, network, file, mostBytes, run);
        Statistics = new ModelStatistics(name, meters);
        Task = network.Metadata.GetValueOrDefault(SegmentationMetadata.TaskKey, SegmentationMetadata.Task);
        try
        {
            var main = TaskOf(network, name, Task, mostBytes, run.Torch);
            Tasks = run.Depth is { } depth && main.Address != "depth" ? [main, new DepthTask(depth.Estimate)] : [main];
        }
        // It takes no images, so that the protocol's tensors are the only way to ask it.
        catch (Exception error) when (error is ModelFormatException or ArgumentException)
        {
            NoImages = error.Message;
        }
    }

    public string Name { get; }

    public string Source { get; }

    public string Task { get; }

    public OnnxModel Network { get; }

    /// <summary>The file that the network was read from.</summary>
    public ModelFile File { get; }

    public ModelStatistics Statistics { get; }

    /// <summary>What it does with images, the main task first; none if its tensors are no image, or its answer is no task's.</summary>
    public ImageTask[] Tasks { get; } = [];

    /// <summary>Shows its attention; null for exported files.</summary>
    public Explainer? Explainer => run.Explainer;

    /// <summary>Answers images on libtorch; null where Hwaso.Runtime does.</summary>
    public TorchEngine? Torch => run.Torch;

    /// <summary>Why it takes no images; null if it does.</summary>
    public string? NoImages { get; }

    /// <summary>Begins a use, during which the network stays loaded.</summary>
    /// <returns>False if it was unloaded.</returns>
    public bool TryEnter()
    {
        lock (gate)
        {
            users += ends ? 0 : 1;
            return !ends;
        }
    }

    /// <summary>Ends a use; the last one of an unloaded network frees it.</summary>
    public void Leave()
    {
        lock (gate)
            if (--users > 0 || !ends)
                return;
        Free();
    }

    /// <summary>Frees the network once nobody uses it.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (ends)
                return;
            ends = true;
            idle.Clear();
            if (users > 0)
                return;
        }
        Free();
    }

    /// <summary>A session for inputs of these shapes, for the caller alone; <see cref="Keep"/> gives it back.</summary>
    /// <exception cref="ArgumentException">The network does not take inputs of these shapes.</exception>
    /// <exception cref="ModelFormatException">The network does not fit them, or needs too much memory for them.</exception>
    public Session Take(int[][] shapes)
    {
        var key = KeyOf(shapes);
        lock (gate)
            for (var k = idle.Count - 1; k >= 0; k--)
                if (idle[k].Key == key)
                {
                    var session = idle[k].Session;
                    idle.RemoveAt(k);
                    return session;
                }
        return Network.Open(shapes);
    }

    /// <summary>Keeps a session for the next request of its shapes, within the memory that is allowed for idle ones.</summary>
    public void Keep(int[][] shapes, Session session)
    {
        lock (gate)
        {
            if (ends)
                return;
            idle.Add((KeyOf(shapes), session));
            while (idle.Count > MostKept || (idle.Count > 1 && idle.Sum(i => i.Session.Bytes) > mostBytes))
                idle.RemoveAt(0);
        }
    }

    /// <summary>Shapes as a text, which tells equal ones.</summary>
    public static string KeyOf(int[][] shapes) => string.Join(';', shapes.Select(s => string.Join(',', s)));

    static ImageTask TaskOf(OnnxModel network, string name, string task, long mostBytes, TorchEngine? torch)
    {
        if (network.Metadata.ContainsKey(PoseMetadata.Key))
            return new PoseTask(PoseModel.Over(network, name), torch);
        if (network.Metadata.ContainsKey(BoxMetadata.Key))
            return new BoxTask(DetectorNetwork.Over(network, name), torch);
        if (task == ModelTask.Depth.Word())
        {
            var depth = new RuntimeDepth(network, name);
            return new DepthTask(torch is null ? depth.Estimate : torch.Depth);
        }
        if (task != SegmentationMetadata.Task)
            throw new ArgumentException($"it is a network for {task}, which has no answer for an image");
        var segmentation = SegmentationModel.Over(network, name);
        return segmentation.TakesColours ? new SegmentTask(segmentation, network, mostBytes, torch)
            : throw new ArgumentException($"it takes images of {segmentation.Channels} channels, not of colours");
    }

    void Free()
    {
        run.Dispose();
        Network.Dispose();
        File.Dispose();
    }
}

/// <summary>What a run or checkpoint does on libtorch, beside its exported network.</summary>
/// <param name="Explainer">Shows its attention.</param>
/// <param name="Depth">Its depth decoder; null for a network without one.</param>
/// <param name="Torch">Answers images in place of the exported network; null where that does.</param>
sealed record RunParts(Explainer? Explainer = null, RunDepth? Depth = null, TorchEngine? Torch = null) : IDisposable
{
    public void Dispose()
    {
        Explainer?.Dispose();
        Depth?.Dispose();
        Torch?.Dispose();
    }
}
