namespace Hwaso.Scenes;

/// <summary>What lies beside the carriageway, outwards, widths in metres.</summary>
sealed record Kerbside(float Parking, float Verge, float Sidewalk, float Setback)
{
    public float Total => Parking + Verge + Sidewalk + Setback;
}
