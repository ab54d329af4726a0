using Hwaso.Models;

namespace Hwaso.Cli.Verbs;

/// <summary>The network that a MODEL argument names.</summary>
static class ModelArgument
{
    /// <summary>The definition of a short name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static ModelDefinition Find(string model) => Zoo.Find(model);
}
