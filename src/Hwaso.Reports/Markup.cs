namespace Hwaso.Reports;

/// <summary>Text that is HTML already and goes into a page as it is.</summary>
readonly record struct Markup(string Text);
