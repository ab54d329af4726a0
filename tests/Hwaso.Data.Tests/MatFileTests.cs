using System.IO.Compression;
using System.Text.Json;
using Hwaso.Data.Matlab;
using Hwaso.Tests;

namespace Hwaso.Data.Tests;

/// <summary>MATLAB files that scipy wrote (tests/fixtures/matlab/make.py).</summary>
public sealed class MatFileTests : IDisposable
{
    readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    static JsonElement Expected(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("matlab/expected.json")));
        return json.RootElement.GetProperty(name).Clone();
    }

    static void Same(JsonElement expected, MatArray found)
    {
        var image = found.ToImage();
        Assert.Equal((20, 15), (image.Width, image.Height));
        Assert.Equal(expected.EnumerateArray().SelectMany(row => row.EnumerateArray().Select(v => v.GetInt32())),
            image.Values.Select(v => (int)v));
    }

    [Theory]
    [InlineData("2008_000001")]
    [InlineData("2008_000002")]
    [InlineData("2008_000003")]
    public void A_struct_with_cells_and_sparse_matrices_around_the_labels_is_read(string name)
    {
        var truth = MatFile.Read(Fixtures.Path($"matlab/sbd/dataset/cls/{name}.mat"))["GTcls"];
        Assert.Equal(["Boundaries", "CategoriesPresent", "Segmentation"], truth.Fields.Keys.Order(StringComparer.Ordinal));
        Same(Expected($"sbd/{name}"), truth.Fields["Segmentation"]);
        Assert.Null(truth.Fields["Boundaries"].Numbers);
    }

    [Theory]
    [InlineData("2008_000011")]
    [InlineData("2008_000012")]
    public void A_matrix_is_read_compressed_or_not(string name) =>
        Same(Expected($"context/{name}"), MatFile.Read(Fixtures.Path($"matlab/context/trainval/{name}.mat"))["LabelMap"]);

    [Fact]
    public void Every_number_type_is_read_and_what_is_no_matrix_is_passed_over()
    {
        var variables = MatFile.Read(Fixtures.Path("matlab/kinds.mat"));
        foreach (var name in new[] { "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "single", "double" })
        {
            var array = variables[name];
            Assert.Equal((2, 3), (array.Rows, array.Columns));
            // Rows 0 1 2 and 3 4 5, kept column by column.
            Assert.Equal([0, 3, 1, 4, 2, 5], array.Numbers!);
        }
        foreach (var name in new[] { "text", "cell", "cube", "none" })
            Assert.Throws<InvalidDataException>(() => variables[name].ToImage());
    }

    [Fact]
    public void A_big_endian_file_is_read()
    {
        // By hand, after the format: header, then uint16 'm' of 1×2 holding 258 and 3.
        byte[] header = [.. Enumerable.Repeat((byte)' ', 124), 0x01, 0x00, (byte)'M', (byte)'I'];
        byte[] body =
        [
            0, 0, 0, 6, 0, 0, 0, 8, 0, 0, 0, 11, 0, 0, 0, 0,
            0, 0, 0, 5, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 2,
            0, 1, 0, 1, (byte)'m', 0, 0, 0,
            0, 4, 0, 4, 1, 2, 0, 3,
        ];
        File.WriteAllBytes(file, [.. header, 0, 0, 0, 14, 0, 0, 0, (byte)body.Length, .. body]);
        Assert.Equal([258, 3], MatFile.Read(file)["m"].Numbers!);
    }

    [Fact]
    public void Other_versions_are_refused_by_name()
    {
        void Refused(string message)
        {
            Assert.Contains(message, Assert.Throws<InvalidDataException>(() => MatFile.Read(file)).Message, StringComparison.Ordinal);
            Assert.Contains($"{file}: {message}", Assert.Throws<DatasetException>(() => MatLabels.Read(file)).Message,
                StringComparison.Ordinal);
        }

        File.Copy(Fixtures.Path("matlab/version4.mat"), file, overwrite: true);
        Refused("a MATLAB 4 file; version 5 to 7 was wanted");
        File.WriteAllText(file, "MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: now HDF5 schema 1.00 .".PadRight(512));
        Refused("a MATLAB 7.3 file, which is HDF5");
        File.WriteAllBytes(file, [0x89, .. "HDF\r\n"u8, .. new byte[200]]);
        Refused("a MATLAB 7.3 file, which is HDF5");
        File.WriteAllBytes(file, [.. Enumerable.Repeat((byte)' ', 124), 0x00, 0x03, (byte)'I', (byte)'M']);
        Refused("a MATLAB file of version 0x0300");
        File.WriteAllText(file, "");
        Refused("no MATLAB file of version 5 to 7, or one that is cut short");
    }

    [Theory]
    [InlineData("matlab/sbd/dataset/cls/2008_000001.mat")]
    [InlineData("matlab/context/trainval/2008_000012.mat")]
    [InlineData("matlab/kinds.mat")]
    public void A_file_cut_or_altered_anywhere_is_an_error_or_another_matrix_but_never_a_crash(string name)
    {
        var whole = File.ReadAllBytes(Fixtures.Path(name));
        var refused = 0;
        foreach (var at in Enumerable.Range(0, whole.Length).Where(k => whole.Length < 2000 || k % 7 == 0))
            foreach (var damaged in new[] { whole[..at], [.. whole[..at], (byte)(whole[at] ^ 0xff), .. whole[(at + 1)..]] })
            {
                File.WriteAllBytes(file, damaged);
                var error = Record.Exception(() => MatFile.Read(file));
                Assert.True(error is null or InvalidDataException, $"byte {at}: {error}");
                refused += error is null ? 0 : 1;
            }
        Assert.True(refused > 100, $"{refused}");
    }

    [Fact]
    public void A_small_file_that_unpacks_to_gigabytes_is_refused()
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            for (var k = 0; k < 300; k++)
                zlib.Write(new byte[1 << 20]);
        byte[] header = [.. Enumerable.Repeat((byte)' ', 124), 0x00, 0x01, (byte)'I', (byte)'M'];
        File.WriteAllBytes(file, [.. header, 15, 0, 0, 0, .. BitConverter.GetBytes((int)packed.Length), .. packed.ToArray()]);
        var error = Assert.Throws<InvalidDataException>(() => MatFile.Read(file));
        Assert.Contains("unpacks to more than 256 MiB", error.Message, StringComparison.Ordinal);
    }
}
