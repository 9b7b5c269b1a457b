using System.Globalization;
using Hv.Supervision;

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
            if (Supervisor.IsNeeded(args))
            {
                return Supervisor.Run(args);
            }
        }
        catch (Exception e)
        {
            return Fail(e, args);
        }

        var supervised = SupervisedProcess.Adopt();
        int exitCode = Run(args, supervised);
        supervised?.Complete();
        return exitCode;
    }

    private static int Run(string[] args, SupervisedProcess? supervised)
    {
        try
        {
            return CommandLine.Run(args, supervised);
        }
        catch (Exception e)
        {
            return Fail(e, args);
        }
    }

    private static int Fail(Exception e, string[] args) => Failure.Report(e, isJson: args.Contains("--json"));
}
