using System.Text;
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
}
