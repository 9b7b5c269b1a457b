using Hv.Diagnostics;
using Hv.Sdk;
using Hv.Sdk.State;
using Hv.Vmm;

namespace Hv;

/// <summary>Says on standard error what went wrong, and which exit code that is.</summary>
internal static class Failure
{
    /// <summary>Reports whatever a command threw.</summary>
    public static int Report(Exception exception, bool isJson)
    {
        switch (exception)
        {
            case DiagnosticException e:
                return Report(e.Diagnostics, isJson);
            case ConfigurationException e:
                return Report(Whole(Codes.Refused, e.Message), ExitCodes.Usage, isJson);
            case UnavailableException e:
                return Report(Whole(Codes.Unavailable, e.Message), ExitCodes.Unavailable, isJson);
            case PluginHungException e:
                return Report(Whole(Codes.PluginHung, e.Message), ExitCodes.HostFailure, isJson);
            case PluginException e:
                return Report(Whole(Codes.PluginThrew, e.Message), ExitCodes.HostFailure, isJson);
            case StateException or IOException or UnauthorizedAccessException:
                return Report(Whole(Codes.HostFailure, exception.Message), ExitCodes.Failure, isJson);
            default:
                return Report(Whole(Codes.HostFailure, $"an error of Hv itself: {exception}"), ExitCodes.HostFailure,
                    isJson);
        }
    }

    /// <summary>Reports mistakes; the gravest decides the exit code.</summary>
    public static int Report(IReadOnlyList<Diagnostic> diagnostics, bool isJson) =>
        Report(diagnostics, diagnostics.Max(d => CodeOf(d.Code)), isJson);

    private static int CodeOf(string code) => code switch
    {
        Codes.BadUsage or Codes.NothingToBoot => ExitCodes.Usage,
        Codes.Unavailable => ExitCodes.Unavailable,
        Codes.HostFailure => ExitCodes.HostFailure,
        Codes.PluginDisabled or Codes.NameInTwoPlugins => ExitCodes.Usage,
        Codes.NameTwice => ExitCodes.Usage,
        _ when code.StartsWith("HV1", StringComparison.Ordinal) => ExitCodes.Usage,
        _ when code.StartsWith("HV2", StringComparison.Ordinal) => ExitCodes.HostFailure,
        _ => ExitCodes.Failure,
    };

    private static int Report(IReadOnlyList<Diagnostic> diagnostics, int exitCode, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(StandardStreams.Error, json =>
            {
                json.WriteStartObject();
                json.WriteNumber("exitCode", exitCode);
                json.WritePropertyName("errors");
                JsonOutput.WriteDiagnostics(json, diagnostics);
                json.WriteEndObject();
            });
            return exitCode;
        }

        foreach (Diagnostic diagnostic in diagnostics)
        {
            Console.Error.WriteLine(diagnostic);
        }

        return exitCode;
    }

    private static Diagnostic[] Whole(string code, string message) => [new(code, Place.Of("hv"), message, null)];
}
