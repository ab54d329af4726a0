namespace Hwaso.Recipes;

/// <summary>
/// How the learning rate changes, at every optimiser step. What belongs to another <see cref="Kind"/> keeps its default and means nothing.
/// </summary>
public sealed record ScheduleRecipe
{
    static readonly NamedValues<ScheduleKind> Kinds = new(
        ("poly", ScheduleKind.Poly), ("step", ScheduleKind.Step), ("cosine", ScheduleKind.Cosine), ("constant", ScheduleKind.Constant));

    static readonly NamedValues<WarmupKind> Warmups = new(("linear", WarmupKind.Linear), ("exponential", WarmupKind.Exponential));

    /// <summary>Which schedule.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Poly;

    /// <summary>The exponent, above 0; poly.</summary>
    public double Power { get; init; } = 0.9;

    /// <summary>The learning rate at the end, 0 or more; poly and cosine.</summary>
    public double End { get; init; }

    /// <summary>When the rate falls, ascending, within the run and in the unit of its length (epochs or iterations); step.</summary>
    public ValueList<int> Milestones { get; init; } = [];

    /// <summary>What the rate is multiplied by at each milestone, above 0; step.</summary>
    public double Gamma { get; init; } = 0.1;

    /// <summary>Optimiser steps over which the rate first rises to the schedule's; 0 for none.</summary>
    public int WarmupIterations { get; init; }

    /// <summary>The fraction of the rate with which the warm-up begins, 0 to 1.</summary>
    public double WarmupRatio { get; init; } = 0.1;

    /// <summary>How the rate rises.</summary>
    public WarmupKind Warmup { get; init; } = WarmupKind.Linear;

    /// <summary>Whether the schedule begins where the warm-up ends; if not, it runs under the warm-up.</summary>
    public bool AfterWarmup { get; init; }

    /// <summary>
    /// Optimiser steps over which the rate of the backbone rises from 0 once the warm-up of the rest has ended; 0 where it has the rate of
    /// the rest.
    /// </summary>
    public int BackboneIterations { get; init; }

    internal static ScheduleRecipe Read(YamlMap map, int? epochs, int? iterations)
    {
        var schedule = new ScheduleRecipe { Kind = map["name"].Choice(Kinds) ?? ScheduleKind.Poly };
        var chosen = Kinds.NameOf(schedule.Kind);
        map.RefuseUnless(schedule.Kind == ScheduleKind.Poly, "poly", chosen, "power");
        map.RefuseUnless(schedule.Kind is ScheduleKind.Poly or ScheduleKind.Cosine, "poly and cosine", chosen, "end");
        map.RefuseUnless(schedule.Kind == ScheduleKind.Step, "step", chosen, "milestones", "gamma");
        schedule = schedule with
        {
            Power = map["power"].Number(min: 0, aboveMin: true) ?? schedule.Power,
            End = map["end"].Number(min: 0) ?? schedule.End,
            Milestones = map["milestones"].Ints(min: 1) ?? schedule.Milestones,
            Gamma = map["gamma"].Number(min: 0, aboveMin: true) ?? schedule.Gamma,
            WarmupIterations = map["warmup_iterations"].Int(min: 0) ?? schedule.WarmupIterations,
            WarmupRatio = map["warmup_ratio"].Number(min: 0, max: 1) ?? schedule.WarmupRatio,
            Warmup = map["warmup"].Choice(Warmups) ?? schedule.Warmup,
            AfterWarmup = map["after_warmup"].Flag() ?? schedule.AfterWarmup,
            BackboneIterations = map["backbone_iterations"].Int(min: 0) ?? schedule.BackboneIterations,
        };
        if (schedule.WarmupIterations >= iterations) throw map["warmup_iterations"].Node!.Error(
            $"{schedule.WarmupIterations} is no less "
            + $"than the run's {iterations} iterations");
        if ((long)schedule.WarmupIterations + schedule.BackboneIterations >= iterations) throw map["backbone_iterations"].Node!.Error(
            $"{schedule.BackboneIterations} behind the warm-up's {schedule.WarmupIterations} are no less "
            + $"than the run's {iterations} iterations");
        if (schedule is { Warmup: WarmupKind.Exponential, WarmupRatio: 0 }) throw (map["warmup_ratio"].Node ?? map).Error(
            "an exponential warm-up begins with a fraction above 0, such as 0.1");
        if (schedule.Kind == ScheduleKind.Step) CheckMilestones(schedule.Milestones, map, epochs, iterations);
        return schedule;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("name", Kinds.NameOf(Kind));
        if (Kind == ScheduleKind.Poly) yaml.Number("power", Power);
        if (Kind is ScheduleKind.Poly or ScheduleKind.Cosine) yaml.Number("end", End);
        if (Kind == ScheduleKind.Step)
        {
            yaml.Numbers("milestones", Milestones.Select(milestone => (double)milestone));
            yaml.Number("gamma", Gamma);
        }
        yaml.Int("warmup_iterations", WarmupIterations);
        yaml.Number("warmup_ratio", WarmupRatio);
        yaml.Text("warmup", Warmups.NameOf(Warmup));
        yaml.Flag("after_warmup", AfterWarmup);
        yaml.Int("backbone_iterations", BackboneIterations);
    }

    static void CheckMilestones(ValueList<int> milestones, YamlMap map, int? epochs, int? iterations)
    {
        if (milestones.Count == 0) throw map.Missing("milestones", "when the rate falls, such as [120, 160]");
        var node = map["milestones"].Node!;
        for (var i = 1; i < milestones.Count; i++)
        {
            if (milestones[i] <= milestones[i - 1]) throw node.Error($"{milestones[i]} does not come after {milestones[i - 1]}");
        }
        var unit = epochs is null ? "iterations" : "epochs";
        if (milestones[^1] >= (epochs
            ?? iterations)) throw node.Error($"{milestones[^1]} is not within the run's {epochs ?? iterations} {unit}");
    }
}

/// <summary>How the learning rate changes over a run of T optimiser steps, at step t = 0 … T − 1, from the base rate.</summary>
public enum ScheduleKind
{
    /// <summary>end + (base − end) · (1 − t / T)^power.</summary>
    Poly,

    /// <summary>base · gamma^(milestones passed).</summary>
    Step,

    /// <summary>end + (base − end) · (1 + cos(π t / T)) / 2. Loshchilov and Hutter, ICLR 2017, without restarts.</summary>
    Cosine,

    /// <summary>base throughout.</summary>
    Constant,
}

/// <summary>How the rate rises from a fraction r of itself, at step t of a warm-up of W.</summary>
public enum WarmupKind
{
    /// <summary>r + (1 − r) · t / W.</summary>
    Linear,

    /// <summary>r^(1 − t / W).</summary>
    Exponential,
}
