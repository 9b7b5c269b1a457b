using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Net;
using Hv.Sdk.Time;

namespace AcmeModel.Tests;

/// <summary>What every network backend must pass, a test for each check.</summary>
public sealed class TheModelConformance : NetConformance<TheModelPlugin>;

/// <summary>What this backend does.</summary>
public sealed class TheModelTests
{
    private static readonly byte[] Host = [0x52, 0x54, 0, 0, 0, 2];
    private static readonly byte[] Card = [0x52, 0x54, 0, 0, 0, 1];
    private readonly CardEnd card = new();

    private TheModelEndpoint Endpoint => new(card, Host);

    [Fact]
    public void Frame_ForTheHost_ComesBack()
    {
        Assert.True(Endpoint.Send([.. Host, .. Card, 0x88, 0xb5, 1, 2, 3], default));

        Assert.Equal([.. Card, .. Host, 0x88, 0xb5, 1, 2, 3], Assert.Single(card.Frames));
    }

    [Fact]
    public void Frame_ForOthers_IsForgotten()
    {
        Assert.True(Endpoint.Send([.. Card, .. Host, 0x88, 0xb5], default));

        Assert.Empty(card.Frames);
    }

    [Fact]
    public void Frame_WhenTheCardHasNoRoom_IsNotTaken()
    {
        card.HasRoom = false;

        Assert.False(Endpoint.Send([.. Host, .. Card, 0x88, 0xb5], default));
    }

    [Fact]
    public void Open_OfAnAddressThatIsNone_SaysWhatOneIs()
    {
        var options = new OptionValues(new Dictionary<string, string> { ["address"] = "52:54" });

        Assert.Contains(
            "six octets", Assert.Throws<ConfigurationException>(() => new TheModelPlugin().Open(card, options)).Message);
    }

    private sealed class CardEnd : INetLink
    {
        public List<byte[]> Frames { get; } = [];
        public bool HasRoom { get; set; } = true;
        public IVmClock Clock => throw new NotSupportedException();
        public IDeviceLog Log => throw new NotSupportedException();
        public void ReadyToSend() { }

        public bool Deliver(ReadOnlySpan<byte> frame, in FrameInfo info)
        {
            if (HasRoom) Frames.Add(frame.ToArray());
            return HasRoom;
        }
    }
}
