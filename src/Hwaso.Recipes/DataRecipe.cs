namespace Hwaso.Recipes;

/// <summary>The data set: where it is and how it is laid out.</summary>
/// <param name="Layout">The layout's name, such as <c>cityscapes</c> or <c>voc</c>; looked up when the data set is opened.</param>
public sealed record DataRecipe(string Layout)
{
    /// <summary>The data set's folder, relative to the working directory; null when the command names it (<c>--data DIR</c>).</summary>
    public string? Root { get; init; }

    /// <summary>
    /// Where depth comes from: <c>disparity</c> for Cityscapes' own, else a folder of depth PNGs; null where none is learned.
    /// </summary>
    public string? Depth { get; init; }

    /// <summary>The depth that is learned as 1, in metres, of disparity in pixels, above 0; null for 10 m and 128 pixels.</summary>
    public double? DepthUnit { get; init; }

    /// <summary>The split to learn from.</summary>
    public string TrainSplit { get; init; } = "train";

    /// <summary>The split to score on.</summary>
    public string ValSplit { get; init; } = "val";

    /// <summary>Share of an epoch's images that are drawn by class, every class alike; 0 to 1.</summary>
    public double ClassBalance { get; init; }

    /// <summary>Memory for decoded images, in MB of 2²⁰ bytes; 0 reads every image again each time.</summary>
    public int CacheMb { get; init; }

    /// <summary>
    /// Threads that read and transform images, at least 1; null for as many as the machine offers. Results do not depend on it.
    /// </summary>
    public int? Workers { get; init; }

    internal static DataRecipe Read(YamlMap map)
    {
        var data = new DataRecipe(map["layout"].Text() ?? throw map.Missing("layout", "the data set's layout, such as cityscapes or voc"));
        data = data with
        {
            Root = map["root"].Text(),
            Depth = map["depth"].Text(),
            DepthUnit = map["depth_unit"].Number(min: 0, aboveMin: true),
            TrainSplit = map["train"].Text() ?? data.TrainSplit,
            ValSplit = map["val"].Text() ?? data.ValSplit,
            ClassBalance = map["class_balance"].Number(min: 0, max: 1) ?? data.ClassBalance,
            CacheMb = map["cache_mb"].Int(min: 0) ?? data.CacheMb,
            Workers = map["workers"].Int(min: 1),
        };
        if (data is
            {
                Depth: null,
                DepthUnit: not null
            }) throw map["depth_unit"].Node!.Error(
                    "means nothing without 'depth'; "
                    + "remove it, or say where the depth is");
        return data;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("layout", Layout);
        yaml.Text("root", Root);
        yaml.Text("depth", Depth);
        yaml.Number("depth_unit", DepthUnit);
        yaml.Text("train", TrainSplit);
        yaml.Text("val", ValSplit);
        yaml.Number("class_balance", ClassBalance);
        yaml.Int("cache_mb", CacheMb);
        yaml.Int("workers", Workers);
    }
}
