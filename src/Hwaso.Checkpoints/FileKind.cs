namespace Hwaso.Checkpoints;

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
