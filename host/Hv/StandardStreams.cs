using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hv;

/// <summary>Standard output and error as hv writes them. On a terminal they are plain streams: those of the console
/// switch the terminal to application mode when they are first used, and leave it there.</summary>
internal static class StandardStreams
{
    /// <summary>Standard output.</summary>
    public static Stream Output { get; } = Console.IsOutputRedirected ? Console.OpenStandardOutput() : OnTerminal(1);

    /// <summary>Standard error.</summary>
    public static Stream Error { get; } = Console.IsErrorRedirected ? Console.OpenStandardError() : OnTerminal(2);

    /// <summary>Makes the console's writers use them.</summary>
    public static void Install()
    {
        Console.SetOut(Writer(Output));
        Console.SetError(Writer(Error));
    }

    /// <summary>Only for terminals: on a file the stream would keep an offset of its own, and overwrite what others
    /// append.</summary>
    private static FileStream OnTerminal(int descriptor) =>
        new(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    private static StreamWriter Writer(Stream stream) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
}
