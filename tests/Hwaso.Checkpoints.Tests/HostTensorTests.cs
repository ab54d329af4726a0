
namespace Hwaso.Checkpoints.Tests;

public sealed class HostTensorTests
{
    [Fact]
    public void Tensor_refuses_bytes_that_do_not_fit_its_shape()
    {
        Assert.Throws<ArgumentException>(() => HostTensor.Of([1f, 2f, 3f], 2, 2));
        Assert.Throws<ArgumentException>(() => new HostTensor(ElementType.Float32, [-1], new byte[4]));
        Assert.Throws<ArgumentException>(() => new HostTensor(ElementType.UInt8, [1L << 33, 1L << 33], ReadOnlyMemory<byte>.Empty));
    }

    [Fact]
    public void Floats_come_out_of_every_element_type()
    {
        Assert.Equal([1.5f, -2f], HostTensor.Of([1.5f, -2f], 2).ToFloats());
        Assert.Equal([1.5f, -2f], HostTensor.Of([1.5, -2.0], 2).ToFloats());
        Assert.Equal([1.5f, -2f], HostTensor.Of([(Half)1.5f, (Half)(-2f)], 2).ToFloats());
        // 0x3FC0 = 1.5 and 0xC000 = -2 in bfloat16.
        Assert.Equal([1.5f, -2f], new HostTensor(ElementType.BFloat16, [2], new byte[] { 0xC0, 0x3F, 0x00, 0xC0 }).ToFloats());
        Assert.Equal([0f, 1f], HostTensor.Of([false, true], 2).ToFloats());
        Assert.Equal([-5f], HostTensor.Of([-5L]).ToFloats());
        Assert.Equal([-5f], HostTensor.Of([-5]).ToFloats());
        Assert.Equal([255f], HostTensor.Of(new byte[] { 255 }).ToFloats());
        Assert.Equal([-1f], new HostTensor(ElementType.Int8, [], new byte[] { 255 }).ToFloats());
        Assert.Equal([-2f], new HostTensor(ElementType.Int16, [], new byte[] { 254, 255 }).ToFloats());
    }

    [Fact]
    public void Integers_keep_all_their_bits()
    {
        Assert.Equal([long.MaxValue], HostTensor.Of([long.MaxValue]).ToInt64s());
        Assert.Throws<InvalidOperationException>(() => HostTensor.Of([1f]).ToInt64s());
    }
}
