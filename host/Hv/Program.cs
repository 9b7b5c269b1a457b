using System.Globalization;

namespace Hv;

/// <summary>The <c>hv</c> command.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        StandardStreams.Install();
        try
        {
            return CommandLine.Run(args);
        }
        catch (Exception e)
        {
            return Failure.Report(e, isJson: args.Contains("--json"));
        }
    }
}
