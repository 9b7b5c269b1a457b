using System.Net.Sockets;

namespace Hv.Sdk.Conformance.FrontEnd;

/// <summary>The other process: runs one front-end on a machine that the suite plays over a socket.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (args is not [string port, string assembly, string type, string hasConsole, string hasEnded,
            .. string[] options])
        {
            Console.Error.WriteLine("this program is started by the front-end suite");
            return 2;
        }
        using TcpClient client = new("127.0.0.1", int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
        using Stage stage = new(client, hasConsole == "console", hasEnded == "ended");
        await stage.RunAsync(assembly, type, options).ConfigureAwait(false);
        return 0;
    }
}
