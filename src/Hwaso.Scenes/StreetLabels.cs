namespace Hwaso.Scenes;

/// <summary>Cityscapes' label ids as the renderer writes them (Cordts et al., CVPR 2016; cityscapesScripts labels).</summary>
static class StreetLabels
{
    public const byte EgoVehicle = 1, RectificationBorder = 2, OutOfRoi = 3, Static = 4, Dynamic = 5, Ground = 6, Road = 7, Sidewalk = 8,
        Parking = 9, RailTrack = 10, Building = 11, Wall = 12, Fence = 13, GuardRail = 14, Pole = 17, TrafficLight = 19, TrafficSign = 20,
        Vegetation = 21, Terrain = 22, Sky = 23, Person = 24, Rider = 25, Car = 26, Truck = 27, Bus = 28, Train = 31, Motorcycle = 32,
        Bicycle = 33;

    public static bool HasInstances(int id) => id is >= 24 and <= 33;

    /// <summary>The train id of a label id, 255 where training ignores it.</summary>
    public static byte TrainId(byte id) => id switch
    {
        Road => 0,
        Sidewalk => 1,
        Building => 2,
        Wall => 3,
        Fence => 4,
        Pole => 5,
        TrafficLight => 6,
        TrafficSign => 7,
        Vegetation => 8,
        Terrain => 9,
        Sky => 10,
        Person => 11,
        Rider => 12,
        Car => 13,
        Truck => 14,
        Bus => 15,
        Train => 16,
        Motorcycle => 17,
        Bicycle => 18,
        _ => 255,
    };

    /// <summary>The colour of a label id in <c>_color.png</c>.</summary>
    public static (byte R, byte G, byte B) Color(byte id) => id switch
    {
        Dynamic => (111, 74, 0),
        Ground => (81, 0, 81),
        Road => (128, 64, 128),
        Sidewalk => (244, 35, 232),
        Parking => (250, 170, 160),
        RailTrack => (230, 150, 140),
        Building => (70, 70, 70),
        Wall => (102, 102, 156),
        Fence => (190, 153, 153),
        GuardRail => (180, 165, 180),
        Pole => (153, 153, 153),
        TrafficLight => (250, 170, 30),
        TrafficSign => (220, 220, 0),
        Vegetation => (107, 142, 35),
        Terrain => (152, 251, 152),
        Sky => (70, 130, 180),
        Person => (220, 20, 60),
        Rider => (255, 0, 0),
        Car => (0, 0, 142),
        Truck => (0, 0, 70),
        Bus => (0, 60, 100),
        Train => (0, 80, 100),
        Motorcycle => (0, 0, 230),
        Bicycle => (119, 11, 32),
        _ => (0, 0, 0),
    };
}
