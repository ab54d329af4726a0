namespace Hwaso.Scenes;

/// <summary>The kind of neighbourhood a street runs through.</summary>
enum District : byte { Centre, Residential, Boulevard, Outskirts, Park }
