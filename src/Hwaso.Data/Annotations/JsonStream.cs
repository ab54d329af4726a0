using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Hwaso.Data.Annotations;

/// <summary>
/// Reads a JSON file token by token through a small buffer, so that its size does not matter, and names the entry and the byte of
/// everything that it refuses.
/// </summary>
sealed class JsonStream : IDisposable
{
    static readonly SearchValues<byte> numberBytes = SearchValues.Create("0123456789.eE+-"u8);

    const int FirstBuffer = 1 << 16, LargestToken = 1 << 26, UsualCount = 64;

    readonly string path;
    readonly Stream stream;
    readonly List<string> place = [];
    byte[] buffer = new byte[FirstBuffer];
    int start, end;
    long before;
    int lastCount;
    bool atEnd;
    JsonReaderState state;

    /// <summary>Opens a file.</summary>
    /// <exception cref="DatasetException">It is a folder, or text of another encoding.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public JsonStream(string path)
    {
        this.path = path;
        if (Directory.Exists(path))
            throw new DatasetException(path, "a folder; a JSON file was wanted: name the file in it");
        stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan);
        Fill();
        // Some programs begin UTF-8 files with a mark of three bytes.
        if (buffer.AsSpan(0, end).StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]))
            start = 3;
        var utf16 = buffer.AsSpan(0, end).StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe])
            || buffer.AsSpan(0, end).StartsWith((ReadOnlySpan<byte>)[0xfe, 0xff]);
        if (!utf16)
            return;
        stream.Dispose();
        throw new DatasetException(path, "text in UTF-16; JSON is read as UTF-8: save the file in that encoding");
    }

    /// <summary>The kind of the last token.</summary>
    public JsonTokenType Token { get; private set; }

    /// <summary>The last token's text: a property's name or a string.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The last token's number.</summary>
    public double Number { get; private set; }

    /// <summary>Reads the next token.</summary>
    /// <exception cref="DatasetException">The file is no JSON or ends early.</exception>
    public void Read()
    {
        while (true)
        {
            var reader = new Utf8JsonReader(buffer.AsSpan(start, end - start), atEnd, state);
            try
            {
                if (reader.Read())
                {
                    Take(ref reader);
                    return;
                }
            }
            catch (JsonException error)
            {
                throw Malformed(error);
            }
            Keep(ref reader);
            if (atEnd)
                throw Error("the file ends here, in the middle of its content; it was cut short: fetch or write it again");
            Fill();
        }
    }

    /// <summary>Reads the next token, which has to be of a kind.</summary>
    /// <exception cref="DatasetException">It is another.</exception>
    public void Read(JsonTokenType wanted)
    {
        Read();
        Require(wanted);
    }

    /// <summary>Reads the members of the object that the last token began, one by one.</summary>
    /// <param name="member">Gets a member's name, with its value's first token read; it consumes that value.</param>
    public void Members(Action<string> member)
    {
        Require(JsonTokenType.StartObject);
        while (true)
        {
            Read();
            if (Token == JsonTokenType.EndObject)
                return;
            var name = Text;
            place.Add(place.Count == 0 ? name : $".{name}");
            Read();
            member(name);
            place.RemoveAt(place.Count - 1);
        }
    }

    /// <summary>Reads the items of the array that the last token began, one by one.</summary>
    /// <param name="item">Gets an item's index, with its first token read; it consumes that item.</param>
    public void Items(Action<int> item)
    {
        Require(JsonTokenType.StartArray);
        for (var k = 0; ; k++)
        {
            Read();
            if (Token == JsonTokenType.EndArray)
                return;
            place.Add($"[{k}]");
            item(k);
            place.RemoveAt(place.Count - 1);
        }
    }

    /// <summary>Passes over the value whose first token was read.</summary>
    public void Skip()
    {
        for (var depth = 0; ;)
        {
            depth += Token switch
            {
                JsonTokenType.StartArray or JsonTokenType.StartObject => 1,
                JsonTokenType.EndArray or JsonTokenType.EndObject => -1,
                _ => 0,
            };
            if (depth == 0)
                return;
            Read();
        }
    }

    /// <summary>Makes sure that nothing follows the last token, with which the file's only value ended.</summary>
    /// <exception cref="DatasetException">There is more than white space.</exception>
    public void End()
    {
        while (true)
        {
            while (start < end && buffer[start] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
                start++;
            if (start < end)
                throw Error("more text after the end of the file's content; a file holds one list or object: remove the rest");
            if (atEnd)
                return;
            Fill();
        }
    }

    /// <summary>The last token as a number.</summary>
    public double AsNumber() => Token == JsonTokenType.Number ? Number : throw Wrong("a number");

    /// <summary>The last token as a whole number.</summary>
    public long AsWhole() => Token == JsonTokenType.Number && Number == Math.Floor(Number) && Math.Abs(Number) < 1L << 53
        ? (long)Number
        : throw Error(
            $"{Given}; {(Token == JsonTokenType.Number && Number == Math.Floor(Number)
                ? "a whole number below 2^53, which every reader keeps exactly, was wanted: renumber it" : "a whole number was wanted")}");

    /// <summary>The last token as text.</summary>
    public string AsText() => Token == JsonTokenType.String ? Text : throw Wrong("a text");

    /// <summary>The last token as a mark: true, false, 0 or 1.</summary>
    public bool AsFlag() => Token switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.Number when Number is 0 or 1 => Number == 1,
        _ => throw Wrong("0 or 1"),
    };

    /// <summary>Reads the array of numbers that the last token began.</summary>
    /// <param name="count">How many are wanted; null for any number.</param>
    public double[] Numbers(int? count = null)
    {
        Require(JsonTokenType.StartArray);
        var numbers = new List<double>(count ?? Math.Min(lastCount, UsualCount));
        while (true)
        {
            TakeNumbers(numbers);
            Read();
            if (Token == JsonTokenType.EndArray)
                break;
            if (Token != JsonTokenType.Number)
            {
                place.Add($"[{numbers.Count}]");
                throw Wrong("a number");
            }
            numbers.Add(Number);
        }
        lastCount = numbers.Count;
        return count is { } wanted && numbers.Count != wanted
            ? throw Error($"{numbers.Count} numbers; {wanted} were wanted")
            : [.. numbers];
    }

    /// <summary>An error at the place that is being read.</summary>
    public DatasetException Error(string problem, Exception? inner = null) => new(path, $"{Where}: {problem}", inner);

    /// <summary>Closes the file.</summary>
    public void Dispose() => stream.Dispose();

    string Where => string.Create(
        CultureInfo.InvariantCulture, $"{(place.Count == 0 ? "" : $"{string.Concat(place)}, ")}byte {before + start}");

    void Require(JsonTokenType wanted)
    {
        if (Token != wanted)
            throw Wrong(wanted == JsonTokenType.StartObject ? "an object {…}" : "a list […]");
    }

    DatasetException Wrong(string wanted) => Error($"{Given}; {wanted} was wanted");

    string Given => Token switch
    {
        JsonTokenType.Number => Number.ToString(
            Number == Math.Floor(Number) && Math.Abs(Number) < 1e21 ? "F0" : "R", CultureInfo.InvariantCulture),
        JsonTokenType.String => $"'{(Text.Length > 40 ? $"{Text[..40]}…" : Text)}'",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.EndArray or JsonTokenType.EndObject => "an end",
        var other => other.ToString().ToLowerInvariant(),
    };

    void Take(ref Utf8JsonReader reader)
    {
        Token = reader.TokenType;
        try
        {
            if (Token is JsonTokenType.String or JsonTokenType.PropertyName)
                Text = Name(ref reader);
            else if (Token == JsonTokenType.Number)
                Number = reader.GetDouble();
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException)
        {
            throw Error($"{Encoding.UTF8.GetString(reader.ValueSpan)} cannot be read: {error.Message}", error);
        }
        Keep(ref reader);
        if (Token == JsonTokenType.Number && !double.IsFinite(Number))
            throw Error("a number too large for double precision, whose largest is 1.8e308; correct it, or leave the entry out");
    }

    // Most of a file is numbers, and a reader for each takes longer than they do. Anything that is no number is left to Read.
    void TakeNumbers(List<double> numbers)
    {
        var reader = new Utf8JsonReader(buffer.AsSpan(start, end - start), atEnd, state);
        var before = numbers.Count;
        var (consumed, after) = (0L, state);
        try
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var number)
                && double.IsFinite(number))
            {
                numbers.Add(number);
                (consumed, after) = (reader.BytesConsumed, reader.CurrentState);
            }
        }
        catch (JsonException)
        {
            // Read meets the same place and names it.
        }
        if (numbers.Count > before)
            (start, state, Token, Number) = (start + (int)consumed, after, JsonTokenType.Number, numbers[^1]);
    }

    // The same few names come a hundred thousand times.
    string Name(ref Utf8JsonReader reader) =>
        Token == JsonTokenType.PropertyName && reader.ValueTextEquals(Text) ? Text : reader.GetString() ?? "";

    void Keep(ref Utf8JsonReader reader)
    {
        start += (int)reader.BytesConsumed;
        state = reader.CurrentState;
    }

    void Fill()
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        before += start;
        (start, end) = (0, end - start);
        if (end == buffer.Length)
        {
            if (buffer.Length >= LargestToken)
                throw Error($"a text of more than {LargestToken >> 20} MiB; it is no annotation file");
            Array.Resize(ref buffer, buffer.Length * 2);
        }
        var read = stream.Read(buffer, end, buffer.Length - end);
        atEnd = read == 0;
        end += read;
    }

    DatasetException Malformed(JsonException error)
    {
        var at = start;
        while (at < end && buffer[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)',' or (byte)':' or (byte)'-')
            at++;
        if (atEnd && (at >= end || error.Message.Contains("end of data", StringComparison.Ordinal)
            || buffer.AsSpan(at, end - at).IndexOfAnyExcept(numberBytes) < 0))
            return Error("the file ends here, in the middle of its content; it was cut short: fetch or write it again", error);
        start = at;
        return buffer.AsSpan(at, end - at) is var rest && (rest.StartsWith("NaN"u8) || rest.StartsWith("Inf"u8))
            ? Error("NaN or infinity, which JSON has no number for; find the program that wrote it, or leave the entry out", error)
            : Error($"no JSON: {error.Message.Split(". LineNumber", 2)[0]} (line {error.LineNumber + 1}); correct it "
                + "there, or write the file again", error);
    }
}
