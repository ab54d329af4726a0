namespace Hwaso.Recipes;

/// <summary>The optimisers a recipe can name.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum, as PyTorch's SGD with dampening 0.</summary>
    Sgd,

    /// <summary>Adam, weight decay added to the gradient. Kingma and Ba, ICLR 2015.</summary>
    Adam,

    /// <summary>Adam, weight decay apart from the gradient. Loshchilov and Hutter, ICLR 2019.</summary>
    AdamW,
}
