namespace Hwaso.Scenes;

/// <summary>What a texture says of a point: share of light scattered, mirror-like share, own light.</summary>
readonly record struct Appearance(Vec3 Albedo, float Gloss = 0, Vec3 Emission = default);
