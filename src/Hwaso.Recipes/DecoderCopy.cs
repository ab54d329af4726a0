namespace Hwaso.Recipes;

/// <summary>What a stage of training copies before it starts.</summary>
public enum DecoderCopy
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The semantic decoder takes over the depth decoder's weights; the heads stay.</summary>
    DepthToSemantic,

    /// <summary>The depth decoder takes over the semantic decoder's weights; the heads stay.</summary>
    SemanticToDepth,
}
