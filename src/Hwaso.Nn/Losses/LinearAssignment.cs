// Kuhn, "The Hungarian method for the assignment problem", 1955; by shortest augmenting paths: Jonker and Volgenant, 1987.
namespace Hwaso.Nn;

/// <summary>Pairs rows with columns of a table so that the sum of the pairs' costs is least.</summary>
public static class LinearAssignment
{
    /// <summary>As many pairs as the shorter side has, each row and column at most once, in time O(shorter² · longer).</summary>
    /// <param name="costs">The table, row by row, finite.</param>
    /// <param name="rows">Its rows, 0 or more.</param>
    /// <param name="columns">Its columns, 0 or more.</param>
    /// <returns>The pairs, rows rising.</returns>
    /// <exception cref="ArgumentException">Another number of costs than of places, or a cost that is not finite.</exception>
    public static (int[] Rows, int[] Columns) Solve(ReadOnlySpan<double> costs, int rows, int columns)
    {
        if (rows < 0 || columns < 0 || costs.Length != (long)rows * columns)
            throw new ArgumentException($"{costs.Length} costs for {rows} rows and {columns} columns; {(long)rows * columns} were wanted");
        for (var k = 0; k < costs.Length; k++)
            if (!double.IsFinite(costs[k]))
                throw new ArgumentException(
                    $"the cost of row {k / columns} and column {k % columns} is {costs[k]}; a finite one was wanted");
        if (rows > columns)
        {
            var turned = new double[costs.Length];
            for (var r = 0; r < rows; r++)
                for (var c = 0; c < columns; c++)
                    turned[c * rows + r] = costs[r * columns + c];
            var (second, first) = Solve(turned, columns, rows);
            Array.Sort(first, second);
            return (first, second);
        }
        var table = costs.ToArray();
        // The row of each column, and what rows and columns have paid so far: no cost is below the sum of both.
        var (rowOf, paidByRow, paidByColumn) = (new int[columns], new double[rows], new double[columns]);
        Array.Fill(rowOf, -1);
        for (var row = 0; row < rows; row++)
            Augment(row, table, rowOf, paidByRow, paidByColumn);
        var columnOf = new int[rows];
        for (var c = 0; c < columns; c++)
            if (rowOf[c] >= 0)
                columnOf[rowOf[c]] = c;
        return ([.. Enumerable.Range(0, rows)], columnOf);
    }

    /// <summary>Gives one more row a column, by the cheapest way on which other rows change theirs.</summary>
    static void Augment(int row, double[] table, int[] rowOf, double[] paidByRow, double[] paidByColumn)
    {
        var columns = rowOf.Length;
        var (least, from, reached) = (new double[columns], new int[columns], new bool[columns]);
        Array.Fill(least, double.PositiveInfinity);
        Array.Fill(from, -1);
        var (at, column) = (row, -1);
        do
        {
            var (next, step) = (-1, double.PositiveInfinity);
            for (var c = 0; c < columns; c++)
                if (!reached[c])
                {
                    var reduced = table[at * columns + c] - paidByRow[at] - paidByColumn[c];
                    if (reduced < least[c])
                        (least[c], from[c]) = (reduced, column);
                    if (least[c] < step || next < 0)
                        (next, step) = (c, least[c]);
                }
            // Every row on the way pays the step, every column gets it back.
            paidByRow[row] += step;
            for (var c = 0; c < columns; c++)
                if (reached[c])
                {
                    paidByRow[rowOf[c]] += step;
                    paidByColumn[c] -= step;
                }
                else
                    least[c] -= step;
            reached[next] = true;
            (column, at) = (next, rowOf[next]);
        }
        while (at >= 0);
        for (; column >= 0; column = from[column])
            rowOf[column] = from[column] < 0 ? row : rowOf[from[column]];
    }
}
