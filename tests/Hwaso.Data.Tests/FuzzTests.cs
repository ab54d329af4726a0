using System.Text;
using Hwaso.Data.Annotations;
using Hwaso.Data.Converting;
using Hwaso.Data.Layouts;
using Hwaso.Data.Matlab;
using Hwaso.Tests;

namespace Hwaso.Data.Tests;

/// <summary>Damaged descriptions and annotations: each is read or refused by an exception that names the file.</summary>
public sealed class FuzzTests : IDisposable
{
    const string Description = """
        name: streets
        images: images/{split}/*.jpg
        masks: masks/{split}/*.png
        list: lists/{split}.txt
        encoding: color
        ignore: [[0, 0, 0], [255, 255, 255]]
        background: true
        classes:
          - {name: road, color: [128, 64, 128]}
          - {name: car, color: [0, 0, 142]}
        """;

    const string Indexed = """
        images: i/*.png
        masks: m/*.png
        ignore: [250, 255]
        first_value: 1
        classes: [road, {name: car, value: 7}]
        """;

    const string Annotations = """
        {"images": [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 30}, {"id": 2, "file_name": "b.jpg", "width": 8, "height": 8}],
        "categories": [{"id": 1, "name": "person", "keypoints": ["nose", "eye"], "skeleton": [[1, 2]]}, {"id": 3, "name": "car"}],
        "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 10.5, 12], "area": 90, "iscrowd": 0, "num_keypoints": 1,
         "keypoints": [3, 4, 2, 0, 0, 0], "segmentation": [[1, 2, 11.5, 2, 11.5, 14, 1, 14]]},
        {"id": 2, "image_id": 2, "category_id": 3, "bbox": [0, 0, 8, 8], "area": 20, "iscrowd": 1,
         "segmentation": {"size": [8, 8], "counts": [44, 20]}},
        {"id": 3, "image_id": 2, "category_id": 3, "bbox": [0, 0, 8, 8], "area": 20, "iscrowd": 1,
         "segmentation": {"size": [8, 8], "counts": "\\1d0"}}]}
        """;

    const string Results = """
        [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 10.5, 12], "score": 0.5, "keypoints": [3, 4, 2, 0, 0, 0]},
        {"image_id": 2, "category_id": 3, "bbox": [0, 0, 8, 8], "score": 1e-3, "segmentation": {"size": [8, 8], "counts": "\\1d0"}}]
        """;

    static readonly string[] coco =
        ["[", "]", "{", "}", ",", "\"", "null", "1e999", "-1", "\"size\"", "\"counts\"", "\"id\"", "\"bbox\"", "\"segmentation\"", "NaN"];

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-fuzz").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_damaged_dataset_yaml_is_read_or_refused() =>
        new Fuzz([Encoding.UTF8.GetBytes(Description), Encoding.UTF8.GetBytes(Indexed)], "[", "]", "{", "}", "- ", ": ", "? ", "&a ", "*a",
            "!!int ", "|", ">", "'", "\"", "\n", "\t", "#", "%YAML", "---\n", "...\n", "<<: ", "ignore: 0\n", "first_value: 1\n")
            .Run(3000, file => FolderDescription.Read(Encoding.UTF8.GetString(file), "dataset.yaml"), e => e is DatasetException);

    [Fact]
    public void A_damaged_MATLAB_file_is_read_or_refused()
    {
        string[] names = ["kinds.mat", "sbd/dataset/cls/2008_000001.mat", "context/trainval/2008_000011.mat"];
        var path = Path.Combine(folder, "damaged.mat");
        // Its elements are deflated, at most 1032 bytes to one.
        new Fuzz([.. names.Select(name => File.ReadAllBytes(Fixtures.Path($"matlab/{name}")))]) { BytesOfByte = 4096 }.Run(2000, file =>
        {
            File.WriteAllBytes(path, file);
            MatFile.Read(path);
        }, e => e is InvalidDataException);
    }

    [Fact]
    public void Damaged_annotations_of_PASCAL_Context_are_read_or_refused()
    {
        var path = Path.Combine(folder, "damaged.json");
        new Fuzz([File.ReadAllBytes(Fixtures.Path("matlab/context/trainval_merged.json"))], "[", "]", "{", "}", ",", "\"", "null", "1e999",
            "\"size\"", "\"counts\"").Run(500, file =>
        {
            File.WriteAllBytes(path, file);
            var json = ContextJson.Read(path);
            foreach (var image in json.Images.Where(json.IsAnnotated))
                json.Labels(image.Name);
        }, e => e is DatasetException);
    }

    [Fact]
    public void Damaged_COCO_annotations_are_read_or_refused()
    {
        var path = Path.Combine(folder, "damaged.json");
        new Fuzz([Encoding.UTF8.GetBytes(Annotations), File.ReadAllBytes(Fixtures.Path("pose/ap/edges2_truth.json"))], coco)
            .Run(1000, file =>
            {
                File.WriteAllBytes(path, file);
                foreach (var found in CocoFile.Read(path, outlines: true).Annotations)
                    found.Outline?.ToMask(30, 40);
            }, e => e is DatasetException or FormatException);
    }

    [Fact]
    public void Damaged_COCO_results_are_read_or_refused()
    {
        var path = Path.Combine(folder, "results.json");
        new Fuzz([Encoding.UTF8.GetBytes(Results), File.ReadAllBytes(Fixtures.Path("pose/ap/edges1_results.json"))], coco)
            .Run(1000, file =>
            {
                File.WriteAllBytes(path, file);
                CocoResults.Read(path, outlines: true);
            }, e => e is DatasetException);
    }
}
