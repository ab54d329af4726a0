namespace Hwaso.Torch.Files;

enum FileKind
{
    Unknown,
    Empty,
    SafeTensors,
    Zip,
    LegacyPickle,
    PlainPickle,
    Tar,
    LfsPointer,
}
