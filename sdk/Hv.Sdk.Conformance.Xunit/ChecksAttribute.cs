using Hv.Sdk.TestKit.Conformance;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>Makes a test of every check of a suite: the method takes the check's name. A check that does not apply is
/// reported as skipped, with its reason.</summary>
/// <param name="suite">The suite's class.</param>
[XunitTestCaseDiscoverer("Hv.Sdk.Conformance.Xunit.CheckDiscoverer", "Hv.Sdk.Conformance.Xunit")]
[AttributeUsage(AttributeTargets.Method)]
public sealed class ChecksAttribute(Type suite) : FactAttribute
{
    /// <summary>The suite's class.</summary>
    public Type Suite { get; } = suite;
    /// <summary>Only this check.</summary>
    public string? Only { get; init; }
    /// <summary>All but this check.</summary>
    public string? Except { get; init; }
}

/// <summary>Finds the tests of a <see cref="ChecksAttribute"/>; made by xunit.</summary>
public sealed class CheckDiscoverer(IMessageSink diagnostics) : IXunitTestCaseDiscoverer
{
    /// <inheritdoc/>
    public IEnumerable<IXunitTestCase> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        ConformanceSuite suite =
            (ConformanceSuite)Activator.CreateInstance((Type)factAttribute.GetConstructorArguments().First())!;
        string? only = factAttribute.GetNamedArgument<string?>(nameof(ChecksAttribute.Only));
        string? except = factAttribute.GetNamedArgument<string?>(nameof(ChecksAttribute.Except));
        foreach (Check check in suite.AllChecks)
        {
            if (check.Name == except || (only is not null && check.Name != only)) continue;
            yield return new CheckTestCase(diagnostics, discoveryOptions.MethodDisplayOrDefault(),
                discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, check.Name);
        }
    }
}
