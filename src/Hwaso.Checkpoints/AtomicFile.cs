namespace Hwaso.Common;

// Public here and internal in Hwaso.Imaging; the code is src/Common/AtomicFile.cs, which both compile.
public static partial class AtomicFile;
