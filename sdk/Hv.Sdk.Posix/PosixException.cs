using System.Runtime.InteropServices;

namespace Hv.Sdk.Posix;

/// <summary>A call of the operating system failed.</summary>
public sealed class PosixException : IOException
{
    internal PosixException(string call, int error)
        : base($"{call}: {Marshal.GetPInvokeErrorMessage(error)}")
    {
        Call = call;
        Error = error;
    }

    /// <summary>The call, for example <c>tcsetattr</c>.</summary>
    public string Call { get; }
    /// <summary>Its errno.</summary>
    public int Error { get; }

    internal static PosixException Last(string call) => new(call, Marshal.GetLastPInvokeError());
}
