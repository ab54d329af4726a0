namespace Hwaso.Scenes;

/// <summary>A corner: where it is in the world, and its coordinates on the surface.</summary>
readonly record struct Vertex(Vec3 Position, float U, float V);
