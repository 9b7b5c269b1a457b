using System.Runtime.Versioning;
using Hv.Sdk.Conformance.FrontEnd;
using Hv.Sdk.Conformance.Xunit;

namespace Hv.FrontEnds.Terminal.Tests;

/// <summary>What every front-end must do.</summary>
[SupportedOSPlatform("linux")]
public sealed class TerminalConformance : FrontEndConformance<TerminalFrontEnd>
{
    protected override FrontEndKeys Keys { get; } = new()
    {
        Quit = [EscapeParser.Escape, (byte)'q'],
        Pause = [EscapeParser.Escape, (byte)'p'],
        Reset = [EscapeParser.Escape, (byte)'r'],
        Save = [EscapeParser.Escape, (byte)'s'],
    };
}
