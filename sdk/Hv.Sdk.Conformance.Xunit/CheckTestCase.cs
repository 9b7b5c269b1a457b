using System.ComponentModel;
using Hv.Sdk.TestKit.Conformance;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Hv.Sdk.Conformance.Xunit;

/// <summary>One check as a test, named <c>Class.check-name</c>. xunit 2 decides on skipping before a test runs, and a
/// check knows only while it runs whether it applies; so its failure with <see cref="NotApplicableException"/> is
/// turned into a skip on the way out.</summary>
internal sealed class CheckTestCase : XunitTestCase
{
    /// <summary>For deserialization only.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("Called by xunit when it takes a test case over from another process.")]
    public CheckTestCase() { }

    public CheckTestCase(
        IMessageSink diagnostics, TestMethodDisplay display, TestMethodDisplayOptions displayOptions,
            ITestMethod method, string check)
        : base(diagnostics, display, displayOptions, method, [check]) { }

    protected override string GetDisplayName(IAttributeInfo factAttribute, string displayName)
    {
        string tier = Traits.TryGetValue("tier", out List<string>? tiers) ? $" ({tiers[0]})" : "";
        return $"{TestMethod.TestClass.Class.Name}.{TestMethodArguments[0]}{tier}";
    }

    public override async Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink, IMessageBus messageBus, object[] constructorArguments,
        ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
    {
        using SkippingBus bus = new(messageBus);
        RunSummary summary =
            await base.RunAsync(diagnosticMessageSink, bus, constructorArguments, aggregator, cancellationTokenSource)
            .ConfigureAwait(false);
        summary.Failed -= bus.Skipped;
        summary.Skipped += bus.Skipped;
        return summary;
    }

    private sealed class SkippingBus(IMessageBus inner) : IMessageBus
    {
        public int Skipped { get; private set; }

        public bool QueueMessage(IMessageSinkMessage message)
        {
            if (message is not ITestFailed failed
                || failed.ExceptionTypes.FirstOrDefault() != typeof(NotApplicableException).FullName)
                return inner.QueueMessage(message);
            Skipped++;
            return inner.QueueMessage(new TestSkipped(failed.Test, failed.Messages[0]));
        }

        public void Dispose() { }
    }
}
