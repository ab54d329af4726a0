using Hwaso.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Hwaso.Server.Operation;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>, made from the endpoints, and a page that tries them at <c>/docs</c>.</summary>
static class Document
{
    static readonly string[] images =
        ["image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif", "image/tiff", "application/octet-stream"];

    public static void Add(IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Hwaso",
                Version = "1",
                Description = "The Open Inference Protocol v2, an interface that takes images, trainings, a data set and its labels.",
            };
            // The addresses of this machine are the client's to know.
            document.Servers = [];
            // What answers GET answers HEAD; listed, it would only hide the rest.
            foreach (var path in document.Paths.Values)
                path.Operations?.Remove(HttpMethod.Head);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var path = context.Description.RelativePath ?? "";
            if (context.Description.HttpMethod is "POST" or "PUT")
                operation.RequestBody = Body(path);
            return Task.CompletedTask;
        });
    });

    public static void Map(WebApplication app)
    {
        // Both map GET alone; what answers GET answers HEAD.
        var look = new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]);
        app.MapOpenApi().WithMetadata(look);
        // What the page offers of its maker's services needs the internet, and has no place on a server of one's own.
        app.MapScalarApiReference(Guard.Page, page => page.WithTitle("Hwaso").DisableDefaultFonts().DisableTelemetry().DisableAgent()
            .DisableMcp().HideDeveloperTools().HideClientButton()).WithMetadata(look);
    }

    // Bodies are read as they come, so that the endpoints' signatures do not say them.
    static OpenApiRequestBody Body(string path)
    {
        var binary = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
        if (!path.StartsWith("v1/", StringComparison.Ordinal))
            return new OpenApiRequestBody
            {
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/json"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.Object } },
                    ["application/octet-stream"] = new() { Schema = binary },
                },
            };
        if (path.StartsWith("v1/runs", StringComparison.Ordinal))
            return new OpenApiRequestBody
            {
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/json"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.Object } },
                },
            };
        var content = images.ToDictionary(type => type, _ => new OpenApiMediaType { Schema = binary });
        content["multipart/form-data"] = new OpenApiMediaType
        {
            Schema = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = new Dictionary<string, IOpenApiSchema> { ["image"] = binary },
            },
        };
        return new OpenApiRequestBody { Required = true, Content = content };
    }
}
