using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hwaso.Torch.Native;

/// <summary>
/// Builds the native library from the sources that this assembly carries, against the libtorch of this machine, into the cache folder.
/// Each version of the sources and of libtorch has its own library there; a library is complete or absent, and one process builds it while
/// others wait.
/// </summary>
static class LibraryBuild
{
    // Half a minute of compiling on an idle machine; what takes a quarter of an hour hangs.
    static readonly TimeSpan patience = TimeSpan.FromMinutes(15);
    static readonly TimeSpan betweenLooks = TimeSpan.FromMilliseconds(100);

    const string Prefix = "native/", Wanted = "training and running checkpoints need libtorch";

    // What decides where libtorch is found. The answer is remembered: asking Python takes longer than loading the library.
    static readonly string[] deciding = ["HWASO_LIBTORCH", "VIRTUAL_ENV", "CONDA_PREFIX", "PATH"];

    static string Cache => Path.Combine(
        Platform.CacheFolder ?? throw new DllNotFoundException(
            $"{Wanted}, and there is no home folder to keep the library in that calls it: name a cache folder in XDG_CACHE_HOME, or a "
            + "built library in HWASO_NATIVE"),
        "hwaso");

    static string ChoiceFile =>
        Path.Combine(Cache, $"libtorch-{Key(deciding.Select(name => $"{name}={Environment.GetEnvironmentVariable(name)}"))}.txt");

    /// <summary>A library that an earlier use built against the libtorch that is there now; null where there is none.</summary>
    public static string? Find()
    {
        if (Platform.CacheFolder is null)
            return null;
        try
        {
            if (!File.Exists(ChoiceFile) || File.ReadAllLines(ChoiceFile) is not [var folder, var library])
                return null;
            var built = FileOf(new Libtorch(folder, library));
            return File.Exists(library) && File.Exists(built) ? built : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The library's file, built if it is not there.</summary>
    /// <param name="log">Gets a line before a build begins.</param>
    /// <exception cref="DllNotFoundException">
    /// There is no libtorch, no compiler, or the build failed; the message says what to do.
    /// </exception>
    public static string Run(Action<string>? log)
    {
        var libtorch = Libtorch.Find() ?? throw new DllNotFoundException(
            $"{Wanted}, and none was found: install it (pip install torch; Debian: apt-get install libtorch-dev), or set HWASO_LIBTORCH to "
            + "an unpacked libtorch archive or to the torch folder of a Python installation");
        var file = FileOf(libtorch);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            if (!File.Exists(file))
                BuildOnce(libtorch, file, log);
            var choice = $"{ChoiceFile}.{Guid.NewGuid():N}";
            File.WriteAllLines(choice, [libtorch.Folder, libtorch.Library]);
            File.Move(choice, ChoiceFile, overwrite: true);
            return file;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DllNotFoundException(
                $"{Wanted}, and the library that calls it could not be written to {Cache}: {error.Message}; name another cache folder in "
                + "XDG_CACHE_HOME, or a built library in HWASO_NATIVE", error);
        }
    }

    static void BuildOnce(Libtorch libtorch, string file, Action<string>? log)
    {
        var folder = Path.GetDirectoryName(file)!;
        using var alone = WaitForTurn(Path.Combine(folder, "lock"), file);
        if (File.Exists(file))
            return;
        // Whoever held the lock before us and was killed left these.
        foreach (var left in Directory.EnumerateDirectories(folder, "building-*"))
            Directory.Delete(left, recursive: true);
        var cmake = Platform.FindProgram("cmake");
        var compiler = Environment.GetEnvironmentVariable("CXX") ?? Platform.FindProgram("c++", "g++", "clang++");
        var from = libtorch.Folder.Length > 0 ? libtorch.Folder : Path.GetDirectoryName(libtorch.Library)!;
        if (cmake is null || compiler is null)
            throw new DllNotFoundException(
                $"{Wanted}, which is in {from}, but the library that calls it cannot be built: {Lacking(cmake, compiler)} missing; install "
                + "cmake and g++ (Debian: apt-get install cmake g++), or name a built library in HWASO_NATIVE");
        if (!Platform.IsPorted)
            throw new DllNotFoundException(
                $"{Wanted}, and the library that calls it has been ported to Linux alone; to try it here, build native/ of Hwaso's sources "
                + "and name the library in HWASO_NATIVE");
        log?.Invoke($"building the library that calls libtorch ({from}), once; this takes about a minute");
        var work = Path.Combine(folder, $"building-{Guid.NewGuid():N}");
        try
        {
            var (sources, build) = (Path.Combine(work, "native"), Path.Combine(work, "build"));
            foreach (var (name, bytes) in Sources())
            {
                var path = Path.Combine(sources, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, bytes);
            }
            var report = Path.Combine(folder, "build.log");
            using (var output = new StreamWriter(report))
            {
                Compile(output, report, cmake,
                    "-S", sources, "-B", build, "-DCMAKE_BUILD_TYPE=Release", $"-DHWASO_LIBTORCH={libtorch.Folder}");
                // Without a number, make starts all compilers at once, and each takes a gigabyte.
                Compile(output, report, cmake, "--build", build, "--parallel",
                    Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture));
            }
            File.Move(Path.Combine(build, Platform.LibraryName), file, overwrite: true);
        }
        finally
        {
            if (Directory.Exists(work))
                Directory.Delete(work, recursive: true);
        }
    }

    static string Lacking(string? cmake, string? compiler) =>
        cmake is not null ? "a C++ compiler is" : compiler is not null ? "cmake is" : "cmake and a C++ compiler are";

    static void Compile(StreamWriter output, string report, string program, params string[] arguments)
    {
        output.WriteLine($"{program} {string.Join(' ', arguments)}");
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        DataReceivedEventHandler write = (_, line) =>
        {
            lock (output)
                output.WriteLine(line.Data);
        };
        process.OutputDataReceived += write;
        process.ErrorDataReceived += write;
        try
        {
            process.Start();
        }
        catch (Win32Exception error)
        {
            throw Failed(report, $"{program} does not start ({error.Message})");
        }
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(patience))
        {
            process.Kill(entireProcessTree: true);
            throw Failed(report, $"{program} did not end within {patience.TotalMinutes} minutes");
        }
        // Without a limit it waits for the last of the output too.
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw Failed(report, $"{program} {arguments[0]} ended with {process.ExitCode}");
    }

    static DllNotFoundException Failed(string report, string what) => new(
        $"{Wanted}, and the library that calls it could not be built: {what}; its output is in {report}; correct what it names and try "
        + "again, choose another libtorch with HWASO_LIBTORCH, or name a built library in HWASO_NATIVE");

    /// <summary>The lock, which the system releases however its holder ends; null where the library appeared meanwhile.</summary>
    static FileStream? WaitForTurn(string path, string file)
    {
        for (var waited = Stopwatch.StartNew(); ; Thread.Sleep(betweenLooks))
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path) && waited.Elapsed < patience)
            {
                if (File.Exists(file))
                    return null;
            }
        }
    }

    /// <summary>The sources that this assembly carries: name below <c>native/</c>, content.</summary>
    static IEnumerable<(string Name, byte[] Bytes)> Sources()
    {
        var assembly = typeof(LibraryBuild).Assembly;
        var names = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal));
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            yield return (name[Prefix.Length..], bytes);
        }
    }

    static string FileOf(Libtorch libtorch) =>
        Path.Combine(Cache, $"native-{Key(["library", libtorch.Folder, libtorch.Library, libtorch.Stamp])}", Platform.LibraryName);

    /// <summary>A name that other sources or other texts change.</summary>
    static string Key(IEnumerable<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, bytes) in Sources())
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\0{bytes.Length}\0"));
            hash.AppendData(bytes);
        }
        foreach (var text in texts)
            hash.AppendData(Encoding.UTF8.GetBytes($"{text}\0"));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
