namespace Hv.Guests;

/// <summary>What <c>hv run linux</c> boots.</summary>
/// <param name="Kernel">The bzImage.</param>
/// <param name="Initrd">The root.</param>
/// <param name="Version">The kernel's version.</param>
public sealed record LinuxGuest(string Kernel, string Initrd, string Version)
{
    /// <summary>The kernel's command line; unknown words of the form NAME=value reach the first process as its
    /// environment.</summary>
    public const string CommandLine = "console=ttyS0";
}
