namespace Hwaso.Runtime.Operators;

/// <summary>An operator whose output is its first input's numbers, as they lie in memory.</summary>
interface IView
{
    /// <summary>Whether it is for these types: a conversion is a view only if nothing is converted.</summary>
    bool IsView(Planning.Operands inputs);
}
