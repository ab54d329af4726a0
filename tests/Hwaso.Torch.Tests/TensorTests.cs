using Hwaso.Tests;

namespace Hwaso.Torch.Tests;

public sealed class TensorTests : TensorTest
{
    [Fact]
    public void Numbers_come_back_as_they_went_in()
    {
        using var scope = new Scope();
        var t = Tensor.From([1f, 2f, 3f, 4f, 5f, 6f], 2, 3);

        Assert.Equal([2, 3], t.Shape);
        Assert.Equal([1f, 4f, 2f, 5f, 3f, 6f], t.Transpose(0, 1).ToArray<float>());
        Assert.Equal([3, 1], t.Strides);
        Assert.Equal(ScalarType.Float32, t.Type);
        Assert.Equal("float32[2, 3]", t.ToString());
    }

    [Fact]
    public void Any_operator_is_called_by_name_with_defaults_filled_in()
    {
        using var scope = new Scope();
        var x = Tensor.From([1f, -2f], 2);

        Assert.Equal([3f, -6f], Aten.Call("aten::add.Tensor", x, x, 2L).AsTensor().ToArray<float>());
        Assert.Equal([2f, -4f], Aten.Call("aten::add.Tensor", x, x).AsTensor().ToArray<float>());
        var parts = Aten.CallAll(new Operator("aten::sort"), x, 0L, false);
        Assert.Equal([-2f, 1f], parts[0].AsTensor().ToArray<float>());
        Assert.Equal([1L, 0L], parts[1].AsTensor().ToArray<long>());
    }

    [Fact]
    public void A_span_of_other_numbers_is_an_InvalidOperationException_that_says_what_to_do()
    {
        using var scope = new Scope();
        var x = Tensor.From([1f, 2f, 3f, 4f], 2, 2);

        Assert.Contains("use Contiguous() first",
            Assert.Throws<InvalidOperationException>(() => x.Transpose(0, 1).Span<float>()).Message, StringComparison.Ordinal);
        Assert.Contains("does not hold Int64", Assert.Throws<InvalidOperationException>(() => x.Span<long>()).Message,
            StringComparison.Ordinal);
        Assert.Equal(4, x.Span<float>().Length);
    }

    [Fact]
    public void A_refused_operator_names_itself_the_shapes_and_the_place()
    {
        using var scope = new Scope();
        var error = Assert.Throws<TorchException>(() => Aten.Matmul(Tensor.Zeros([2, 3]), Tensor.Zeros([4, 5])));
        Assert.Contains("aten::matmul", error.Message, StringComparison.Ordinal);
        Assert.Contains("float32[2, 3], float32[4, 5]", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("frame #", error.Message, StringComparison.Ordinal);

        Door.Enter("stage3.0.fuse", "Test", []);
        var placed = Assert.Throws<TorchException>(() => Tensor.Zeros([2]) + Tensor.Zeros([3]));
        Door.Leave("stage3.0.fuse", []);
        Assert.StartsWith("stage3.0.fuse: aten::add.Tensor", placed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aten::no_such_operator", "no_such_operator")]
    [InlineData("aten::relu", "argument 1 'self' wants Tensor, got an int")]
    public void A_wrong_call_is_an_exception(string name, string message)
    {
        var error = Assert.Throws<TorchException>(() => Aten.Call(name, 3L));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_arguments_and_missing_ones_are_exceptions()
    {
        using var scope = new Scope();
        var x = Tensor.Zeros([1]);
        Assert.Contains("the operator has 1", Assert.Throws<TorchException>(() => Aten.Call("aten::relu", x, x)).Message,
            StringComparison.Ordinal);
        Assert.Contains("no default", Assert.Throws<TorchException>(() => Aten.Call("aten::conv2d", x)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refused_allocation_is_told_from_other_refusals()
    {
        using var scope = new Scope();
        // 2^48 bytes: more than a process can address, whatever the machine has.
        var error = Assert.Throws<TorchException>(() => Tensor.Empty([1L << 46]));
        Assert.True(error.IsOutOfMemory, error.Message);
        Assert.Contains("aten::empty.memory_format([70368744177664]", error.Message, StringComparison.Ordinal);
        // The same inside an operator that was given a tensor of repeated zeros.
        Assert.True(Assert.Throws<TorchException>(() => Aten.Expand(Tensor.Zeros([1]), [1L << 46]).Relu()).IsOutOfMemory);
        Assert.False(Assert.Throws<TorchException>(() => Aten.Matmul(Tensor.Zeros([2, 3]), Tensor.Zeros([4, 5]))).IsOutOfMemory);
        Assert.Equal(1, Tensor.Ones([1]).Item());
    }

    [Fact]
    public void A_disposed_tensor_is_an_error_not_a_crash()
    {
        Tensor escaped;
        using (var scope = new Scope())
            escaped = Tensor.Zeros([2]);
        Assert.Throws<ObjectDisposedException>(() => escaped.Relu());
        Assert.Equal("disposed tensor", escaped.ToString());
    }

    [Fact]
    public void A_span_is_refused_where_the_numbers_do_not_lie_in_order()
    {
        using var scope = new Scope();
        var t = Tensor.Zeros([2, 3]);
        Assert.Throws<InvalidOperationException>(() => t.Transpose(0, 1).Span<float>().Length);
        Assert.Throws<InvalidOperationException>(() => t.Span<double>().Length);
        Assert.Throws<ArgumentException>(() => Tensor.From([1f, 2f], 3));
    }

    [Fact]
    public void Every_schema_of_the_dispatcher_is_read()
    {
        var all = Operator.All();
        Assert.True(all.Count(s => s.Name.StartsWith("aten::", StringComparison.Ordinal)) > 2000);
        var conv = all.Single(s => s.Name == "aten::conv2d" && s.Overload.Length == 0);
        Assert.Equal(["input", "weight", "bias", "stride", "padding", "dilation", "groups"], conv.Parameters.Select(p => p.Name));
        Assert.Equal("1", conv.Parameters[^1].Default);
        Assert.Equal(["Tensor"], conv.Returns);
        var add = all.Single(s => s.Name == "aten::add_" && s.Overload == "Tensor");
        Assert.True(add.Parameters[0].Written);
        Assert.False(add.Parameters[1].Written);
    }
}
