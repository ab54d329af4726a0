using System.Text.Json;
using Hwaso.Data.Annotations;
using Hwaso.Data.Matlab;

namespace Hwaso.Data.Poses;

/// <summary>
/// MPII's <c>annot/gt_valid.mat</c>, by which PCKh is measured: joints, their visibility and head boxes of N people, in MATLAB's pixels,
/// which begin at 1.
/// </summary>
public sealed class MpiiTruth
{
    /// <summary>The file beside the annotations.</summary>
    public const string FileName = "gt_valid.mat";

    readonly double[] positions, missing, heads;

    MpiiTruth(IReadOnlyList<string> joints, int people, double[] positions, double[] missing, double[] heads) =>
        (Joints, People, this.positions, this.missing, this.heads) = (joints, people, positions, missing, heads);

    /// <summary>The joints' short names, such as <c>rank</c>; J.</summary>
    public IReadOnlyList<string> Joints { get; }

    /// <summary>N.</summary>
    public int People { get; }

    /// <summary>Whether a joint of a person is annotated.</summary>
    public bool IsVisible(int person, int joint) => missing[person * Joints.Count + joint] == 0;

    /// <summary>A joint's place, from 1.</summary>
    public (double X, double Y) Position(int person, int joint)
    {
        var at = (person * 2) * Joints.Count + joint;
        return (positions[at], positions[at + Joints.Count]);
    }

    /// <summary>The diagonal of a person's head box in pixels.</summary>
    public double HeadDiagonal(int person)
    {
        // Two corners by two coordinates, the corners running fastest.
        var box = heads.AsSpan(person * 4, 4);
        var (width, height) = (box[1] - box[0], box[3] - box[2]);
        return Math.Sqrt(width * width + height * height);
    }

    /// <summary>Reads the file of a data set.</summary>
    /// <param name="root">The data set's folder, its <c>annot</c> folder, or the file.</param>
    /// <exception cref="DatasetException">There is none, or it holds other arrays.</exception>
    public static MpiiTruth Read(string root)
    {
        string[] places = [root, Path.Combine(root, FileName), Path.Combine(root, "annot", FileName)];
        var path = places.FirstOrDefault(File.Exists)
            ?? throw new DatasetException(root, $"holds no {FileName}, neither here nor in annot; name MPII's folder");
        var arrays = Arrays(path);
        var joints = arrays.GetValueOrDefault("dataset_joints")?.Texts ?? [];
        var positions = Of("pos_gt_src", [joints.Count, 2, 0]);
        var people = positions.Length / Math.Max(1, 2 * joints.Count);
        return new MpiiTruth(
            [.. joints], people, positions, Of("jnt_missing", [joints.Count, people]), Of("headboxes_src", [2, 2, people]));

        double[] Of(string name, int[] wanted)
        {
            var array = arrays.GetValueOrDefault(name);
            // MATLAB leaves sizes of 1 at the end out.
            int[] sizes = array is null ? []
                : [.. array.Sizes, .. Enumerable.Repeat(1, Math.Max(0, wanted.Length - array.Sizes.Count))];
            var fits = joints.Count > 0 && sizes.Length == wanted.Length
                && sizes.Zip(wanted).All(s => s.Second == 0 || s.First == s.Second);
            return fits ? array!.Numbers! : throw new DatasetException(
                path, $"holds no '{name}' of {string.Join('×', wanted.Select(w => w == 0 ? "N" : $"{w}"))} numbers beside "
                    + "'dataset_joints'; MPII's gt_valid.mat was wanted");
        }
    }

    /// <summary>
    /// Reads predicted joints: <c>preds</c> of a <c>.mat</c> file as the authors' code writes it, N×J×2 or more in MATLAB's pixels; or a
    /// JSON list of N people, each a list of J joints [x, y, …] in pixels from 0.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="joints">J.</param>
    /// <returns>N × J × 2 numbers in MATLAB's pixels.</returns>
    /// <exception cref="DatasetException">The file has another form.</exception>
    public static double[] ReadPredictions(string path, int joints) =>
        path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? FromJson(path, joints) : FromMat(path, joints);

    static double[] FromMat(string path, int joints)
    {
        var array = Arrays(path).GetValueOrDefault("preds");
        if (array?.Numbers is null || array.Sizes.Count is not (2 or 3) || array.Sizes[1] != joints
            || (array.Sizes.Count == 3 && array.Sizes[2] < 2))
            throw new DatasetException(path, $"holds no 'preds' of N×{joints}×2 numbers, as the authors' evaluation writes them");
        var people = array.Sizes[0];
        if (array.Sizes.Count == 2)
            throw new DatasetException(
                path, $"'preds' has {people}×{joints} numbers, which are no coordinates; N×{joints}×2 were wanted");
        var result = new double[people * joints * 2];
        for (var n = 0; n < people; n++)
            for (var j = 0; j < joints; j++)
                for (var c = 0; c < 2; c++)
                    result[(n * joints + j) * 2 + c] = array.Numbers[n + people * (j + joints * c)];
        return Finite(path, result, joints);
    }

    static double[] FromJson(string path, int joints)
    {
        using var json = new JsonStream(path);
        var result = new List<double>();
        json.Read();
        if (json.Token != JsonTokenType.StartArray)
            throw json.Error($"no list; N people, each a list of {joints} joints [x, y], were wanted");
        json.Items(_ =>
        {
            var before = result.Count;
            json.Items(_ =>
            {
                var joint = json.Numbers();
                if (joint.Length < 2)
                    throw json.Error($"{joint.Length} numbers; x and y were wanted");
                result.Add(joint[0] + 1);
                result.Add(joint[1] + 1);
            });
            if (result.Count - before != 2 * joints)
                throw json.Error($"{(result.Count - before) / 2} joints; {joints} were wanted");
        });
        return [.. result];
    }

    static double[] Finite(string path, double[] numbers, int joints) =>
        Array.FindIndex(numbers, n => !double.IsFinite(n)) is var k and >= 0
            ? throw new DatasetException(
                path, $"'preds' of person {k / 2 / joints + 1}, joint {k / 2 % joints + 1} is {numbers[k]}; a number was wanted")
            : numbers;

    static IReadOnlyDictionary<string, MatArray> Arrays(string path)
    {
        try
        {
            return MatFile.Read(path);
        }
        catch (InvalidDataException error)
        {
            throw new DatasetException(path, error.Message, error);
        }
    }
}
