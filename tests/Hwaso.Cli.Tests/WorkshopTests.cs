namespace Hwaso.Cli.Tests;

/// <summary>The tests that share one <see cref="Workshop"/> and one <see cref="PackedHwaso"/>.</summary>
[CollectionDefinition(Name)]
public sealed class WorkshopTests : ICollectionFixture<Workshop>, ICollectionFixture<PackedHwaso>
{
    public const string Name = "workshop";
}
