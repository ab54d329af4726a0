using Hwaso.Tests;
using Hwaso.Torch.Autograd;

namespace Hwaso.Torch.Tests;

public sealed class ScopeTests : TensorTest
{
    [Fact]
    public void A_scope_frees_what_it_made_but_for_what_is_kept()
    {
        var before = Tensor.LiveHandles;
        using (var outer = new Scope())
        {
            Tensor kept;
            using (var inner = new Scope())
            {
                var a = Tensor.Ones([4]);
                kept = inner.Keep(a + a);
            }
            Assert.Equal(before + 1, Tensor.LiveHandles);
            Assert.Equal([2f, 2f, 2f, 2f], kept.ToArray<float>());
        }
        Assert.Equal(before, Tensor.LiveHandles);
    }

    [Fact]
    public void An_owned_tensor_outlives_its_scope_until_it_is_disposed()
    {
        var before = Tensor.LiveHandles;
        Tensor owned;
        using (new Scope())
            owned = Tensor.Ones([1]).Own();
        Assert.Equal(1, owned.Item());
        owned.Dispose();
        Assert.Equal(before, Tensor.LiveHandles);
    }

    [Fact]
    public void Keeping_a_tensor_of_an_outer_scope_leaves_it_there()
    {
        using var outer = new Scope();
        var x = Tensor.Ones([1]);
        using (var inner = new Scope())
            inner.Keep(x);
        Assert.Equal(1, x.Item());
    }

    [Fact]
    public void A_tensor_disposed_early_leaves_its_scope_in_order()
    {
        var before = Tensor.LiveHandles;
        using (var scope = new Scope())
        {
            var x = Tensor.Ones([1]);
            x.Dispose();
            var y = scope.Keep(Tensor.Ones([1]));
            y.Dispose();
        }
        Assert.Equal(before, Tensor.LiveHandles);
    }

    [Fact]
    public void A_thousand_training_steps_leave_tensors_and_memory_flat()
    {
        using var weight = WithoutScope(() => Tensor.Randn([32, 8, 3, 3]));
        weight.RequiresGrad = true;
        for (var step = 0; step < 100; step++)
            Step(weight);
        var (handles, bytes) = (Tensor.LiveHandles, Environment.WorkingSet);
        for (var step = 0; step < 1000; step++)
            Step(weight);

        Assert.Equal(handles, Tensor.LiveHandles);
        // Each step moves 20 MB through the allocator; 64 MB is room for the runtime's own growth, and a leak of 1 % would exceed it.
        Assert.True(Environment.WorkingSet - bytes < 64 << 20, $"resident memory grew by {(Environment.WorkingSet - bytes) >> 20} MB");
    }

    static void Step(Tensor weight)
    {
        using var scope = new Scope();
        var x = Tensor.Randn([4, 8, 32, 32]);
        var y = Aten.Conv2d(x, weight, null, padding: [1, 1]).Relu();
        var loss = (y * y).Mean();
        loss.Backward();
        using (new NoGrad())
        {
            Aten.Add_(weight, weight.Grad!, -0.01);
            weight.Grad = null;
        }
    }

    static Tensor WithoutScope(Func<Tensor> make)
    {
        using var scope = new Scope();
        return make().Own();
    }
}
