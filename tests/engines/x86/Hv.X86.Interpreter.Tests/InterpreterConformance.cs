using Hv.Sdk.Conformance.Xunit;

namespace Hv.X86.Interpreter.Tests;

/// <summary>What every engine must do.</summary>
public sealed class InterpreterConformance : EngineConformance<InterpreterPlugin>;
