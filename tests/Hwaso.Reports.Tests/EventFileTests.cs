using System.Text;

namespace Hwaso.Reports.Tests;

public sealed class EventFileTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-events").FullName;

    // RFC 3720 (iSCSI), appendix B.4, and the catalogue's check value of "123456789".
    public static TheoryData<byte[], uint> Vectors => new()
    {
        { new byte[32], 0x8A9136AA },
        { [.. Enumerable.Repeat((byte)0xFF, 32)], 0x62A8AB43 },
        { [.. Enumerable.Range(0, 32).Select(k => (byte)k)], 0x46DD794E },
        { [.. Enumerable.Range(0, 32).Select(k => (byte)(31 - k))], 0x113FDB5C },
        { Encoding.ASCII.GetBytes("123456789"), 0xE3069283 },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Check_is_that_of_the_standard(byte[] bytes, uint check)
    {
        Assert.Equal(check, Crc32C.Of(bytes));
        Assert.Equal(check, EventRecords.Check(bytes));
        Assert.Equal(((check >> 15) | (check << 17)) + 0xA282EAD8, Crc32C.Masked(bytes));
    }

    [Fact]
    public void File_holds_version_start_and_values()
    {
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        using (var file = new EventFile(folder, 1))
        {
            file.Scalars(10, [("train/loss", 2.5), ("화소", -1e-20)]);
            file.Scalars(1L << 40, [("val/miou", double.NaN)]);
        }
        var events = EventRecords.Read(Directory.GetFiles(folder).Single());

        Assert.Equal(("brain.Event:2", true, 1), (events[0].Version, events[1].IsStart, events[1].Step));
        Assert.Equal([("train/loss", 2.5f), ("화소", -1e-20f)], events[2].Values.Select(v => (v.Key, v.Value)));
        Assert.Equal((1L << 40, float.NaN), (events[3].Step, events[3].Values["val/miou"]));
        Assert.All(events, e => Assert.InRange(e.WallTime, before - 1e-3, before + 600));
    }

    [Fact]
    public void A_later_session_has_a_later_file_that_takes_over_from_its_step()
    {
        using (var first = new EventFile(folder, 1))
            for (var step = 1; step <= 4; step++)
                first.Scalars(step, [("x", step)]);
        using (var second = new EventFile(folder, 3))
            second.Scalars(3, [("x", 30)]);
        Assert.Equal([(1L, "x", 1f), (2, "x", 2), (3, "x", 30)], EventRecords.Shown(folder));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
