using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hv.Sdk.Generators.Tests;

/// <summary>Each mistake that the generators name.</summary>
public sealed class DiagnosticTests
{
    private static string[] Run(string source)
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        CSharpCompilation compilation = CSharpCompilation.Create("t",
            [CSharpSyntaxTree.ParseText("using Hv.Sdk; using Hv.Sdk.State;\n" + source)],
            [MetadataReference.CreateFromFile(typeof(object).Assembly.Location),
             MetadataReference.CreateFromFile(Path.Combine(runtime, "System.Runtime.dll")),
             MetadataReference.CreateFromFile(typeof(State.DeviceStateAttribute).Assembly.Location)],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        GeneratorDriverRunResult result = CSharpGeneratorDriver.Create(new StateGenerator(), new OptionsGenerator())
            .RunGenerators(compilation).GetRunResult();
        return [.. result.Diagnostics.Select(d => d.Id)];
    }

    [Theory]
    [InlineData("[DeviceState(\"a\", 1)] class S { [Field(1)] public int A; }", "HVG001")]
    [InlineData("[DeviceState(\"a\", 1)] partial class S { [Field(1)] public int A; [Field(1)] public int B; }",
        "HVG002")]
    [InlineData("[DeviceState(\"a\", 1)] partial class S { [Field(0)] public int A; }", "HVG003")]
    [InlineData("[DeviceState(\"a\", 1)] partial class S { [Field(1)] public object A; }", "HVG004")]
    [InlineData("[Options] partial record O { [Option(\"x\")] public object A { get; init; } }", "HVG005")]
    [InlineData("[Options] partial record O { [Option(\"x\")] public int A { get; init; } = System.Environment.TickCount; }", "HVG006")]
    [InlineData("[DeviceState(\"a\", 1)] partial class S { public int Forgotten; }", "HVG007")]
    public void Run_OnAMistake_NamesIt(string source, string id) => Assert.Equal([id], Run(source));

    [Fact]
    public void Run_OnACorrectType_IsSilent() =>
        Assert.Empty(Run("[DeviceState(\"a\", 1)] partial class S { [Field(1)] public int A; public const int C = 1; private readonly int w; }"));
}
