using System.Runtime.CompilerServices;

namespace Hwaso.Common;

/// <summary>One number at a time, for processors without vectors.</summary>
readonly unsafe struct Lanes1 : ILanes<float>
{
    public static int Count => 1;

    public static int Group => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(float* from) => *from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float value, float* to) => *to = value;

    public static float LoadFirst(float* from, int count) => count > 0 ? *from : 0;

    public static float First(float value, int count) => count > 0 ? value : 0;

    public static void StoreFirst(float value, float* to, int count)
    {
        if (count > 0)
            *to = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float All(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c) => float.MultiplyAddEstimate(a, b, c);

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float Divide(float a, float b) => a / b;

    public static float Min(float a, float b) => MathF.Min(a, b);

    public static float Max(float a, float b) => MathF.Max(a, b);

    public static float Exp(float a) => MathF.Exp(a);

    public static float Log(float a) => MathF.Log(a);

    public static float Sqrt(float a) => MathF.Sqrt(a);

    public static float Abs(float a) => MathF.Abs(a);

    public static float Floor(float a) => MathF.Floor(a);

    public static float Ceiling(float a) => MathF.Ceiling(a);

    public static float WherePositive(float a, float positive, float other) => a > 0 ? positive : other;

    public static float Even(float a, float b) => a;

    public static float Odd(float a, float b) => b;

    public static void Interleave(float a, float b, out float first, out float second) => (first, second) = (a, b);

    public static void AddSums(float a, float b, float c, float d, float* to) =>
        (to[0], to[1], to[2], to[3]) = (to[0] + a, to[1] + b, to[2] + c, to[3] + d);

    public static float AtLeast(float bound, float a) => a < bound ? bound : a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float AtMost(float bound, float a) => a > bound ? bound : a;

    public static float Sum(float a) => a;

    public static float Pick(float* row, int position, int* begins, int* places) => row[begins[position / 8] + places[position]];

    public static void LoadTiles(
        float* row, int* groups, out float x0, out float x1, out float x2, out float x3, out float x4, out float x5)
    {
        row += *groups;
        (x0, x1, x2, x3, x4, x5) = (row[0], row[1], row[2], row[3], row[4], row[5]);
    }

    public static void ToRow(ref float x0, ref float x1, ref float x2, ref float x3)
    {
    }
}
