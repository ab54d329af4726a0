using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Boxes;
using Hwaso.Inference.Poses;
using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Runtime.Poses;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Server.Images;

/// <summary>
/// The network of a run or a checkpoint on libtorch, which answers images on a GPU, or on the processor where that is asked for. One image
/// at a time: libtorch uses all threads, and a GPU has one queue.
/// </summary>
sealed class TorchEngine : IDisposable
{
    readonly Lock gate = new();
    readonly LoadedModel? model;
    readonly PoseNetwork? poses;
    readonly DetectorNetwork? detector;

    TorchEngine(Device device, LoadedModel? model = null, PoseNetwork? poses = null, DetectorNetwork? detector = null) =>
        (Device, this.model, this.poses, this.detector) = (device, model, poses, detector);

    /// <summary>Where it computes.</summary>
    public Device Device { get; }

    /// <summary>Opens a run folder or a checkpoint.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="Checkpoints.CheckpointException">It is damaged.</exception>
    /// <exception cref="TorchException">The device lacks memory.</exception>
    public static TorchEngine Open(string source, Device device) => CheckpointTask.Of(source) switch
    {
        ModelTask.Pose => new TorchEngine(device, poses: PoseNetwork.Open(source, device)),
        ModelTask.Detection => new TorchEngine(device, detector: DetectorNetwork.Open(source, device)),
        _ => new TorchEngine(device, LoadedModel.Open(source, device)),
    };

    /// <summary>The class of each pixel.</summary>
    /// <param name="image">The image.</param>
    /// <param name="threshold">Of a network of one output channel; null for its own.</param>
    /// <param name="stop">Gives up before the run.</param>
    public LabelMap Segment(RgbImage image, double? threshold, CancellationToken stop)
    {
        lock (gate)
        {
            stop.ThrowIfCancellationRequested();
            // The network's own settings are those of hwaso predict.
            return Segmenter.Of(model!.Segmentation, model.Normalisation, new Views { PadSmallTo = model.Crop }, model.Classes,
                threshold ?? model.Threshold).Segment(image, stop);
        }
    }

    /// <summary>
    /// The score of each class at each pixel, [K, height, width]; of a network of one output channel, those of both classes, of which the
    /// second is the channel itself.
    /// </summary>
    public float[] Scores(RgbImage image, CancellationToken stop)
    {
        lock (gate)
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new Scope();
            using var off = new NoGrad();
            var net = model!.Segmentation;
            var scores = net.Call(model.Normalisation.ToTensor(image, Device).Contiguous(MemoryFormat.ChannelsLast));
            if (net.Classes == ModelRecipe.OneChannel)
                scores = TwoClassLoss.Logits(scores);
            return Numbers(scores.ResizeBilinear(image.Height, image.Width, net.AlignCorners));
        }
    }

    /// <summary>The joints of people.</summary>
    /// <param name="image">The image.</param>
    /// <param name="boxes">Their boxes; null for one person who fills the image.</param>
    /// <param name="stop">Gives up between two people.</param>
    public IReadOnlyList<EstimatedPose> Estimate(RgbImage image, IReadOnlyList<PoseBox>? boxes, CancellationToken stop)
    {
        lock (gate)
            return
            [
                .. (boxes ?? [new PoseBox(0, 0, image.Width, image.Height)]).Select(box =>
                {
                    stop.ThrowIfCancellationRequested();
                    var estimator = poses!.Estimator;
                    var joints = estimator.Estimate(image, PersonCrop.OfBox(
                        new(box.X, box.Y, box.Width, box.Height), estimator.Options.Sampling.Aspect));
                    return new EstimatedPose(box, joints, estimator.ScoreOf(joints, box.Score));
                }),
            ];
    }

    /// <summary>The objects of an image.</summary>
    public FoundObject[] Find(RgbImage image, CancellationToken stop)
    {
        lock (gate)
        {
            stop.ThrowIfCancellationRequested();
            return detector!.Finder.Find(image);
        }
    }

    /// <summary>The depth of an image in metres, at its own size.</summary>
    public DepthMap Depth(RgbImage image, CancellationToken stop)
    {
        lock (gate)
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new Scope();
            using var off = new NoGrad();
            var depth = model!.Net.Call(model.Normalisation.ToTensor(image, Device)).ResizeBilinear(image.Height, image.Width);
            return new DepthMap(image.Width, image.Height, Numbers(depth));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            model?.Dispose();
            poses?.Dispose();
            detector?.Dispose();
        }
    }

    static float[] Numbers(Tensor tensor) => tensor.To(Device.Cpu).Contiguous().Span<float>().ToArray();
}
