using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Metrics;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Training.Loop;

namespace Hwaso.Server.Runs;

/// <summary>Writes runs as JSON: one in a line, or everything that its files say.</summary>
static class RunJson
{
    // A chart has fewer columns than this; longer curves are means of neighbours.
    const int MostPoints = 2000, MostLines = 200;

    const string Queued = "queued";

    /// <summary>The members of a run in a line.</summary>
    /// <param name="json">Writes the object.</param>
    /// <param name="run">The run.</param>
    /// <param name="job">Its training on this server; null for none.</param>
    public static void Line(Utf8JsonWriter json, RunEntry run, TrainingJob? job)
    {
        var status = run.Status;
        var waits = job is { IsOver: false, Process: null };
        json.WriteString("name", run.Name);
        json.WriteString("state", waits ? Queued : Word(status.State));
        if (status.State != RunState.Training && (job?.Problem ?? run.Problem) is { } problem)
            json.WriteString("problem", problem);
        json.WriteBoolean("can_stop", job is { IsOver: false });
        json.WriteBoolean("can_resume", job is null or { IsOver: true } && status.State != RunState.Training && run.Recipe is not null);
        if (run.Recipe is { } recipe)
        {
            json.WriteString("recipe", recipe.Recipe.Name);
            json.WriteString("model", recipe.Model.Name ?? recipe.Model.Family);
            json.WriteString("task", TaskOf(recipe));
            json.WriteString("layout", recipe.Recipe.Data.Layout);
        }
        if (status.Started is { } started)
            json.WriteString("started", started);
        var step = Math.Max(run.Recent.Count == 0 ? 0 : run.Recent[^1].Iteration, run.Summary?.Step ?? 0);
        json.WriteNumber("step", step);
        if (status.Steps is { } steps)
            json.WriteNumber("steps", steps);
        if (status.Epochs is { } epochs)
            json.WriteNumber("epochs", epochs);
        Progress(json, run, step);
        if (run.Summary is { } summary)
        {
            json.WriteNumber("best_epoch", summary.BestEpoch);
            json.WriteStartObject("scores");
            // Before the first validation a score may be no number.
            foreach (var (name, value) in summary.Scores.Where(s => double.IsFinite(s.Value)))
                json.WriteNumber(name, value);
            json.WriteEndObject();
            if (summary.Seconds is { } seconds)
                json.WriteNumber("seconds", seconds);
            if (summary.Parameters is { } parameters)
                json.WriteNumber("parameters", parameters);
        }
    }

    /// <summary>The members of a training that has no folder yet: it waits, begins, or failed before it had one.</summary>
    public static void Waiting(Utf8JsonWriter json, TrainingJob job)
    {
        json.WriteString("name", job.Name);
        json.WriteString("state", job.Problem is not null ? Word(RunState.Failed) : job.Process is null ? Queued : Word(RunState.Training));
        if (job.Problem is { } problem)
            json.WriteString("problem", problem);
        json.WriteBoolean("can_stop", true);
        json.WriteBoolean("can_resume", false);
        json.WriteNumber("step", 0);
    }

    /// <summary>The other members of a run: its settings, curves, classes, pictures and log.</summary>
    public static void Rest(Utf8JsonWriter json, RunEntry run)
    {
        json.WriteStartObject("settings");
        foreach (var (key, value) in run.Recipe is { } recipe ? RecipeSettings.Of(recipe.Recipe) : [])
            json.WriteString(key, value);
        json.WriteEndObject();
        var (steps, validations) = run.Log();
        Steps(json, steps);
        Validations(json, run, validations);
        RunPictures.Write(json, run.Name, run.Folder);
        json.WriteStartArray("log");
        foreach (var line in run.Status.Lines.TakeLast(MostLines))
            json.WriteStringValue(line);
        json.WriteEndArray();
    }

    /// <summary>The members of a step's event and of a validation's.</summary>
    public static void Step(Utf8JsonWriter json, LoggedStep step)
    {
        json.WriteNumber("iteration", step.Iteration);
        json.WriteNumber("epoch", step.Epoch);
        Number(json, "loss", step.Loss);
        Number(json, "learning_rate", step.LearningRate);
        Number(json, "images_per_second", step.ImagesPerSecond);
    }

    /// <inheritdoc cref="Step"/>
    public static void Validation(Utf8JsonWriter json, LoggedValidation logged, Validation validation)
    {
        json.WriteNumber("iteration", logged.Iteration);
        json.WriteNumber("epoch", logged.Epoch);
        json.WriteStartObject("scores");
        foreach (var score in validation.All)
            Number(json, score.Name, score.Value);
        json.WriteEndObject();
    }

    public static string Word(RunState state) => state switch
    {
        RunState.Training => "training",
        RunState.Ended => "ended",
        RunState.Stopped => "stopped",
        _ => "failed",
    };

    static void Progress(Utf8JsonWriter json, RunEntry run, long step)
    {
        var recent = run.Recent.Select(s => s.ImagesPerSecond).Where(s => s > 0 && double.IsFinite(s)).DefaultIfEmpty().Average();
        if (run.Recent.Count > 0)
            json.WriteNumber("epoch", run.Recent[^1].Epoch);
        if (recent <= 0)
            return;
        json.WriteNumber("images_per_second", recent);
        if (run.Status is { State: RunState.Training, Steps: { } all, ImagesPerStep: { } images } && all > step)
            json.WriteNumber("seconds_left", (all - step) * images / recent);
    }

    static void Steps(Utf8JsonWriter json, IReadOnlyList<LoggedStep> steps)
    {
        var each = Math.Max(1, (steps.Count + MostPoints - 1) / MostPoints);
        var points = steps.Chunk(each).ToArray();
        json.WriteStartObject("steps_curve");
        Array(json, "iteration", points, p => p[^1].Iteration);
        // A loss that is not finite stays visible as a gap.
        Array(json, "loss", points, p => p.Average(s => s.Loss));
        Array(json, "learning_rate", points, p => p[^1].LearningRate);
        Array(json, "images_per_second", points, p => p.Average(s => s.ImagesPerSecond));
        json.WriteEndObject();
    }

    static void Validations(
        Utf8JsonWriter json, RunEntry run, IReadOnlyList<(LoggedValidation Logged, Validation Validation)> read)
    {
        json.WriteStartObject("validations");
        Array(json, "iteration", read, v => v.Logged.Iteration);
        Array(json, "epoch", read, v => v.Logged.Epoch);
        json.WriteStartArray("scores");
        foreach (var score in read.Count == 0 ? [] : read[0].Validation.All)
        {
            json.WriteStartObject();
            json.WriteString("name", score.Name);
            json.WriteString("title", score.Title);
            json.WriteBoolean("lower_is_better", score.LowerIsBetter);
            Array(json, "values", read, v => v.Validation.All.FirstOrDefault(s => s.Name == score.Name)?.Value ?? double.NaN);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        (LoggedValidation? Logged, Validation? Validation) best = default;
        foreach (var (logged, validation) in read)
            if (validation.IsBetterThan(best.Validation))
                best = (logged, validation);
        if (best.Logged?.Fields["confusion"] is JsonArray counts && run.Recipe is not null && Confusion(counts) is { } confusion)
            Classes(json, confusion, run.Recipe.Recipe);
    }

    /// <summary>The matrix of a line of the log; null where somebody damaged it.</summary>
    static ConfusionMatrix? Confusion(JsonArray counts)
    {
        try
        {
            return ConfusionMatrix.FromCounts([.. counts.Select(n => n!.GetValue<long>())]);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or FormatException or NullReferenceException)
        {
            return null;
        }
    }

    /// <summary>IoU by class of the best validation, and the matrix behind it: a row a true class, a column a predicted one.</summary>
    static void Classes(Utf8JsonWriter json, ConfusionMatrix confusion, Recipe recipe)
    {
        var classes = ClassesOf(recipe, confusion.Classes);
        var scores = Scores.Of(confusion, classes.HasBackground);
        json.WriteStartArray("classes");
        foreach (var (k, one) in classes.Entries.Index())
        {
            json.WriteStartObject();
            json.WriteString("name", one.Name);
            json.WriteString("color", $"#{one.R:x2}{one.G:x2}{one.B:x2}");
            Number(json, "iou", scores.Classes[k].Iou);
            json.WriteNumber("pixels", confusion.TruthPixels(k));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("confusion");
        for (var truth = 0; truth < confusion.Classes; truth++)
        {
            json.WriteStartArray();
            for (var predicted = 0; predicted < confusion.Classes; predicted++)
                json.WriteNumberValue(confusion[truth, predicted]);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    // The data set may have moved since; its classes are then known by their numbers.
    static ClassList ClassesOf(Recipe recipe, int count)
    {
        try
        {
            if (Datasets.ClassesOf(recipe.Data.Layout, recipe.Data.Root ?? "") is var classes && classes.Count == count)
                return classes;
        }
        catch (Exception error) when (error is ArgumentException or DatasetException or IOException or UnauthorizedAccessException)
        {
            // As above.
        }
        return ClassList.Numbered(count);
    }

    static string TaskOf(RecipeFile recipe)
    {
        try
        {
            return Zoo.Define(recipe.Model).Task.Word();
        }
        catch (ArgumentException)
        {
            return "unknown";
        }
    }

    static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> of, Func<T, double> value)
    {
        json.WriteStartArray(name);
        foreach (var one in of)
            if (value(one) is var number && double.IsFinite(number))
                json.WriteNumberValue(number);
            else
                json.WriteNullValue();
        json.WriteEndArray();
    }

    static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
