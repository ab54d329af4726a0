namespace Hwaso.Cli.Tests;

/// <summary>The tests that share one <see cref="Workshop"/>.</summary>
[CollectionDefinition(Name)]
public sealed class WorkshopTests : ICollectionFixture<Workshop>
{
    public const string Name = "workshop";
}
