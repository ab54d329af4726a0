namespace Hwaso.Checkpoints.Pickle;

/// <summary>A name that a pickle asks for, and that is allowed.</summary>
sealed record Global(string Module, string Name, GlobalKind Kind)
{
    public override string ToString() => $"{Module}.{Name}";
}
