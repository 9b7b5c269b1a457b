using Hv.Sdk;
using Hv.Sdk.Boards;

namespace Hv.Boards.Layout;

/// <summary>Devices that a definition asks for and that go on no bus of the board.</summary>
public static class Busless
{
    /// <summary>Adds one that needs no bus.</summary>
    /// <param name="builder">The board that is built.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="board">The board's name.</param>
    /// <param name="remedy">What to do instead when it needs a bus, after a semicolon; empty when there is nothing.</param>
    /// <exception cref="ConfigurationException">It needs a bus that the board does not have.</exception>
    public static void Add(IBoardBuilder builder, DeviceRequest request, string board, string remedy = "")
    {
        if (request.Buses.Count > 0)
        {
            throw new ConfigurationException($"{request.Path}: the board '{board}' has no bus for {request.Device}, "
                + $"which needs one of: {string.Join(", ", request.Buses)}{remedy}");
        }
        builder.Add(request.Path, request.Device, Placement.None, request.Options);
    }
}
