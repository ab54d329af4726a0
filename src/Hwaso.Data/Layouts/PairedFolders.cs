using Hwaso.Imaging;

namespace Hwaso.Data.Layouts;

/// <summary>Data sets of one folder with images and one with labels of the same names, for each split.</summary>
static class PairedFolders
{
    /// <summary>
    /// LIP (Gong et al., CVPR 2017): <c>TrainVal_images/train_images</c> and <c>TrainVal_parsing_annotations/train_segmentations</c> as
    /// in the download, or <c>train_images</c> and <c>train_segmentations</c> side by side.
    /// </summary>
    public static SegmentationDataset Lip(string root, string split, Action<DatasetProblem>? report)
    {
        Folders.Require(root, "the data set's folder");
        string In(string folder, string name) =>
            new[] { $"{folder}/{name}", $"{folder}/{folder}/{name}", name }
                .Select(f => Path.Combine(root, f)).FirstOrDefault(Directory.Exists) ?? Path.Combine(root, folder, name);
        return Open("LIP", ClassList.Lip, LabelTable.Plain(ClassList.Lip.Count), split, In("TrainVal_images", $"{split}_images"),
            In("TrainVal_parsing_annotations", $"{split}_segmentations"), report);
    }

    /// <summary>
    /// ADE20K as the scene parsing challenge of 2016 has it (Zhou et al., CVPR 2017): <c>images/training</c>,
    /// <c>annotations/training</c>; 0 is ignored.
    /// </summary>
    public static SegmentationDataset Ade20k(string root, string split, Action<DatasetProblem>? report)
    {
        Folders.Require(root, "the data set's folder");
        var folder = Directory.Exists(Path.Combine(root, "ADEChallengeData2016")) ? Path.Combine(root, "ADEChallengeData2016") : root;
        var name = split switch { "train" => "training", "val" => "validation", _ => split };
        return Open("ADE20K", ClassList.Ade20k, LabelTable.FromOne(ClassList.Ade20k.Count), split, Path.Combine(folder, "images", name),
            Path.Combine(folder, "annotations", name), report);
    }

    /// <summary>
    /// COCO-Stuff, 164 thousand images (Caesar et al., CVPR 2018): <c>images/train2017</c> and <c>annotations/train2017</c>;
    /// <c>_labelTrainIds.png</c> are read where they are, else the published ids.
    /// </summary>
    public static SegmentationDataset CocoStuff(string root, string split, Action<DatasetProblem>? report)
    {
        Folders.Require(root, "the data set's folder");
        var name = split is "train" or "val" ? split + "2017" : split;
        var labels = Path.Combine(root, "annotations", name);
        var trained = Directory.Exists(labels) && Directory.EnumerateFiles(labels, "*_labelTrainIds.png").Any();
        return Open("COCO-Stuff", ClassList.CocoStuff, trained ? LabelTable.Plain(ClassList.CocoStuff.Count) : LabelTable.CocoStuffIds,
            split, Path.Combine(root, "images", name), labels, report, trained ? "_labelTrainIds" : "");
    }

    /// <summary>
    /// Lists the images of a folder with the labels of another. A split without any label can be listed, to be predicted.
    /// </summary>
    static FileDataset Open(string name, ClassList classes, LabelTable table, string split, string images, string labels,
        Action<DatasetProblem>? report, string labelEnd = "")
    {
        Folders.RequireSplit(Path.GetDirectoryName(images)!, Path.GetFileName(images));
        var samples = ImageNames.In(images).Select(image =>
        {
            var id = Path.GetFileNameWithoutExtension(image);
            var label = ImageNames.Find(labels, id + labelEnd, ImageFile.LabelExtensions);
            return new Sample(id, image, File.Exists(label) ? label : null) { WantedLabel = label };
        }).ToArray();
        if (samples.Length == 0)
            throw new DatasetException(images,
                $"no image in it ({string.Join(", ", ImageFile.Extensions.Select(e => "*" + e))}); the split '{split}' is empty");
        var bare = samples.FirstOrDefault(s => s.LabelPath is null);
        if (report is null && bare is not null && samples.Any(s => s.LabelPath is not null))
            throw new DatasetException(bare.ImagePath, $"has no label: {bare.WantedLabel} was wanted "
                + $"({samples.Count(s => s.LabelPath is null)} of {samples.Length} images lack one); unpack the labels, or "
                + "take the image out");
        return new FileDataset($"{name} {split}", classes, table, samples);
    }
}
