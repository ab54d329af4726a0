namespace Hwaso.Server.Tests.Runs;

/// <summary>What may be ordered, and by whom.</summary>
public sealed class OrderTests(TrainingServer shared) : IClassFixture<TrainingServer>
{
    readonly TestServer server = shared.Server;

    [Theory]
    [InlineData("""{"recipe": "none"}""", 404)]
    [InlineData("""{"run": "none"}""", 404)]
    [InlineData("""{}""", 400)]
    [InlineData("""{"recipe": "small", "text": "x"}""", 400)]
    [InlineData("""{"recipe": 7}""", 400)]
    [InlineData("""{"recipe": "small", "settings": []}""", 400)]
    [InlineData("""{"recipe": "small", "other": "x"}""", 400)]
    [InlineData("""[]""", 400)]
    [InlineData("""{"recipe": "\ud800"}""", 400)]
    [InlineData("""{"recipe": "small", "\ud800": 1}""", 400)]
    [InlineData("""{"recipe": "small", "settings": {"\ud800": 1}}""", 400)]
    [InlineData("""{"recipe":""", 400)]
    [InlineData("""{"recipe": "small", "settings": {"train.epocs": 1}}""", 422)]
    [InlineData("""{"recipe": "small", "settings": {"train.epochs": "many"}}""", 422)]
    [InlineData("""{"recipe": "small", "settings": {"data.root": "/etc"}}""", 422)]
    [InlineData("""{"recipe": "small", "settings": {"data.depth": "/etc"}}""", 422)]
    [InlineData("""{"recipe": "small", "settings": {"model.pretrained": "/etc/passwd"}}""", 422)]
    [InlineData("""{"recipe": "small", "name": "../x"}""", 422)]
    [InlineData("""{"recipe": "small", "name": ".."}""", 422)]
    [InlineData("""{"recipe": "small", "name": "a/b"}""", 422)]
    [InlineData("""{"recipe": "small", "name": "a\n"}""", 422)]
    [InlineData("""{"text": "model: {name: x}\ndata: {layout: voc, root: /etc}"}""", 422)]
    [InlineData("""{"text": "&a [*a]"}""", 422)]
    public async Task An_order_that_is_none_is_refused(string body, int status)
    {
        Assert.Equal(status, (int)(await server.PostJson("/v1/runs", body)).StatusCode);

        Assert.Empty(Directory.EnumerateFileSystemEntries(shared.Runs));
    }

    [Fact]
    public async Task Only_the_owner_starts_a_training_and_only_with_JSON()
    {
        var body = """{"recipe": "small"}"""u8.ToArray();
        foreach (var header in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Forwarded", "for=10.0.0.1") })
            Assert.Equal(403, (int)(await server.Post("/v1/runs", body, "application/json", header)).StatusCode);
        Assert.Equal(415, (int)(await server.Post("/v1/runs", body, "text/plain")).StatusCode);
        Assert.Equal(415, (int)(await server.Post("/v1/runs/x/stop", [])).StatusCode);
    }

    [Fact]
    public async Task The_keys_of_recipes_are_those_of_the_documentation()
    {
        var keys = (await (await server.Get("/v1/recipe-keys")).Json()).GetProperty("keys").EnumerateArray()
            .ToDictionary(k => k.GetProperty("key").GetString()!);
        Assert.Empty(Hwaso.Recipes.Recipe.Keys.Except(keys.Keys));
        Assert.Equal("304", keys["seed"].GetProperty("default").GetString());
        Assert.True(keys["train.batch"].GetProperty("required").GetBoolean());
        Assert.Equal(["data.depth", "data.root", "model.pretrained"],
            keys.Where(k => k.Value.GetProperty("path").GetBoolean()).Select(k => k.Key).Order());

        var korean = (await (await server.Get("/v1/recipe-keys?lang=ko")).Json()).GetProperty("keys").EnumerateArray().ToArray();
        Assert.Equal(keys.Keys, korean.Select(k => k.GetProperty("key").GetString()));
        var recipe = await (await server.Get("/v1/recipes/small")).Json();
        Assert.Equal("4", recipe.GetProperty("settings").GetProperty("train.epochs").GetString());
        Assert.Equal(404, (int)(await server.Get("/v1/recipes/..%2Fsmall")).StatusCode);
    }
}
