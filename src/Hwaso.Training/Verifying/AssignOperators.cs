using System.Globalization;
using Hwaso.Nn.Boxes;
using static System.StringComparison;

namespace Hwaso.Training.Verifying;

/// <summary>Compares assigners and samplers with recorded ones.</summary>
static class AssignOperators
{
    const double Shares = 1e-5;

    // Both samplers were asked for more than there are: no chance.
    const int Asked = 512;

    public static void Assigned(OperatorFixture fixture, OperatorCheck check)
    {
        const string Boxes = ".boxes";
        var cases = fixture.Names.Where(n => n.EndsWith(Boxes, Ordinal)).Select(n => n[..^Boxes.Length]).Order(StringComparer.Ordinal);
        foreach (var name in cases)
        {
            Box[] boxes = BoxOperators.Boxes(fixture, $"{name}.boxes"), truth = BoxOperators.Boxes(fixture, $"{name}.truth");
            Box[] ignored = fixture.Has($"{name}.ignore") ? BoxOperators.Boxes(fixture, $"{name}.ignore") : [];
            foreach (var key in fixture.Names.Where(n => n.StartsWith($"{name}.", Ordinal)).Order(StringComparer.Ordinal))
            {
                var own = key[(name.Length + 1)..];
                if (own.Split('.') is not [_, var rule] || BoxOperators.FormOf(own) is not { } named)
                    continue;
                check.Begin(key);
                var rules = Rules(named.Form, rule);
                var assignment = BoxAssigner.Assign(boxes, truth, rules, named.Form.Extent, rules.IgnoredShare is null ? [] : ignored);
                check.Same("truth", Recorded(named.Form, assignment.Truth), BoxOperators.Whole(fixture, key));
                if (fixture.Has($"{key}.overlap"))
                    check.Near("overlap", assignment.Overlap, fixture.Floats($"{key}.overlap"), Shares);
                if (fixture.Has($"{key}.labels"))
                {
                    var labels = BoxOperators.Whole(fixture, $"{name}.labels");
                    check.Same(
                        "labels", [.. assignment.Truth.Select(t => t >= 0 ? labels[t] : 0)], BoxOperators.Whole(fixture, $"{key}.labels"));
                }
            }
            if (fixture.Has($"{name}.mmdet1.sampled.pos_inds"))
                Sampled(fixture, check, name, boxes, truth);
        }
    }

    static AssignRules Rules(BoxForm form, string rule) => rule switch
    {
        "head" => form.HeadRules,
        "rpn" => form.ProposalRules,
        "rpn_first_only" => form.ProposalRules with { EveryBest = false },
        // Thresholds that were recorded besides the published ones.
        "rpn_loose" => form.ProposalRules with { Positive = 0.6f, Negative = 0.4f },
        _ when rule.StartsWith("head_ignore_", Ordinal) => form.HeadRules with
        {
            IgnoredShare = float.Parse(rule["head_ignore_".Length..], CultureInfo.InvariantCulture),
        },
        _ => throw new FormatException($"assign: a rule '{rule}' is not known; head, rpn, rpn_first_only, rpn_loose, head_ignore_SHARE "
            + "were wanted"),
    };

    // The authors count truths from 1 and have 0 for the background and -1 for neither.
    static int[] Recorded(BoxForm form, int[] truth) => form == BoxForm.Torchvision ? truth
        : Array.ConvertAll(truth, t => t switch { Assignment.Background => 0, Assignment.Neither => -1, _ => t + 1 });

    static void Sampled(OperatorFixture fixture, OperatorCheck check, string name, Box[] boxes, Box[] truth)
    {
        var prefix = $"{name}.mmdet1.sampled";
        check.Begin(prefix);
        var assignment = BoxAssigner.Assign(boxes, truth, BoxForm.Authors.HeadRules, BoxForm.Authors.Extent);
        // Truths come first among the proposals, each assigned to itself.
        int[] all = [.. Enumerable.Range(0, truth.Length), .. assignment.Truth];
        Box[] candidates = [.. truth, .. boxes];
        var (positive, negative) = BoxSampler.Sample(all, Asked, 0.25, new Random(0));
        check.Same("pos_inds", positive, BoxOperators.Whole(fixture, $"{prefix}.pos_inds"));
        check.Same("neg_inds", negative, BoxOperators.Whole(fixture, $"{prefix}.neg_inds"));
        check.Same(
            "pos_assigned_gt_inds", Array.ConvertAll(positive, k => all[k]), BoxOperators.Whole(fixture, $"{prefix}.pos_assigned_gt_inds"));
        var labels = BoxOperators.Whole(fixture, $"{name}.labels");
        check.Same(
            "pos_gt_labels", Array.ConvertAll(positive, k => labels[all[k]]), BoxOperators.Whole(fixture, $"{prefix}.pos_gt_labels"));
        check.Same(
            "pos_is_gt", Array.ConvertAll(positive, k => k < truth.Length ? 1 : 0), BoxOperators.Whole(fixture, $"{prefix}.pos_is_gt"));
        check.Near(
            "pos_bboxes", BoxOperators.Numbers(Array.ConvertAll(positive, k => candidates[k])), fixture.Floats($"{prefix}.pos_bboxes"), 0);
        var targets = new float[4 * positive.Length];
        var coder = BoxCoder.Head(BoxForm.Authors);
        for (var k = 0; k < positive.Length; k++)
            coder.Encode(candidates[positive[k]], truth[all[positive[k]]], targets.AsSpan(4 * k, 4));
        check.Near("targets", targets, fixture.Floats($"{prefix}.targets"), Shares);
    }
}
