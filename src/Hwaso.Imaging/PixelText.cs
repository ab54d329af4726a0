namespace Hwaso.Imaging;

/// <summary>Short labels on images, in letters of five by seven dots: pictures need no font of the system.</summary>
public static class PixelText
{
    const int GlyphWidth = 5, GlyphHeight = 7, Advance = GlyphWidth + 1;

    // Rows from the top; capitals are written small, other characters as blanks.
    static readonly Dictionary<char, string> glyphs = new()
    {
        ['a'] = "...../...../.###./....#/.####/#...#/.####",
        ['b'] = "#..../#..../####./#...#/#...#/#...#/####.",
        ['c'] = "...../...../.###./#...#/#..../#...#/.###.",
        ['d'] = "....#/....#/.####/#...#/#...#/#...#/.####",
        ['e'] = "...../...../.###./#...#/#####/#..../.###.",
        ['f'] = "..##./.#..#/.#.../###../.#.../.#.../.#...",
        ['g'] = "...../...../.####/#...#/.####/....#/.###.",
        ['h'] = "#..../#..../####./#...#/#...#/#...#/#...#",
        ['i'] = "..#../...../.##../..#../..#../..#../.###.",
        ['j'] = "...#./...../..##./...#./...#./#..#./.##..",
        ['k'] = "#..../#..../#..#./#.#../##.../#.#../#..#.",
        ['l'] = ".##../..#../..#../..#../..#../..#../.###.",
        ['m'] = "...../...../##.#./#.#.#/#.#.#/#.#.#/#.#.#",
        ['n'] = "...../...../####./#...#/#...#/#...#/#...#",
        ['o'] = "...../...../.###./#...#/#...#/#...#/.###.",
        ['p'] = "...../...../####./#...#/####./#..../#....",
        ['q'] = "...../...../.####/#...#/.####/....#/....#",
        ['r'] = "...../...../#.##./##..#/#..../#..../#....",
        ['s'] = "...../...../.####/#..../.###./....#/####.",
        ['t'] = ".#.../.#.../###../.#.../.#.../.#..#/..##.",
        ['u'] = "...../...../#...#/#...#/#...#/#...#/.####",
        ['v'] = "...../...../#...#/#...#/#...#/.#.#./..#..",
        ['w'] = "...../...../#...#/#.#.#/#.#.#/#.#.#/.#.#.",
        ['x'] = "...../...../#...#/.#.#./..#../.#.#./#...#",
        ['y'] = "...../#...#/#...#/#...#/.####/....#/.###.",
        ['z'] = "...../...../#####/...#./..#../.#.../#####",
        ['0'] = ".###./#...#/#..##/#.#.#/##..#/#...#/.###.",
        ['1'] = "..#../.##../..#../..#../..#../..#../.###.",
        ['2'] = ".###./#...#/....#/..##./.#.../#..../#####",
        ['3'] = ".###./#...#/....#/..##./....#/#...#/.###.",
        ['4'] = "...#./..##./.#.#./#..#./#####/...#./...#.",
        ['5'] = "#####/#..../####./....#/....#/#...#/.###.",
        ['6'] = "..##./.#.../#..../####./#...#/#...#/.###.",
        ['7'] = "#####/....#/...#./..#../..#../.#.../.#...",
        ['8'] = ".###./#...#/#...#/.###./#...#/#...#/.###.",
        ['9'] = ".###./#...#/#...#/.####/....#/...#./.##..",
        ['.'] = "...../...../...../...../...../.##../.##..",
        [','] = "...../...../...../...../.##../..#../.#...",
        ['-'] = "...../...../...../.###./...../...../.....",
        ['_'] = "...../...../...../...../...../...../#####",
        ['+'] = "...../..#../..#../#####/..#../..#../.....",
        ['/'] = "....#/....#/...#./..#../.#.../#..../#....",
        [':'] = "...../.##../.##../...../.##../.##../.....",
        ['('] = "...#./..#../.#.../.#.../.#.../..#../...#.",
        [')'] = ".#.../..#../...#./...#./...#./..#../.#...",
    };

    /// <summary>The width of a text in pixels.</summary>
    public static int Width(string text, int scale = 1) => text.Length * Advance * scale;

    /// <summary>The height of a line in pixels, with room below.</summary>
    public static int Height(int scale = 1) => (GlyphHeight + 2) * scale;

    /// <summary>Writes on an image; dots outside the image are left out.</summary>
    /// <param name="image">The image, written to.</param>
    /// <param name="x">Left end of the text.</param>
    /// <param name="y">Top of the text.</param>
    /// <param name="text">Letters, digits and <c>. , - _ + / : ( )</c>.</param>
    /// <param name="color">Its colour.</param>
    /// <param name="scale">Pixels to a dot, at least 1.</param>
    public static void Write(RgbImage image, int x, int y, string text, (byte R, byte G, byte B) color, int scale = 1)
    {
        for (var k = 0; k < text.Length; k++)
            if (glyphs.TryGetValue(char.ToLowerInvariant(text[k]), out var rows))
                for (var row = 0; row < GlyphHeight * scale; row++)
                    for (var column = 0; column < GlyphWidth * scale; column++)
                        if (rows[row / scale * Advance + column / scale] == '#')
                            Dot(image, x + k * Advance * scale + column, y + row, color);
    }

    static void Dot(RgbImage image, int x, int y, (byte R, byte G, byte B) color)
    {
        if (x >= 0 && y >= 0 && x < image.Width && y < image.Height)
            (image.Pixels[3 * (y * image.Width + x)], image.Pixels[3 * (y * image.Width + x) + 1],
                image.Pixels[3 * (y * image.Width + x) + 2]) = color;
    }
}
