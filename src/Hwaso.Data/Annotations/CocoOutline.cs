using System.Text.Json;
using Hwaso.Imaging.Masks;

namespace Hwaso.Data.Annotations;

/// <summary>An object's pixels as COCO's files have them: polygons, run lengths, or run lengths as text.</summary>
public sealed record CocoOutline
{
    /// <summary>Corners x, y of each polygon in pixels; null where there are run lengths.</summary>
    public IReadOnlyList<double[]>? Polygons { get; init; }

    /// <summary>Height of the mask of run lengths.</summary>
    public int Height { get; init; }

    /// <summary>Width of the mask of run lengths.</summary>
    public int Width { get; init; }

    /// <summary>Run lengths, column by column, zeros first; null where they are text or polygons.</summary>
    public uint[]? Counts { get; init; }

    /// <summary>Run lengths as text; null where they are numbers or polygons.</summary>
    public string? Text { get; init; }

    /// <summary>The mask.</summary>
    /// <param name="height">Height of the image, for polygons.</param>
    /// <param name="width">Width of the image, for polygons.</param>
    /// <exception cref="FormatException">Run lengths that do not fill their mask, or a polygon of fewer than three corners.</exception>
    public RunLengths ToMask(int height, int width) =>
        Polygons is not null ? RunLengths.OfPolygons(Polygons, height, width)
            : Text is not null ? RunLengthText.Read(Text, Height, Width)
            : new RunLengths(Height, Width, Counts ?? []);

    /// <summary>Reads the value whose first token was read; null for an empty list, which programs write for boxes alone.</summary>
    internal static CocoOutline? Read(JsonStream json)
    {
        if (json.Token == JsonTokenType.StartArray)
        {
            List<double[]> polygons = [];
            json.Items(_ => polygons.Add(json.Numbers()));
            return polygons.Count > 0 ? new CocoOutline { Polygons = polygons } : null;
        }
        var outline = new CocoOutline();
        json.Members(name =>
        {
            switch (name)
            {
                case "size":
                    var size = json.Numbers(2);
                    outline = outline with { Height = Whole(size[0], int.MaxValue), Width = Whole(size[1], int.MaxValue) };
                    break;
                case "counts" when json.Token == JsonTokenType.String:
                    outline = outline with { Text = json.AsText() };
                    break;
                case "counts":
                    outline = outline with { Counts = [.. json.Numbers().Select(n => (uint)Whole(n, uint.MaxValue))] };
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        return outline.Counts is null && outline.Text is null ? throw json.Error("run lengths without 'counts'") : outline;

        int Whole(double number, double most) => number >= 0 && number <= most && Math.Floor(number) == number ? (int)(uint)number
            : throw json.Error(FormattableString.Invariant($"{number}; a whole number from 0 on was wanted"));
    }
}
