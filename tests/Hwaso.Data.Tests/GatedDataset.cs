using System.Collections;

namespace Hwaso.Data.Tests;

/// <summary>A data set whose images cannot be had until a gate is opened.</summary>
sealed class GatedDataset(SegmentationDataset data, ManualResetEventSlim gate) : SegmentationDataset
{
    public override string Name => data.Name;

    public override ClassList Classes => data.Classes;

    public override IReadOnlyList<Sample> Samples { get; } = new List(data.Samples, gate);

    public override LabelTable TableOf(Sample sample) => data.TableOf(sample);

    sealed class List(IReadOnlyList<Sample> samples, ManualResetEventSlim gate) : IReadOnlyList<Sample>
    {
        public int Count => samples.Count;

        public Sample this[int index]
        {
            get
            {
                gate.Wait();
                return samples[index];
            }
        }

        public IEnumerator<Sample> GetEnumerator() => samples.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
