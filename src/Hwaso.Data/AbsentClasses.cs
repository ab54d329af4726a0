namespace Hwaso.Data;

/// <summary>What a class does to a mean that is neither in the truth nor predicted: toolkits disagree.</summary>
public enum AbsentClasses
{
    /// <summary>It is left out, as by cityscapesScripts.</summary>
    LeaveOut,

    /// <summary>It counts as 0, as in HRNet's code.</summary>
    Zero,
}
