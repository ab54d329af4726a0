using System.Runtime.CompilerServices;
using Hwaso.Torch.Native;

namespace Hwaso.Torch.Autograd;

/// <summary>While it lives, this thread's operators are not followed by autograd (<c>torch.no_grad</c>).</summary>
public readonly ref struct NoGrad
{
    // Null where operators are answered by a stand-in: nothing is followed then, and libtorch may not be there.
    readonly bool? before;

    /// <summary>Switches following off.</summary>
    public NoGrad()
    {
        if (Door.StandIn is not null)
            return;
        before = IsOn();
        Set(false);
    }

    /// <summary>Whether this thread's operators are followed now.</summary>
    public static bool IsFollowing => Door.StandIn is null && IsOn();

    /// <summary>Restores the previous setting.</summary>
    public void Dispose()
    {
        if (before is { } was)
            Set(was);
    }

    // A caller into which such a call is inlined binds it when it begins, whether or not it comes to it: that would need libtorch.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static bool IsOn() => NativeMethods.hw_grad_mode() != 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Set(bool on) => NativeMethods.hw_set_grad_mode(on ? 1 : 0);
}
