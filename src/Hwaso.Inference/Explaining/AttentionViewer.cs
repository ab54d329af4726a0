using Hwaso.Graph;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Explaining;

/// <summary>The attention weights of a network, observed at the doors of a forward: no network has code for it.</summary>
/// <param name="net">The network; put into evaluation mode.</param>
/// <param name="classes">How many classes it has; 0 for none.</param>
public sealed class AttentionViewer(Net net, int classes)
{
    /// <summary>The maps of one image: the mean of each stage and resolution, tokens' and classes' attention module by module.</summary>
    /// <param name="image">[1, 3, H, W], normalised.</param>
    /// <param name="question">Which maps are wanted.</param>
    /// <exception cref="ArgumentException">The network has no attention, or none that can be drawn over an image.</exception>
    public IReadOnlyList<AttentionView> View(Tensor image, AttentionQuestion question)
    {
        var queries = (net as IMaskQueries)?.Queries ?? 0;
        if (question.Query is { } query && query >= queries)
            throw new ArgumentException(queries > 0
                ? $"query {query}: the network has {queries}, so 0 to {queries - 1} were wanted"
                : $"query {query}: the network has none; those of EoMT and Mask2Former have (hwaso models)");
        net.Eval();
        using var scope = new Scope();
        using var off = new NoGrad();
        var graph = NetworkGraph.Of(net, image);
        var maps = AttentionMap.Of(graph);
        if (maps.Count == 0)
            throw new ArgumentException("the network has no attention to show; those with +psa-spatial, +dca or another module behind "
                + "their name, SANets, EfficientNets and transformers have (hwaso models)");
        var probe = new AttentionProbe(graph, maps.SelectMany(m => new[] { m.Value, m.Weighed }));
        using (Door.Observe(probe))
            net.Call(image);
        var frame = new ImageFrame(graph);
        var parts = new List<(string Stage, string Module, string What, AttentionView View)>();
        foreach (var map in maps.Where(m => m.Form != AttentionForm.Tokens))
        {
            var (shape, values) = probe.Kept[map.Value];
            var ofClasses = classes > 1 && map.Form == AttentionForm.PixelsOfChannels && shape[1] == classes;
            var what = ofClasses ? "attn" : map.Form == AttentionForm.Channels ? "channels" : "";
            var view = ViewOf(map.Form, shape, values, ofClasses ? question.Class : null);
            parts.Add((ofClasses ? map.Place : Stage(map.Place), map.Place, what, view));
            if (ofClasses && probe.Kept.TryGetValue(map.Weighed, out var main) && main.Shape.SequenceEqual(shape))
                parts.Add((map.Place, map.Place, "main", ViewOf(map.Form, main.Shape, main.Values, question.Class)));
        }
        if (net is IMaskQueries asked && question.Query is null)
            question = question with { Query = QueryChoice.Of(asked, image, frame, question) };
        foreach (var (module, what, view) in new TokenView(graph, frame, queries).Of(
            maps.Where(m => m.Form == AttentionForm.Tokens), m => probe.Kept[m.Value], question))
            parts.Add((module, module, what, view));

        var views = new List<AttentionView>();
        foreach (var stage in parts.GroupBy(p => (p.Stage, p.What, p.View.Width, p.View.Height)))
        {
            var size = stage.Key.Height > 0 ? $"{stage.Key.Height}x{stage.Key.Width}" : $"{stage.Key.Width}";
            var mean = Mean([.. stage.Select(p => p.View.Values)]);
            views.Add(stage.First().View with { Name = Name(stage.Key.Stage, stage.Key.What, size), Values = mean });
            if (!question.Modules || stage.Key.Stage == stage.First().Module)
                continue;
            foreach (var (module, k) in stage.Select((p, k) => (p, k)))
            {
                var before = stage.Take(k).Count(q => q.Module == module.Module);
                views.Add(module.View with { Name = Name(module.Module, module.What, before > 0 ? $"{size}_{before + 1}" : size) });
            }
        }
        return views.Count > 0 ? views
            : throw new ArgumentException(
                $"the attention of {string.Join(", ", maps.Select(m => m.Place).Distinct())} is to regions, not to pixels, so that there "
                + "is no map to draw; a network with +psa-spatial, +dca or another module behind its name has some (hwaso models)");
    }

    // Up to the first number: stage3.0.branches.1.2.deattn is of stage3.
    static string Stage(string place)
    {
        var parts = place.Split('.');
        var number = Array.FindIndex(parts, p => int.TryParse(p, out _));
        return number > 0 ? string.Join('.', parts[..number]) : place;
    }

    static string Name(params ReadOnlySpan<string> parts) => string.Join('_', parts.ToArray().Where(p => p.Length > 0));

    static AttentionView ViewOf(AttentionForm form, long[] shape, float[] values, int? ofClass)
    {
        var (channels, height, width) = ((int)shape[1], (int)shape[2], (int)shape[3]);
        if (form == AttentionForm.Channels)
            return new AttentionView("", channels, 0, values[..channels]);
        var pixels = height * width;
        return new AttentionView("", width, height, ofClass is { } k
            ? values[(k * pixels)..((k + 1) * pixels)]
            : Mean([.. Enumerable.Range(0, channels).Select(c => values[(c * pixels)..((c + 1) * pixels)])]));
    }

    static float[] Mean(float[][] all) => [.. Enumerable.Range(0, all[0].Length).Select(k => (float)all.Average(v => (double)v[k]))];
}

/// <summary>Which maps of a network's attention are wanted.</summary>
/// <param name="Class">The class whose maps are wanted, where attention has one for each; null for the mean over classes.</param>
/// <param name="At">The pixel whose attention to others is wanted, where tokens attend to tokens; null for the class token, or for all in
/// the mean where there is none.</param>
/// <param name="Modules">Whether each module is wanted alone too, not only the mean of each stage.</param>
/// <param name="Query">The query whose attention is wanted, of a network that has some; null for the one that decides most, at the pixel
/// or in the whole image.</param>
public sealed record AttentionQuestion(int? Class = null, (int X, int Y)? At = null, bool Modules = false, int? Query = null);

/// <summary>One map of a network's attention on an image.</summary>
/// <param name="Name">Stage or module and kind of map, fit for a file's name.</param>
/// <param name="Width">Values in a row.</param>
/// <param name="Height">Rows; 0 where the values are weights of channels.</param>
/// <param name="Values">The map, rows from the top, over the whole image; or a weight for each channel.</param>
public sealed record AttentionView(string Name, int Width, int Height, float[] Values)
{
    /// <summary>Whether the values are weights of channels instead of a map.</summary>
    public bool IsChannels => Height == 0;
}
