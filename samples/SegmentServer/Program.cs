// A web service that segments images with an exported network, without libtorch:
//   hwaso export demo/run --out road.onnx
//   dotnet run -c Release --project samples/SegmentServer -- --model road.onnx --urls http://127.0.0.1:8080
//   curl --data-binary @street.jpg http://127.0.0.1:8080/segment > labels.png
// With ?as=json it answers the share of each class; / is a page that does the same.
using Hwaso.Imaging;
using Hwaso.Runtime;

var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 50 << 20);
using var model = SegmentationModel.Load(builder.Configuration["model"] ?? throw new ArgumentException("--model FILE.onnx is missing"));
var palette = model.Classes.Count > 0 ? Palette.FromColors([.. model.Classes.Select(c => (c.R, c.G, c.B))]) : Palette.Voc;
// Each image needs memory of its own: at most one per processor runs at a time.
using var places = new SemaphoreSlim(Environment.ProcessorCount);

var app = builder.Build();
app.MapGet("/", () => Results.File(Path.Combine(AppContext.BaseDirectory, "index.html"), "text/html"));
app.MapPost("/segment", async (HttpRequest request, string? @as, CancellationToken stop) =>
{
    using var body = new MemoryStream();
    await request.Body.CopyToAsync(body, stop);
    await places.WaitAsync(stop);
    try
    {
        // If the caller hangs up, the network stops.
        var image = ImageFile.DecodeRgb(body.GetBuffer().AsSpan(0, (int)body.Length), "the image");
        var result = model.Segment(image.Pixels, image.Width, image.Height, stop: stop);
        return @as == "json"
            ? Results.Json(new { result.Width, result.Height, Classes = Shares(result) })
            : Results.Bytes(Png.EncodeIndexed(new LabelMap(result.Width, result.Height, result.Labels), palette), "image/png");
    }
    catch (Exception error) when (error is ImageFormatException or ArgumentException)
    {
        return Results.Text(error.Message, statusCode: StatusCodes.Status400BadRequest);
    }
    finally
    {
        places.Release();
    }
});
app.Run();

object[] Shares(Segmentation result) => [.. result.Labels.CountBy(label => label).OrderByDescending(c => c.Value).Select(c => new
{
    Label = c.Key,
    Name = c.Key < model.Classes.Count ? model.Classes[c.Key].Name : $"class {c.Key}",
    Color = $"#{palette[c.Key].R:x2}{palette[c.Key].G:x2}{palette[c.Key].B:x2}",
    Share = (double)c.Value / result.Labels.Length,
})];
