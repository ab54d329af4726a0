using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>
/// Which steps end before others begin: in sequence all of them; where threads share a run, those whose results are needed.
/// </summary>
sealed class StepOrder
{
    // Every step has a bit for every other one; networks of more steps run in sequence.
    const int MostSteps = 4096;

    // A quarter of a thread more is not worth dividing a step.
    const double Spare = 0.25;

    readonly Bits[]? before;
    // Steps on the longest way from the inputs.
    readonly int[] depths;

    StepOrder(Bits[]? before, int[] depths) => (this.before, this.depths) = (before, depths);

    /// <summary>One step after the other.</summary>
    public static StepOrder InSequence { get; } = new(null, []);

    /// <summary>Whether steps may run at the same time.</summary>
    public bool IsFree => before is not null;

    /// <summary>Each step after those whose results it reads, and after those that these need.</summary>
    public static StepOrder ByResults(IReadOnlyList<Node> steps)
    {
        if (steps.Count > MostSteps)
            return InSequence;
        var makers = new Dictionary<int, int>();
        var (before, depths) = (new Bits[steps.Count], new int[steps.Count]);
        for (var k = 0; k < steps.Count; k++)
        {
            before[k] = new Bits(steps.Count);
            foreach (var value in steps[k].Inputs)
                if (makers.TryGetValue(value, out var maker))
                {
                    before[k].Add(before[maker]);
                    before[k].Add(maker);
                    depths[k] = Math.Max(depths[k], depths[maker] + 1);
                }
            makers[steps[k].Output] = k;
        }
        return new StepOrder(before, depths);
    }

    /// <summary>The steps that end before a step begins.</summary>
    public Bits Before(int step) => before![step];

    /// <summary>The threads that each step is divided for: fewer where steps of the same depth have work for the others, so that less is
    /// computed twice.</summary>
    /// <param name="weights">What each step takes.</param>
    /// <param name="threads">The number of threads.</param>
    public int[] Shares(double[] weights, int threads)
    {
        if (!IsFree)
            return Array.ConvertAll(weights, _ => threads);
        var together = new double[depths.Length + 1];
        for (var k = 0; k < weights.Length; k++)
            together[depths[k]] += weights[k];
        return [.. weights.Select((w, k) => Math.Clamp((int)Math.Ceiling((threads * w / together[depths[k]]) - Spare), 1, threads))];
    }

    /// <summary>The steps that each step waits for, without those that these wait for themselves.</summary>
    /// <param name="steps">Some of the steps, in order.</param>
    /// <returns>For each step, the indices into the list of the steps that wait for it.</returns>
    public int[][] Followers(IReadOnlyList<int> steps)
    {
        var followers = steps.Select(_ => new List<int>()).ToArray();
        for (var k = 0; k < steps.Count; k++)
        {
            var covered = new Bits(before!.Length);
            for (var j = k - 1; j >= 0; j--)
                if (before[steps[k]].Has(steps[j]) && !covered.Has(steps[j]))
                {
                    followers[j].Add(k);
                    covered.Add(before[steps[j]]);
                }
        }
        return Array.ConvertAll(followers, f => f.ToArray());
    }
}

/// <summary>A set of steps.</summary>
sealed class Bits(int count)
{
    const int Size = 64;

    readonly ulong[] words = new ulong[(count + Size - 1) / Size];

    /// <summary>Whether it has a step.</summary>
    public bool Has(int step) => (words[step / Size] >> (step % Size) & 1) != 0;

    /// <summary>Adds a step.</summary>
    public void Add(int step) => words[step / Size] |= 1UL << (step % Size);

    /// <summary>Removes a step.</summary>
    public void Remove(int step) => words[step / Size] &= ~(1UL << (step % Size));

    /// <summary>Adds all steps of another set.</summary>
    public void Add(Bits other)
    {
        for (var k = 0; k < words.Length; k++)
            words[k] |= other.words[k];
    }

    /// <summary>Keeps the steps of another set alone.</summary>
    public void Keep(Bits other)
    {
        for (var k = 0; k < words.Length; k++)
            words[k] &= other.words[k];
    }

    /// <summary>Whether another set has all of these steps.</summary>
    public bool IsIn(Bits other)
    {
        for (var k = 0; k < words.Length; k++)
            if ((words[k] & ~other.words[k]) != 0)
                return false;
        return true;
    }
}

/// <summary>The steps that write or read a place in memory.</summary>
/// <param name="order">The order of the steps.</param>
/// <param name="steps">The number of steps.</param>
sealed class Lifetime(StepOrder order, int steps)
{
    int birth = int.MaxValue, death = -1;
    Bits? touching, beforeAll;

    /// <summary>Whether it is ever written.</summary>
    public bool IsUsed => birth <= death;

    /// <summary>The first step that writes it.</summary>
    public int Birth => birth;

    /// <summary>A step writes it.</summary>
    public void Write(int step)
    {
        birth = Math.Min(birth, step);
        if (order.IsFree && beforeAll is null)
            (beforeAll = new Bits(steps)).Add(order.Before(step));
        else if (order.IsFree)
            beforeAll!.Keep(order.Before(step));
        Read(step);
    }

    /// <summary>A step reads it.</summary>
    public void Read(int step)
    {
        death = Math.Max(death, step);
        if (order.IsFree)
            (touching ??= new Bits(steps)).Add(step);
    }

    /// <summary>It is there before the run.</summary>
    public void IsGiven() => (birth, death, beforeAll) = (-1, int.MaxValue, order.IsFree ? new Bits(steps) : null);

    /// <summary>It is there after the run.</summary>
    public void IsKept() => death = int.MaxValue;

    /// <summary>What is computed in its place is also its own.</summary>
    public void Join(Lifetime later)
    {
        death = later.death;
        if (order.IsFree)
            touching!.Add(later.touching!);
    }

    /// <summary>Whether a step is the last to need it.</summary>
    public bool EndsAt(int step)
    {
        if (!order.IsFree)
            return death == step;
        if (death == int.MaxValue || touching?.Has(step) != true)
            return false;
        touching.Remove(step);
        var ends = touching.IsIn(order.Before(step));
        touching.Add(step);
        return ends;
    }

    /// <summary>Whether nobody needs it when another one's place is first written.</summary>
    public bool EndsBefore(Lifetime other) =>
        order.IsFree ? death != int.MaxValue && touching!.IsIn(other.beforeAll!) : death < other.birth;
}
