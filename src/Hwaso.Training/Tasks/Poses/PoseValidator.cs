using System.Text.Json;
using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Inference.Poses;
using Hwaso.Metrics.Coco;
using Hwaso.Recipes;

namespace Hwaso.Training.Tasks.Poses;

/// <summary>Finds the joints of every person of a split, as the published protocol does, and scores them.</summary>
public sealed class PoseValidator(PoseEstimator estimator, PoseDataset data, PoseRecipe protocol, int batch)
{
    /// <summary>The joints of every person, or of the part that this process has, in the order of the data set.</summary>
    /// <param name="progress">Gets the people done.</param>
    /// <param name="first">The first batch of people, from 0.</param>
    /// <param name="step">From one batch to the next.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    public IReadOnlyList<EstimatedPerson> Estimate(
        Action<int>? progress = null, int first = 0, int step = 1, CancellationToken stop = default)
    {
        var aspect = estimator.Options.Sampling.Aspect;
        var answers = new List<EstimatedPerson>();
        (string Path, RgbImage? Image) last = ("", null);
        foreach (var people in data.People.Chunk(batch).Where((_, k) => k % step == first))
        {
            stop.ThrowIfCancellationRequested();
            PersonCrop[] places = [.. people.Select(p => PoseDataset.CropOf(p, aspect))];
            RgbImage[] crops = [.. people.Zip(places, (person, place) => estimator.Crop(Image(person), place))];
            foreach (var (n, joints) in estimator.Estimate(crops, places).Index())
                answers.Add(new EstimatedPerson(
                    people[n], places[n], [.. joints.Select(v => (double)v)], estimator.ScoreOf(joints, people[n].BoxScore)));
            progress?.Invoke(answers.Count);
        }
        return answers;

        // People of an image follow each other, mostly.
        RgbImage Image(PosePerson person)
        {
            if (last.Path != person.ImagePath || last.Image is null)
                last = (person.ImagePath, person.ReadImage());
            return last.Image;
        }
    }

    /// <summary>Everyone, from the parts that the processes have, each as <see cref="Estimate"/> gives it.</summary>
    public IReadOnlyList<EstimatedPerson> Join(IReadOnlyList<FoundJoints[]> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var left = parts.Select(part => new Queue<FoundJoints>(part)).ToArray();
        return
        [
            .. data.People.Chunk(batch).Index().SelectMany(chunk => chunk.Item.Select(person =>
                left[chunk.Index % left.Length].Dequeue() is var found
                    ? new EstimatedPerson(person, PoseDataset.CropOf(person, estimator.Options.Sampling.Aspect), found.Joints, found.Score)
                    : null!)),
        ];
    }

    /// <summary>Leaves out people found twice on an image (OKS-NMS), the images in the order of their first person.</summary>
    public IReadOnlyList<EstimatedPerson> WithoutTwins(IReadOnlyList<EstimatedPerson> people)
    {
        ArgumentNullException.ThrowIfNull(people);
        var suppression = new PoseSuppression(new ObjectKeypointSimilarity(data.Description.Sigmas
            ?? [.. Enumerable.Repeat(1.0 / data.Description.Count, data.Description.Count)]));
        return
        [
            .. people.GroupBy(p => p.Person.ImageId).SelectMany(group =>
            {
                EstimatedPerson[] all = [.. group];
                DetectedPose[] poses = [.. all.Select(p => new DetectedPose(p.Joints, p.Score, p.Place.Area))];
                var kept = protocol.SoftNms ? suppression.Soft(poses, protocol.OksThreshold)
                    : suppression.Hard(poses, protocol.OksThreshold);
                return kept.Count == 0 ? all : kept.Select(k => all[k]);
            }),
        ];
    }

    /// <summary>People as COCO's results.</summary>
    public CocoResults ResultsOf(IReadOnlyList<EstimatedPerson> people)
    {
        ArgumentNullException.ThrowIfNull(people);
        return new CocoResults("the network's answers", [.. people.Select((p, k) => new CocoResult
        {
            Index = k,
            ImageId = p.Person.ImageId,
            CategoryId = data.Category,
            Score = p.Score,
            Keypoints = p.Joints,
        })]);
    }

    /// <summary>Writes people in COCO's form of results.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string path, IReadOnlyList<EstimatedPerson> people)
    {
        ArgumentNullException.ThrowIfNull(people);
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartArray();
        foreach (var person in people)
        {
            json.WriteStartObject();
            json.WriteNumber("image_id", person.Person.ImageId);
            json.WriteNumber("category_id", data.Category);
            Numbers("keypoints", person.Joints);
            json.WriteNumber("score", person.Score);
            Numbers("center", [person.Place.CenterX, person.Place.CenterY]);
            Numbers("scale", [person.Place.ScaleX, person.Place.ScaleY]);
            json.WriteEndObject();
        }
        json.WriteEndArray();

        void Numbers(string name, IEnumerable<double> values)
        {
            json.WriteStartArray(name);
            foreach (var value in values)
                json.WriteNumberValue(value);
            json.WriteEndArray();
        }
    }

    /// <summary>The numbers of a protocol's answers: COCO's ten where there are annotations, else PCKh.</summary>
    public (KeypointScores? Keypoints, HeadScores? Heads) Score(IReadOnlyList<EstimatedPerson> people, int threads, int bootstrap = 0)
    {
        ArgumentNullException.ThrowIfNull(people);
        if (data.HeadTruth is { } heads)
            return (null, HeadScores.Of(
                heads, [.. people.SelectMany(p => p.Joints.Where((_, k) => k % 3 != 2).Select(v => v + 1))], data.Name));
        return (KeypointScorer.Score(
            data.Truth!, ResultsOf(people), new KeypointScoreOptions { Threads = threads, Bootstrap = bootstrap }), null);
    }
}

/// <summary>What was found of a person.</summary>
/// <param name="Joints">x, y and score of each joint.</param>
/// <param name="Score">The person's score.</param>
public sealed record FoundJoints(double[] Joints, double Score);

/// <summary>A person whose joints were found.</summary>
/// <param name="Person">The person.</param>
/// <param name="Place">The part of the image that the network saw.</param>
/// <param name="Joints">x, y and score of each joint.</param>
/// <param name="Score">The person's score.</param>
public sealed record EstimatedPerson(PosePerson Person, PersonCrop Place, double[] Joints, double Score);
