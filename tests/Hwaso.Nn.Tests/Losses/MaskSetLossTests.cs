using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Losses;

/// <summary>Pairs, costs, losses and gradients against Mask2Former's code and SciPy (tests/fixtures/modern/mask/matching).</summary>
public sealed class MaskSetLossTests : TensorTest
{
    // Sums of at most some hundred float32 numbers.
    const double Tolerance = 1e-5;

    static readonly JsonArray cases =
        JsonNode.Parse(File.ReadAllText(Fixtures.Path("modern/mask/matching.json")))!["cases"]!.AsArray();

    static readonly IReadOnlyDictionary<string, HostTensor> recorded =
        TensorFile.Read(Fixtures.Path("modern/mask/matching.safetensors")).Tensors;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Costs_pairs_losses_and_gradients_are_the_authors(int k)
    {
        using var scope = new Scope();
        var facts = cases[k]!;
        var (logits, masks, points) = (Read("logits"), Read("masks"), Read("points"));
        var truth = new MaskTruth(recorded[$"case{k}.labels"].ToInt64s(), Read("target_masks"));
        var loss = new MaskSetLoss(new());
        if (truth.Classes.Count > 0)
        {
            var costs = MaskSetLoss.Costs(logits, masks, truth, points);
            Close("cost_mask", costs.Mask);
            Close("cost_dice", costs.Dice);
            Close("cost", costs.Mask * 5 + costs.Class * 2 + costs.Dice * 5);
        }
        var (queries, objects) = loss.Match(logits, masks, truth, points);
        Assert.Equal(Ints("rows"), queries);
        Assert.Equal(Ints("columns"), objects);

        logits.RequiresGrad = masks.RequiresGrad = true;
        var parts = loss.Parts(logits.Unsqueeze(0), masks.Unsqueeze(0), [truth], [(queries, objects)], _ => points);
        Assert.Equal(Number("loss_ce"), parts.Class.Item(), Tolerance);
        Assert.Equal(Number("loss_mask"), parts.Mask.Item(), Tolerance);
        Assert.Equal(Number("loss_dice"), parts.Dice.Item(), Tolerance);
        if (facts["total"] is null)
            return;
        var total = parts.Class * 2 + parts.Mask * 5 + parts.Dice * 5;
        Assert.Equal(Number("total"), total.Item(), 1e-6 * Number("total") + Tolerance);
        total.Backward();
        Close("grad_logits", logits.Grad!);
        Close("grad_masks", masks.Grad!);

        Tensor Read(string name) => Tensor.From(recorded[$"case{k}.{name}"].ToFloats(), recorded[$"case{k}.{name}"].Shape);

        double Number(string key) => facts[key]!.GetValue<double>();

        int[] Ints(string key) => [.. facts[key]!.AsArray().Select(n => n!.GetValue<int>())];

        void Close(string name, Tensor actual)
        {
            var expected = recorded[$"case{k}.{name}"].ToFloats();
            var largest = Math.Max(expected.Max(Math.Abs), 1);
            Assert.All(expected.Zip(actual.ToArray<float>()), p => Assert.Equal(p.First, p.Second, Tolerance * largest));
        }
    }

    [Fact]
    public void An_assignment_costs_as_little_as_the_best_of_all()
    {
        var random = new Random(22);
        for (var round = 0; round < 200; round++)
        {
            var (rows, columns) = (random.Next(1, 7), random.Next(1, 7));
            // Few values, so that many assignments are as good.
            double[] costs = [.. Enumerable.Range(0, rows * columns)
                .Select(_ => round % 2 == 0 ? random.Next(-3, 4) : random.NextDouble())];
            var (first, second) = LinearAssignment.Solve(costs, rows, columns);
            Assert.Equal(Math.Min(rows, columns), first.Length);
            Assert.Equal(first.Length, second.Distinct().Count());
            Assert.Equal(first.Order().Distinct(), first);
            Assert.Equal(Least(costs, rows, columns, 0, 0), first.Zip(second).Sum(p => costs[p.First * columns + p.Second]), 1e-12);
        }
    }

    /// <summary>Tries every assignment.</summary>
    static double Least(double[] costs, int rows, int columns, int row, int taken)
    {
        var left = Math.Min(rows, columns) - int.PopCount(taken);
        if (left == 0)
            return 0;
        var best = rows - row > left ? Least(costs, rows, columns, row + 1, taken) : double.PositiveInfinity;
        for (var c = 0; c < columns; c++)
            if ((taken & 1 << c) == 0)
                best = Math.Min(best, costs[row * columns + c] + Least(costs, rows, columns, row + 1, taken | 1 << c));
        return best;
    }

    [Fact]
    public void An_assignment_of_many_takes_each_once_and_nothing_pays_to_exchange()
    {
        const int Rows = 60, Columns = 90;
        var random = new Random(7);
        double[] costs = [.. Enumerable.Range(0, Rows * Columns).Select(_ => random.NextDouble())];
        var (rows, columns) = LinearAssignment.Solve(costs, Rows, Columns);
        Assert.Equal(Enumerable.Range(0, Rows), rows);
        Assert.Equal(Rows, columns.Distinct().Count());
        for (var a = 0; a < Rows; a++)
            for (var b = 0; b < a; b++)
                Assert.True(costs[a * Columns + columns[a]] + costs[b * Columns + columns[b]]
                    <= costs[a * Columns + columns[b]] + costs[b * Columns + columns[a]] + 1e-12);
        var (others, back) = LinearAssignment.Solve([.. Enumerable.Range(0, Columns * Rows).Select(
            k => costs[k % Rows * Columns + k / Rows])], Columns, Rows);
        Assert.Equal(rows.Zip(columns).Order(), back.Zip(others).Order());
    }

    [Fact]
    public void Costs_that_do_not_fit_are_refused_by_place()
    {
        Assert.Contains("3 costs for 2 rows and 2 columns; 4", Refused([1, 2, 3]), StringComparison.Ordinal);
        Assert.Contains("row 1 and column 0 is NaN", Refused([1, 2, double.NaN, 4]), StringComparison.Ordinal);
        static string Refused(double[] costs) => Assert.Throws<ArgumentException>(() => LinearAssignment.Solve(costs, 2, 2)).Message;
    }

    [Fact]
    public void An_image_has_a_mask_for_each_class_in_it_and_ignored_pixels_are_in_none()
    {
        using var scope = new Scope();
        var labels = Tensor.From(new long[] { 2, 2, 255, 0, 255, 255, 255, 255 }, 2, 2, 2);
        var truths = MaskTruth.Of(labels, 3);
        Assert.Equal([0L, 2], truths[0].Classes);
        Assert.Equal([0f, 0, 0, 1, 1, 1, 0, 0], truths[0].Masks.ToArray<float>());
        Assert.Empty(truths[1].Classes);
        Assert.Equal([0, 2, 2], truths[1].Masks.Shape);
        var error = Assert.Throws<ArgumentException>(() => MaskTruth.Of(labels, 2));
        Assert.Contains("label 2 is neither one of 2 classes nor 255", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_has_a_mask_for_each_segment_of_the_class_of_its_pixels()
    {
        using var scope = new Scope();
        // Two objects of class 1, stuff of class 0, a pixel without a segment and one whose label is ignored.
        var labels = Tensor.From(new long[] { 1, 1, 1, 0, 0, 255 }, 1, 2, 3);
        var segments = Tensor.From(new[] { 7f, 26001, float.NaN, 3, 3, 7 }, 1, 2, 3);
        var truth = Assert.Single(MaskTruth.Of(labels, segments, 2));
        Assert.Equal([0L, 1, 1], truth.Classes);
        Assert.Equal([0f, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], truth.Masks.ToArray<float>());
        Assert.Empty(MaskTruth.Of(labels, Aten.Full([1, 2, 3], double.NaN), 2)[0].Classes);
        Assert.Contains("label 1 is neither one of 1 classes nor 255",
            Assert.Throws<ArgumentException>(() => MaskTruth.Of(labels, segments, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_without_an_object_learns_that_there_is_none()
    {
        using var scope = new Scope();
        var (logits, masks) = (Tensor.Randn([2, 3, 4]), Tensor.Randn([2, 3, 5, 6]));
        logits.RequiresGrad = masks.RequiresGrad = true;
        var truths = MaskTruth.Of(Aten.Full([2, 8, 8], 255L, ScalarType.Int64), 3);
        var loss = new MaskSetLoss(new() { Points = 8 }).Of(logits, masks, truths);
        loss.Backward();
        var expected = -logits.LogSoftmax(2).Narrow(2, 3, 1).Mean().Item();
        Assert.Equal(2 * expected, loss.Item(), 1e-5);
        Assert.All(masks.Grad!.ToArray<float>(), g => Assert.Equal(0, g));
    }

    [Fact]
    public void Points_of_a_step_come_from_the_generator_and_most_are_where_a_mask_is_uncertain()
    {
        using var scope = new Scope();
        var truths = MaskTruth.Of(Tensor.From(Enumerable.Range(0, 256).Select(k => k % 16 < 8 ? 0L : 1).ToArray(), 1, 16, 16), 2);
        var (logits, masks) = (Tensor.Zeros([1, 4, 3]), Tensor.Randn([1, 4, 4, 4]));
        var loss = new MaskSetLoss(new() { Points = 32 });
        RandomState.Seed(3);
        var first = loss.Of(logits, masks, truths).Item();
        RandomState.Seed(3);
        Assert.Equal(first, loss.Of(logits, masks, truths).Item());
        Assert.NotEqual(first, loss.Of(logits, masks, truths).Item());

        // A mask that is surely right but for its first column of four, with a logit of 0 there, rising to 8 at the middle of the next.
        var values = Enumerable.Range(0, 16).Select(k => k % 4 < 1 ? 0f : 8).ToArray();
        var everywhere = MaskTruth.Of(Tensor.Zeros([1, 128, 128], ScalarType.Int64), 1);
        var uncertain = new MaskSetLoss(new() { Points = 400, ClassWeight = 0, DiceWeight = 0, MaskWeight = 1 })
            .Of(Tensor.Zeros([1, 1, 2]), Tensor.From(values, 1, 1, 4, 4), everywhere).Item();
        // The most uncertain quarter of the points lies left of 1/4: log 2 up to 1/8, then log(1 + e⁻ˡ) for l from 0 to 4,
        // in the mean 0.2.
        // They are three quarters of the points, the others cost 0.13 as points drawn evenly do: 0.37 in all.
        Assert.InRange(uncertain, 0.3, 0.45);
    }
}
