using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>An operator between values.</summary>
/// <param name="Place">The file and its node, for messages.</param>
/// <param name="Operator">What it does.</param>
/// <param name="Inputs">Numbers of values; -1 where one is left out.</param>
/// <param name="Output">The number of the value it makes.</param>
sealed record Node(string Place, Operator Operator, int[] Inputs, int Output);
