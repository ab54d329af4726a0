using Hwaso.Runtime.Format;
using Hwaso.Tests;
using Xunit.Abstractions;

namespace Hwaso.Runtime.Tests.Conformance;

/// <summary>
/// ONNX's own operator tests: a selection of those of version 1.19 on every run; all of an archive when <c>HWASO_ONNX_NODE_TESTS</c> names
/// one (<c>make conformance</c>).
/// </summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    const string Variable = "HWASO_ONNX_NODE_TESTS";

    // The runtime keeps to ONNX Runtime and to the operators' definitions where the recorded outputs do not.
    static readonly Dictionary<string, string> disputed = new()
    {
        ["test_dft_inverse"] = "a rounding error of 1.9e-7 was recorded where the exact number is 0",
        ["test_dft_inverse_opset19"] = "as above",
        ["test_qlinearmatmul_2D_int8_float16"] = "the recorded integers wrapped; the definition and ONNX Runtime saturate",
        ["test_qlinearmatmul_2D_int8_float32"] = "as above",
        ["test_resize_downsample_scales_cubic_align_corners"] = "the places follow from the unrounded size; ONNX Runtime's from the size",
        ["test_resize_downsample_scales_linear_align_corners"] = "as above",
    };

    [Fact]
    public void Answers_ONNXs_operator_tests_or_refuses_them_by_name()
    {
        var archive = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : null;
        var (rows, wrong, passed, all) = (new SortedDictionary<string, (int Passed, int All)>(), new List<string>(), 0, 0);
        var refused = new List<string>();
        foreach (var one in NodeCase.ReadAll(archive ?? Fixtures.Path("onnx-node.zip")))
        {
            all++;
            string? problem;
            try
            {
                problem = one.Run();
                if (problem is not null && disputed.TryGetValue(one.Name, out var reason))
                    output.WriteLine($"disputed {one.Name}: {reason}");
                else if (problem is not null)
                    wrong.Add($"{one.Name}: {problem}");
            }
            catch (ModelFormatException error)
            {
                problem = error.Message;
                refused.Add($"{one.Name}: {error.Message}");
            }
            catch (Exception error)
            {
                problem = $"{error.GetType().Name}: {error.Message}";
                wrong.Add($"{one.Name}: {problem} {error.StackTrace?.Split('\n')[0]}");
            }
            passed += problem is null ? 1 : 0;
            var row = rows.GetValueOrDefault(Group(one.Name));
            rows[Group(one.Name)] = (row.Passed + (problem is null ? 1 : 0), row.All + 1);
        }
        output.WriteLine($"{passed} of {all} pass, {refused.Count} are refused, {wrong.Count} answered wrongly");
        foreach (var (name, (right, of)) in rows)
            output.WriteLine($"  {name,-24} {right,4} of {of}");
        foreach (var line in wrong)
            output.WriteLine($"wrong {line}");
        foreach (var line in refused)
            output.WriteLine($"refused {line}");
        Assert.Empty(wrong);
        if (archive is null)
            Assert.Empty(refused);
    }

    // test_reduce_sum_square_… belongs to reduce.
    static string Group(string name) => name.Split('_') is ["test", var first, ..] ? first : name;
}
