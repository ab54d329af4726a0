using Hwaso.Checkpoints;
using Hwaso.Data.Poses;
using Hwaso.Inference;
using Hwaso.Inference.Poses;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Runtime.Poses;
using Hwaso.Scenes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Poses;

/// <summary>A pose network from rendered people to a deployed file.</summary>
public sealed class PoseTrainingTests : TensorTest
{
    const string Text = """
        name: small
        seed: 7
        model:
          family: hrnet-pose
          init: pytorch
          stage1: {blocks: 1, channels: 8}
          stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [8, 16, 32]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}
        data: {layout: coco-keypoints}
        augment: {crop: [64, 32]}
        pose: {sigma: 1}
        train:
          epochs: 2
          batch: 4
          log_every: 1
          optimizer: {name: adam, learning_rate: 0.002}
        """;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-pose").FullName;

    [Fact]
    public void Run_that_was_stopped_continues_to_the_same_weights_and_is_deployed()
    {
        var data = Path.Combine(folder, "data");
        SceneSet.Write(data, SceneLayout.Coco, 3, 192, 128, seed: 3, val: 2);
        Assert.InRange(PoseLayouts.Open(PoseLayouts.Coco, data, "train").People.Count, 8, 80);

        var whole = Train("whole", resume: false, stopAfter: null);
        Train("parts", resume: false, stopAfter: 3);
        var parts = Train("parts", resume: true, stopAfter: null);

        Assert.True(whole.Finished && parts.Finished);
        var (one, two) = (TensorFile.Read(At("whole").Last).Tensors, TensorFile.Read(At("parts").Last).Tensors);
        Assert.All(one, t => Assert.True(t.Value.Data.Span.SequenceEqual(two[t.Key].Data.Span), t.Key));
        Assert.Contains("share near its truth", Report("whole"), StringComparison.Ordinal);

        Deployed(PoseLayouts.Open(PoseLayouts.Coco, data, "val"));

        TrainResult Train(string name, bool resume, long? stopAfter)
        {
            using var stop = new CancellationTokenSource();
            var request = new TrainRequest(RecipeFile.Read(Text, "small.yaml"), data, At(name), resume, Device.Cpu, 1);
            using var trainer = new Trainer(request, TrainingTasks.Open(request), new RunWatcher(step =>
            {
                if (step == stopAfter)
                    stop.Cancel();
            }));
            var result = trainer.Run(stop.Token);
            if (result.Finished)
                trainer.WriteReport(result);
            return result;
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The exported file finds the joints that libtorch finds.</summary>
    void Deployed(PoseDataset people)
    {
        var file = Path.Combine(folder, "pose.onnx");
        using (var model = LoadedModel.Open(At("whole").Root, Device.Cpu))
            Exporter.Write(model, new ExportOptions(), file);
        using var network = PoseNetwork.Open(At("whole").Root, Device.Cpu);
        using var deployed = PoseModel.Load(file, new RuntimeOptions { Threads = 1 });
        Assert.Equal(PoseDescription.Coco.Joints, deployed.Metadata.Joints);
        foreach (var person in people.People.Take(4))
        {
            var image = person.ReadImage();
            var wanted = network.Estimator.Estimate(image, PersonCrop.OfBox(person.Box, 0.5));
            var box = new PoseBox(person.Box.X, person.Box.Y, person.Box.Width, person.Box.Height);
            var pose = Assert.Single(deployed.Estimate(image.Pixels, image.Width, image.Height, [box]));
            // Two engines' sums differ in float32's last digits, which moves no argmax of these maps.
            AssertClose(wanted, pose.Keypoints, 1e-4, person.ImagePath);
            Assert.Equal(network.Estimator.ScoreOf(wanted, 1), pose.Score, 1e-4);
        }
        Assert.Throws<ArgumentException>(() => deployed.Estimate(new byte[12], 2, 2, [new PoseBox(0, 0, 0, 1)]));
        Assert.Throws<ArgumentException>(() => deployed.Estimate(new byte[11], 2, 2));
    }

    string Report(string name) => File.ReadAllText(At(name).Report);

    RunFolder At(string name) => new(Path.Combine(folder, name));
}
