namespace Hwaso.Torch;

/// <summary>What a <see cref="Value"/> is; the numbers are the door's (<c>enum class Tag</c>).</summary>
public enum ValueKind
{
    /// <summary>An optional argument left out, or nothing returned.</summary>
    None = 0,

    /// <summary>A tensor.</summary>
    Tensor = 1,

    /// <summary>An integer; element types and memory formats are integers too.</summary>
    Int = 2,

    /// <summary>A floating-point number.</summary>
    Double = 3,

    /// <summary>A truth value.</summary>
    Bool = 4,

    /// <summary>A list of integers, such as a size.</summary>
    IntList = 5,

    /// <summary>A list of tensors; a null among them stands for none.</summary>
    TensorList = 6,

    /// <summary>A list of floating-point numbers.</summary>
    DoubleList = 7,

    /// <summary>A string.</summary>
    String = 8,

    /// <summary>A list of truth values.</summary>
    BoolList = 9,

    /// <summary>A device.</summary>
    Device = 10,

    /// <summary>The parameter's default.</summary>
    Default = 11,
}
