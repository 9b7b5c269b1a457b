namespace Hv;

/// <summary>What the process ends with when no machine says otherwise:
/// <see cref="Sdk.Management.MachineOutcome.ExitCode"/> has the rest.</summary>
internal static class ExitCodes
{
    /// <summary>It worked.</summary>
    public const int Success = 0;
    /// <summary>It failed.</summary>
    public const int Failure = 1;
    /// <summary>The command line or the definition is wrong; nothing was created.</summary>
    public const int Usage = 2;
    /// <summary>The host or a plugin failed.</summary>
    public const int HostFailure = 4;
    /// <summary>What was asked for cannot be had here.</summary>
    public const int Unavailable = 5;
    /// <summary>It came to no result: what was to be tried was not.</summary>
    public const int Inconclusive = 6;
}
