using Hwaso.Imaging;
using Hwaso.Inference.Depth;

namespace Hwaso.Inference.Tests.Depth;

public sealed class DepthImagesTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-depth-images").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_folder_s_images_of_every_kind_are_found_in_either_case_but_not_those_written_to()
    {
        var output = Directory.CreateDirectory(Path.Combine(root, "depth")).FullName;
        File.WriteAllText(Path.Combine(output, "old.png"), "");
        File.WriteAllText(Path.Combine(root, "notes.txt"), "");
        Assert.Contains("nor any image in it",
            Assert.Throws<FileNotFoundException>(() => DepthImages.Of([root], output, null, "train")).Message, StringComparison.Ordinal);
        var wanted = ImageFile.Extensions.SelectMany(e => new[] { "a" + e, "b" + e.ToUpperInvariant() })
            .Select(name => Path.Combine(root, name)).Order(StringComparer.Ordinal).ToArray();
        foreach (var file in wanted)
            File.WriteAllText(file, "");
        Assert.Equal(wanted, DepthImages.Of([root], output, null, "train"));
    }
}
