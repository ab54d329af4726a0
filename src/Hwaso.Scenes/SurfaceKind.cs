namespace Hwaso.Scenes;

/// <summary>What a surface is made of: which texture, cut-out and gloss it gets.</summary>
enum SurfaceKind : byte
{
    Plain, Road, Paving, Grass, Soil, Facade, Tiles, Brick, Concrete, Hedge, Leaves, Bark,
    Slats, Mesh, Paint, Glass, SideGlass, Wheel, SpokeWheel, Coach, Cloth, Metal, Sign, TrafficLight, Lamp, Rail, Disc,
}
