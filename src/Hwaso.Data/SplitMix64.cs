namespace Hwaso.Data;

/// <summary>
/// The generator SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014), whose numbers are
/// the same on every machine and .NET version: the state grows by a constant, and mixing it gives a number.
/// </summary>
public static class SplitMix64
{
    /// <summary>The constant that is added to the state for each number: 2⁶⁴ ÷ the golden ratio, odd.</summary>
    public const ulong Step = 0x9E3779B97F4A7C15;

    /// <summary>The number of a state, which is already increased by <see cref="Step"/>.</summary>
    public static ulong Mix(ulong state)
    {
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
        return state ^ (state >> 31);
    }
}
