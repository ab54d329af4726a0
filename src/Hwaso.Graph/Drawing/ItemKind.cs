namespace Hwaso.Graph.Drawing;

/// <summary>How a part of a network is drawn.</summary>
enum ItemKind
{
    /// <summary>The network's input.</summary>
    Input,

    /// <summary>The network's output.</summary>
    Output,

    /// <summary>A box: a module whose layers are not drawn one by one.</summary>
    Block,

    /// <summary>A box: layers that stand outside blocks, one behind the other.</summary>
    Layers,

    /// <summary>A circle: several tensors become one.</summary>
    Joint,
}
