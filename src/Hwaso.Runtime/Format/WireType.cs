namespace Hwaso.Runtime.Format;

/// <summary>How a field of protobuf's wire format is written.</summary>
enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}
