namespace Hwaso.Graph.Drawing;

/// <summary>
/// The place of every part on a drawing: columns by depth, lanes by resolution, rows in a lane where several parts of one column share it.
/// </summary>
sealed class Layout
{
    public const int Top = 74, Left = 96, BoxHeight = 50, Circle = 26, RowHeight = 66, LaneGap = 14, ColumnGap = 40, Margin = 20;

    readonly int[] columnX, columnWidth, rowY;
    readonly Dictionary<(int Row, int Column), Item> taken = [];

    /// <summary>Gives every part of a diagram its place.</summary>
    public Layout(Diagram diagram, IReadOnlyList<long> input)
    {
        foreach (var item in diagram.Items)
        {
            item.Column = item.Inputs.Count == 0 ? 0 : 1 + item.Inputs.Max(e => e.From.Column);
            // A frame begins to the right of every part that leads into it.
            foreach (var (framed, _) in diagram.Frames.Where(f => f.Items.Contains(item)))
            {
                var before = framed.SelectMany(i => i.Inputs).Where(e => !framed.Contains(e.From));
                item.Column = Math.Max(item.Column, 1 + before.Max(e => e.From.Column));
            }
        }
        // Outputs are at the right end.
        var columns = 1 + diagram.Items.Max(i => i.Column);
        foreach (var output in diagram.Items.Where(i => i.Kind == ItemKind.Output))
            output.Column = columns - 1;

        var lanes = diagram.Items.GroupBy(i => Lane(i, input)).OrderBy(g => g.Key.Order).ToArray();
        var row = 0;
        var y = Top;
        var rows = new List<int>();
        foreach (var lane in lanes)
        {
            foreach (var column in lane.GroupBy(i => i.Column))
                foreach (var (item, at) in column.Select((item, at) => (item, at)))
                    taken[(item.Row = row + at, item.Column)] = item;
            var height = lane.GroupBy(i => i.Column).Max(c => c.Count());
            Lanes.Add((lane.Key.Label, y, height * RowHeight + LaneGap));
            for (var k = 0; k < height; k++)
                rows.Add(y + LaneGap / 2 + k * RowHeight + RowHeight / 2);
            row += height;
            y += height * RowHeight + LaneGap;
        }
        rowY = [.. rows];
        Bottom = y;

        columnWidth = new int[columns];
        foreach (var item in diagram.Items)
            columnWidth[item.Column] = Math.Max(columnWidth[item.Column], Width(item));
        columnX = new int[columns];
        for (int c = 0, x = Left + 10; c < columns; x += columnWidth[c] + ColumnGap, c++)
            columnX[c] = x;
        Right = columnX[^1] + columnWidth[^1] + Margin;
    }

    /// <summary>The lanes from the top: label, first row of pixels, height.</summary>
    public List<(string Label, int Y, int Height)> Lanes { get; } = [];

    /// <summary>The lower end of the lanes.</summary>
    public int Bottom { get; }

    /// <summary>The right end of the columns.</summary>
    public int Right { get; }

    /// <summary>The middle of a part.</summary>
    public (int X, int Y) Middle(Item item) => (columnX[item.Column] + columnWidth[item.Column] / 2, rowY[item.Row]);

    /// <summary>The part's width: that of its longest line.</summary>
    public static int Width(Item item) =>
        item.Kind == ItemKind.Joint ? Circle : Math.Max(66, 18 + (int)(6.4 * ItemText.Lines(item).Max(l => l.Length)));

    /// <summary>Whether a row is empty between two columns, both excluded.</summary>
    public bool IsFree(int row, int after, int before)
    {
        for (var c = after + 1; c < before; c++)
            if (taken.ContainsKey((row, c)))
                return false;
        return true;
    }

    /// <summary>The right end of a column.</summary>
    public int ColumnEnd(int column) => columnX[column] + columnWidth[column];

    /// <summary>The left end of a column.</summary>
    public int ColumnStart(int column) => columnX[column];

    /// <summary>A line above a row that no part touches.</summary>
    public int Above(int row) => rowY[row] - RowHeight / 2;

    // By resolution, finest first; then parts without one, such as tokens and class scores.
    static (long Order, string Label) Lane(Item item, IReadOnlyList<long> input)
    {
        if (item.Shape is not [_, _, var height, var width] || height == 1 || width == 1)
            return item.Shape.Count == 3 ? (1_000_000_000, "tokens") : (1_000_000_001, "vectors");
        // Pooling that drops a remainder of pixels still halves the stride.
        var halvings = 1L << (int)Math.Round(Math.Log2(Math.Max(1, (double)input[2] / height)));
        var stride = Fits(input[2], height, halvings) && Fits(input[3], width, halvings)
            ? halvings
            : Math.Max(1, (long)Math.Round((double)input[2] / height));
        return (stride * 1_000_000 - height, $"1/{stride} · {height}×{width}");
    }

    static bool Fits(long side, long part, long stride) => part == side / stride || part == (side + stride - 1) / stride;
}
