namespace Hwaso.Nn.Boxes;

/// <summary>
/// Whose conventions boxes follow, in extents, anchors, differences, choices and losses: checkpoints lose up to one point of AP under
/// another's.
/// </summary>
public enum BoxForm
{
    /// <summary>The HRNet authors' release (HRNet-Object-Detection, after mmdetection 0.6): a box includes its last pixel.</summary>
    Authors,

    /// <summary>mmdetection 2 and 3.</summary>
    Mmdetection,

    /// <summary>torchvision 0.14.</summary>
    Torchvision,
}

/// <summary>The numbers in which the conventions differ.</summary>
public static class BoxForms
{
    extension(BoxForm form)
    {
        /// <summary>Added to the difference of two edges: 1 where a box includes its last pixel, otherwise 0.</summary>
        public float Extent => form == BoxForm.Authors ? 1 : 0;

        /// <summary>How bins are placed in a box.</summary>
        public RoiAlignForm Pooling => form switch
        {
            BoxForm.Authors => RoiAlignForm.Inclusive,
            BoxForm.Mmdetection => RoiAlignForm.Aligned,
            _ => RoiAlignForm.Plain,
        };

        /// <summary>Points of a bin along an axis; 0 for as many as its pixels.</summary>
        public int Sampling => form == BoxForm.Mmdetection ? 0 : 2;

        /// <summary>Whether the class behind all others is the background, otherwise the one before them.</summary>
        public bool BackgroundLast => form == BoxForm.Mmdetection;

        /// <summary>Where a proposal network's smooth L1 becomes linear; 0 for L1.</summary>
        public double ProposalBeta => form == BoxForm.Mmdetection ? 0 : 1.0 / 9;

        /// <summary>Where a box head's smooth L1 becomes linear; 0 for L1.</summary>
        public double HeadBeta => form switch { BoxForm.Authors => 1, BoxForm.Mmdetection => 0, _ => 1.0 / 9 };

        /// <summary>How a proposal network's anchors get their truths.</summary>
        public AssignRules ProposalRules => form == BoxForm.Torchvision
            ? new AssignRules(0.7f, 0.3f) { LowQuality = LowQuality.OwnBest }
            : new AssignRules(0.7f, 0.3f) { LowQuality = LowQuality.LaterTruth, LowQualityFrom = 0.3f };

        /// <summary>How a box head's proposals get their truths.</summary>
        public AssignRules HeadRules => form == BoxForm.Authors
            ? new AssignRules(0.5f, 0.5f) { LowQuality = LowQuality.LaterTruth, LowQualityFrom = 0.5f }
            : new AssignRules(0.5f, 0.5f);

        /// <summary>
        /// The level of a pyramid, 0 the finest, from which a box is pooled. Lin et al., CVPR 2017, equation 1: 224 pixels are level 2.
        /// </summary>
        /// <param name="box">The box in pixels of the image.</param>
        /// <param name="levels">How many levels there are.</param>
        public int LevelOf(Box box, int levels = 4)
        {
            const float Finest = 56, Usual = 224, Slack = 1e-6f;
            var side = MathF.Sqrt(box.Area(form.Extent));
            var level = form == BoxForm.Torchvision
                ? MathF.Floor(4 + MathF.Log2(side / Usual) + Slack) - 2
                : MathF.Floor(MathF.Log2(side / Finest + Slack));
            // A box without area, or one that is no box, comes from the finest level.
            return level >= 0 ? (int)Math.Min(level, levels - 1) : 0;
        }
    }
}
