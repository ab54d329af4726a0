using Hwaso.Graph;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Explaining;

/// <summary>What a network's attention weighs, seen at the doors: whatever the network, its code knows nothing of it.</summary>
/// <param name="net">The network; put into evaluation mode.</param>
/// <param name="classes">How many classes it tells apart; 0 for none.</param>
public sealed class AttentionViewer(Net net, int classes)
{
    /// <summary>The maps of one image: the mean of each stage and resolution, tokens' and classes' attention module by module.</summary>
    /// <param name="image">[1, 3, H, W], normalised.</param>
    /// <param name="question">What is asked.</param>
    /// <exception cref="ArgumentException">The network has no attention, or none that can be drawn over an image.</exception>
    public IReadOnlyList<AttentionView> View(Tensor image, AttentionQuestion question)
    {
        net.Eval();
        using var scope = new Scope();
        using var off = new NoGrad();
        var graph = NetworkGraph.Of(net, image);
        var maps = AttentionMap.Of(graph);
        if (maps.Count == 0)
            throw new ArgumentException("the network has no attention to show; those with +psa-spatial, +dca or another module behind their name, SANets, EfficientNets and DINOv2 have (hwaso models)");
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
            parts.Add((ofClasses ? map.Place : Stage(map.Place), map.Place, what, ViewOf(map.Form, shape, values, ofClasses ? question.Class : null)));
            if (ofClasses && probe.Kept.TryGetValue(map.Weighed, out var main) && main.Shape.SequenceEqual(shape))
                parts.Add((map.Place, map.Place, "main", ViewOf(map.Form, main.Shape, main.Values, question.Class)));
        }
        foreach (var module in maps.Where(m => m.Form == AttentionForm.Tokens).GroupBy(m => m.Place))
            if (TokenView.Of(graph, frame, [.. module.Select(m => probe.Kept[m.Value])], question.At) is { } view)
                parts.Add((module.Key, module.Key, "", view));

        var views = new List<AttentionView>();
        foreach (var stage in parts.GroupBy(p => (p.Stage, p.What, p.View.Width, p.View.Height)))
        {
            var size = stage.Key.Height > 0 ? $"{stage.Key.Height}x{stage.Key.Width}" : $"{stage.Key.Width}";
            views.Add(stage.First().View with { Name = Name(stage.Key.Stage, stage.Key.What, size), Values = Mean([.. stage.Select(p => p.View.Values)]) });
            if (question.Modules && stage.Key.Stage != stage.First().Module)
                views.AddRange(stage.Select((p, k) => p.View with { Name = Name(p.Module, p.What, stage.Take(k).Count(q => q.Module == p.Module) is var before and > 0 ? $"{size}_{before + 1}" : size) }));
        }
        return views.Count > 0 ? views
            : throw new ArgumentException($"all that attends is {string.Join(", ", maps.Select(m => m.Place).Distinct())}, to regions and not to pixels, so that there is no map to draw; a network with +psa-spatial, +dca or another module behind its name has some (hwaso models)");
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
