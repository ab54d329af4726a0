using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A network that answers with several tensors, none of which may be left out where it is recorded, counted or exported.</summary>
public interface ISeveralAnswers
{
    /// <summary>All of them, in a fixed order.</summary>
    /// <param name="image">What the network takes.</param>
    Tensor[] Answers(Tensor image);
}
