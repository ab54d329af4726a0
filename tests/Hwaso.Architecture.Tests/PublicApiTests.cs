using System.Reflection;
using Hwaso.Tests;
using PublicApiGenerator;

namespace Hwaso.Architecture.Tests;

/// <summary>What a program can use of each room changes only because someone looked (<c>tests/Approved/api</c>).</summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> Projects => [.. Room.Names.Where(name => name != "Hwaso.Cli")];

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_public_API_is_the_approved_one(string name) =>
        Approved.Check($"api/{name}.txt", Assembly.Load(name).GeneratePublicApi(new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
        }));
}
