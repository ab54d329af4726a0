using System.Globalization;
using Hwaso.Data.Poses;
using Hwaso.Imaging;

namespace Hwaso.Data.Tests.Poses;

public sealed class AnnotationCheckTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-annotations").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_folder_of_ones_own_without_faults_has_no_problems_and_opens()
    {
        Write(Annotation(1, 1));

        var report = AnnotationCheck.Run(PoseLayouts.Coco, root, ["train"]);

        Assert.Empty(report.Problems);
        Assert.Equal(1, report.People);
        var person = Assert.Single(PoseLayouts.Open(PoseLayouts.Coco, root, "train").People);
        // Clean boxes are a pixel smaller than annotated ones.
        Assert.Equal((1, 2, 9, 7), (person.Box.X, person.Box.Y, person.Box.Width, person.Box.Height));
        Assert.Equal([3, 4, 1, 5, 6, 1], person.Joints);
    }

    [Theory]
    [InlineData("\"id\": 1, \"image_id\": 9", "annotations[0] (id 1): image 9 is not among the 1 images")]
    [InlineData("\"id\": 0, \"image_id\": 1", "annotations[0] (id 0): ids begin at 1")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"category_id\": 5", "category 5 is not among the categories 1")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"bbox\": [1, 2, 0, 8]", "its box [1, 2, 0, 8] has no area")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"bbox\": [1.5, 2, 0, 8]", "its box [1.5, 2, 0, 8] has no area")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"bbox\": [50.5, 2, 3, 8]", "its box [50.5, 2, 3, 8] lies outside the image of 20×16")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"keypoints\": [3, 4, 1.5, 50.5, 6, 1]", "joint 1 has visibility 1.5;")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"keypoints\": [3, 4, 2, 50.5, 6, 1]", "joint 2 lies at (50.5, 6), outside")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"num_keypoints\": 1", "num_keypoints says 1, 2 joints are labelled")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"keypoints\": [3, 4, 2, 50, 6, 1]", "joint 2 lies at (50, 6), outside the image of 20×16")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"keypoints\": [3, 4, 2]", "3 numbers of keypoints; 6 were wanted for 2 joints")]
    [InlineData("\"id\": 1, \"image_id\": 1, \"keypoints\": [3, 4, 7, 5, 6, 1]", "joint 1 has visibility 7")]
    public void A_fault_is_named_with_its_entry(string fields, string wanted)
    {
        // Of a key that stands twice, the last counts.
        Write(
            """{"category_id": 1, "iscrowd": 0, "area": 60, "num_keypoints": 2, "bbox": [1, 2, 10, 8], """
            + $$""" "keypoints": [3, 4, 2, 5, 6, 1], {{fields}}}""");

        var report = UnderCommaCulture(() => AnnotationCheck.Run(PoseLayouts.Coco, root, ["train"]));

        Assert.Contains(report.Problems, p => p.Message.Contains(wanted, StringComparison.Ordinal));
        Assert.All(report.Problems, p => Assert.Equal(Path.Combine(root, "annotations.json"), p.Path));
    }

    [Fact]
    public void Ids_that_come_twice_and_missing_images_are_named()
    {
        Write($"{Annotation(1, 1)}, {Annotation(1, 1)}");
        File.Delete(Path.Combine(root, "images", "a.png"));

        var messages = AnnotationCheck.Run(PoseLayouts.Coco, root, ["train"]).Problems.Select(p => $"{p.Path}: {p.Message}").ToArray();

        Assert.Contains(messages, m => m.Contains("annotations[1] (id 1): this id stands here a second time", StringComparison.Ordinal));
        Assert.Contains(messages, m => m.Contains("a.png: no such file", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_was_cut_short_is_named_with_its_byte()
    {
        Write(Annotation(1, 1));
        var path = Path.Combine(root, "annotations.json");
        File.WriteAllText(path, File.ReadAllText(path)[..200]);

        var problem = Assert.Single(AnnotationCheck.Run(PoseLayouts.Coco, root, ["train"]).Problems);

        Assert.Equal(ProblemKind.BrokenFile, problem.Kind);
        Assert.Contains("byte", problem.Message, StringComparison.Ordinal);
    }

    // Numbers are written 1,5 under it; messages are the same everywhere. It is made here, as a machine may have no cultures.
    static AnnotationReport UnderCommaCulture(Func<AnnotationReport> check)
    {
        var before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        try
        {
            CultureInfo.CurrentCulture = comma;
            return check();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    static string Annotation(int id, int image) =>
        $$"""{"id": {{id}}, "image_id": {{image}}, "category_id": 1, "iscrowd": 0, "area": 60, "num_keypoints": 2, """
        + """ "bbox": [1, 2, 10, 8], "keypoints": [3, 4, 2, 5, 6, 1]}""";

    void Write(string annotations)
    {
        Directory.CreateDirectory(Path.Combine(root, "images"));
        Png.Write(Path.Combine(root, "images", "a.png"), new RgbImage(20, 16));
        File.WriteAllText(
            Path.Combine(root, "annotations.json"),
            """{"categories": [{"id": 1, "name": "stick", "keypoints": ["left_end", "right_end"], "sigmas": [0.1, 0.1]}], """
            + """ "images": [{"id": 1, "file_name": "a.png", "width": 20, "height": 16}], """
            + $$""" "annotations": [{{annotations}}]}""");
    }
}
