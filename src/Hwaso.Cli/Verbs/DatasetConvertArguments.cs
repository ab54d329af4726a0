namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso dataset convert</c> was asked to do.</summary>
/// <param name="Kind">voc-aug or pascal-context.</param>
/// <param name="Source">The raw download.</param>
/// <param name="Target">The folder of VOC that is completed.</param>
sealed record DatasetConvertArguments(string Kind, string Source, string Target);
