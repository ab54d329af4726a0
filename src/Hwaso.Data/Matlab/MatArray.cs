using Hwaso.Imaging;

namespace Hwaso.Data.Matlab;

/// <summary>A variable or field of a MATLAB file: numbers, or a struct of more arrays.</summary>
/// <param name="Rows">Its rows; 0 for what is not a matrix.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Numbers">Its numbers, column by column as MATLAB keeps them; null where it holds none that can be read.</param>
/// <param name="Fields">Its fields, of the first element, where it is a struct.</param>
sealed record MatArray(int Rows, int Columns, double[]? Numbers, IReadOnlyDictionary<string, MatArray> Fields)
{
    /// <summary>The numbers as an image, row by row.</summary>
    /// <param name="where">What errors call it.</param>
    /// <exception cref="DatasetException">It is no matrix of whole numbers from 0 to 65,535.</exception>
    public Gray16Image ToImage(string where)
    {
        if (Numbers is null || Rows < 1 || Columns < 1 || Numbers.Length != (long)Rows * Columns)
            throw new DatasetException(where, "holds no matrix of labels; it is another kind of MATLAB file");
        var image = new Gray16Image(Columns, Rows);
        for (var x = 0; x < Columns; x++)
            for (var y = 0; y < Rows; y++)
            {
                var value = Numbers[x * Rows + y];
                if (value is < 0 or > ushort.MaxValue || value != Math.Floor(value))
                    throw new DatasetException(where, $"holds {value} at row {y + 1}, column {x + 1}, where labels are whole numbers from 0 on");
                image.Values[y * Columns + x] = (ushort)value;
            }
        return image;
    }
}
