using System.Text.Json.Nodes;

namespace Hwaso.Models.Tests.HRNet;

static class JsonSizes
{
    public static long[] Longs(this JsonNode list) => [.. list.AsArray().Select(n => n!.GetValue<long>())];
}
