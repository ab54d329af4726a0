namespace Hwaso.Nn;

/// <summary>
/// A dilated convolution is one without dilation of more and smaller images: those of every d-th row and column, from each of d × d
/// beginnings. Zeros complete the images that are a row or a column smaller than the others, as padding would.
/// </summary>
/// <param name="Dilation">d.</param>
/// <param name="Height">Rows of the large images.</param>
/// <param name="Width">Columns of the large images.</param>
readonly record struct ConvPhases(int Dilation, int Height, int Width)
{
    /// <summary>Rows of the small images.</summary>
    public int Rows => (Height + Dilation - 1) / Dilation;

    /// <summary>Columns of the small images.</summary>
    public int Columns => (Width + Dilation - 1) / Dilation;

    public TileShape Of(int images, int cin, int cout) => new(images * Dilation * Dilation, cin, cout, Rows, Columns);

    /// <summary>Copies [N, C, H, W] to [N, d, d, C, H/d, W/d].</summary>
    public unsafe void Split(float* from, int images, int channels, float* to)
    {
        var self = this;
        Run(images, channels, (image, channel, y, x) =>
        {
            var source = from + ((nint)image * channels + channel) * self.Height * self.Width;
            var target = to + self.Begin(image, y, x, channels, channel);
            for (var row = 0; row < self.Rows; row++, target += self.Columns)
                for (var column = 0; column < self.Columns; column++)
                {
                    var (v, u) = (row * self.Dilation + y, column * self.Dilation + x);
                    target[column] = v < self.Height && u < self.Width ? source[(nint)v * self.Width + u] : 0;
                }
        });
    }

    /// <summary>The way back.</summary>
    public unsafe void Join(float* from, int images, int channels, float* to)
    {
        var self = this;
        Run(images, channels, (image, channel, y, x) =>
        {
            var source = from + self.Begin(image, y, x, channels, channel);
            var target = to + ((nint)image * channels + channel) * self.Height * self.Width;
            for (var v = y; v < self.Height; v += self.Dilation, source += self.Columns)
                for (int u = x, column = 0; u < self.Width; u += self.Dilation, column++)
                    target[(nint)v * self.Width + u] = source[column];
        });
    }

    /// <summary>Copies every d-th row and column, from the first, of planes.</summary>
    public unsafe void Thin(float* from, int planes, float* to)
    {
        var self = this;
        Workers.Run(Workers.For((long)planes * Rows * Columns * 4), planes, (_, k) =>
        {
            var source = from + (nint)k * self.Height * self.Width;
            var target = to + (nint)k * self.Rows * self.Columns;
            for (var y = 0; y < self.Height; y += self.Dilation)
                for (var x = 0; x < self.Width; x += self.Dilation)
                    *target++ = source[(nint)y * self.Width + x];
        });
    }

    /// <summary>The way back, with zeros between.</summary>
    public unsafe void Spread(float* from, int planes, float* to)
    {
        var self = this;
        Workers.Run(Workers.For((long)planes * Height * Width * 2), planes, (_, k) =>
        {
            var source = from + (nint)k * self.Rows * self.Columns;
            var target = to + (nint)k * self.Height * self.Width;
            new Span<float>(target, self.Height * self.Width).Clear();
            for (var y = 0; y < self.Height; y += self.Dilation)
                for (var x = 0; x < self.Width; x += self.Dilation)
                    target[(nint)y * self.Width + x] = *source++;
        });
    }

    nint Begin(int image, int y, int x, int channels, int channel) =>
        ((((nint)image * Dilation + y) * Dilation + x) * channels + channel) * Rows * Columns;

    void Run(int images, int channels, Action<int, int, int, int> phase)
    {
        var d = Dilation;
        Workers.Run(Workers.For((long)images * channels * Height * Width * 4), images * channels, (_, k) =>
        {
            for (var p = 0; p < d * d; p++)
                phase(k / channels, k % channels, p / d, p % d);
        });
    }
}
