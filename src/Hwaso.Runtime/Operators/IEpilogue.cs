using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>An operator that can add another tensor to what it computes and apply a function, before it writes.</summary>
interface IEpilogue
{
    /// <summary>What it does at the end.</summary>
    Epilogue Epilogue { get; }

    /// <summary>The input to add, where one is added.</summary>
    int AddendInput { get; }

    /// <summary>The same operator with another end.</summary>
    Operator With(Epilogue epilogue);
}
