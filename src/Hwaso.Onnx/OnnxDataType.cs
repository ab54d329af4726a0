namespace Hwaso.Onnx;

/// <summary>Element types by ONNX's numbers (TensorProto.DataType).</summary>
enum OnnxDataType
{
    Float32 = 1,
    Int64 = 7,
    Float16 = 10,
}
