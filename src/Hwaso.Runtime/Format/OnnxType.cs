namespace Hwaso.Runtime.Format;

/// <summary>Element types by ONNX's numbers (TensorProto.DataType), as far as they can be read.</summary>
enum OnnxType
{
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
}
