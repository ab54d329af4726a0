namespace Hwaso.Recipes.Yaml;

/// <summary>A key of a section, where it was written, and what stands under it.</summary>
sealed record YamlEntry(string Key, string Where, YamlNode Value);
