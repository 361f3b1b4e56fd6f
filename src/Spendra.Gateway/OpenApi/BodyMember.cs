using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Spendra.Gateway.OpenApi;

/// <summary>One member of a JSON body, or one field of a form, that governance reads.</summary>
internal readonly record struct BodyMember(string Name, OpenApiSchema Schema)
{
    private const string Binary = "binary";

    public static BodyMember Model { get; } =
        Text("model", "A model that has a price and is in the key's scope; at Azure a deployment. Not where the path names it.");

    public static BodyMember Text(string name, string description) => Of(name, JsonSchemaType.String, description);

    public static BodyMember Number(string name, string description) => Of(name, JsonSchemaType.Integer, description);

    public static BodyMember Flag(string name, string description) => Of(name, JsonSchemaType.Boolean, description);

    public static BodyMember Any(string name, string description) => Of(name, type: null, description);

    public static BodyMember List(string name, string description) => Of(name, JsonSchemaType.Array, description, new OpenApiSchema());

    /// <summary>A text that must be one of these.</summary>
    public static BodyMember OneOf(string name, string description, IEnumerable<string> allowed)
    {
        var member = Text(name, description);
        member.Schema.Enum = [.. allowed.Select(text => JsonValue.Create(text)!)];
        return member;
    }

    /// <summary>A file of a form.</summary>
    public static BodyMember File(string name, string description)
    {
        var member = Text(name, description);
        member.Schema.Format = Binary;
        return member;
    }

    /// <summary>Files of a form, each a field of this name.</summary>
    public static BodyMember Files(string name, string description) =>
        Of(name, JsonSchemaType.Array, description, new OpenApiSchema { Type = JsonSchemaType.String, Format = Binary });

    private static BodyMember Of(string name, JsonSchemaType? type, string description, OpenApiSchema? items = null) =>
        new(name, new OpenApiSchema { Type = type, Description = description, Items = items });
}
