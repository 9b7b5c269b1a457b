using System.Text;
using Hv.Sdk;
using Hv.Sdk.Chars;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Serial.VirtioConsole.Tests;

public sealed class VirtioConsoleTests : IDisposable
{
    private const int Receive = 0, Transmit = 1;
    private readonly DeviceBench bench = DeviceBench.Create(new VirtioConsolePlugin(),
        new BenchSetup { MemoryBytes = 512 * 1024, Placement = new Placement { MmioBase = 0xd000_0000, Gsi = 12 } });
    private readonly VirtioGuest guest;

    public VirtioConsoleTests() => guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);

    public void Dispose() => bench.Dispose();

    private ulong OfferBuffer(int length)
    {
        ulong at = guest.Allocate(length);
        guest.Memory(at, length).Clear();
        guest.Queues[Receive].TryAdd([new GuestSegment(at, length, true)], null);
        guest.Queues[Receive].Kick();
        return at;
    }

    private string? TakeInput(ulong at) =>
        guest.Queues[Receive].TryTake() is { } used
            ? Encoding.Latin1.GetString(guest.Memory(at, (int)used.Written)) : null;

    [Fact]
    public void Output_ReachesTheHostInOrder()
    {
        _ = guest.Exchange(Transmit, "hello "u8, 0, out uint written);
        _ = guest.Exchange(Transmit, Encoding.Latin1.GetBytes(new string('x', 2000)), 0, out _);
        Assert.Equal(0u, written);
        Assert.Equal("hello " + new string('x', 2000), bench.Chars.SentText);
    }

    [Fact]
    public void Output_WhileTheHostIsFull_WaitsAndIsNeitherLostNorDoubled()
    {
        string text = string.Concat(Enumerable.Range(0, 3000).Select(i => (char)('a' + i % 26)));
        bench.Chars.SetRoom(700);
        ulong at = guest.Place(Encoding.Latin1.GetBytes(text));
        guest.Queues[Transmit].TryAdd(
            [new GuestSegment(at, 1000, false), new GuestSegment(at + 1000, 2000, false)], null);
        guest.Queues[Transmit].Kick();
        Assert.Null(guest.Queues[Transmit].TryTake());
        using DeviceBench twin = DeviceBench.Restore(bench.Save());
        guest.Bench = twin;
        for (int room = 100; guest.Queues[Transmit].TryTake() is null; room += 300)
        {
            Assert.True(room < 10_000);
            twin.Run(() => twin.Chars.SetRoom(room));
        }
        Assert.Equal(text, twin.Chars.SentText);
    }

    [Fact] // a buffer may claim 4 GiB of the same bytes: other callbacks of the strand come in between
    public void Output_OfAVeryLongBuffer_IsSentInTurns()
    {
        ulong at = guest.Allocate(60_000);
        guest.Queues[Transmit].TryAdd(
            [.. Enumerable.Range(0, 4).Select(_ => new GuestSegment(at, 60_000, false))], null);
        guest.Queues[Transmit].Kick();
        Assert.Equal(240_000, bench.Chars.SentCount);
        Assert.NotNull(guest.Queues[Transmit].TryTake());
    }

    [Fact]
    public void Input_FillsBuffersAsTheyCome()
    {
        ulong first = OfferBuffer(64);
        bench.Type("a");
        Assert.Equal("a", TakeInput(first));
        bench.Type("bcd");
        Assert.Null(TakeInput(first));
        Assert.Equal(3, bench.Chars.Waiting);
        ulong second = OfferBuffer(64);
        Assert.Equal("b", TakeInput(second));
        Assert.NotEqual(0, guest.Registers.TakeInterrupts() & 1);
    }

    [Fact]
    public void Input_InOnePiece_SpreadsOverBuffers()
    {
        ulong first = OfferBuffer(4), second = OfferBuffer(4);
        int taken = 0;
        bench.Run(() => taken = ((ICharListener)bench.Device).Receive("abcdefghij"u8));
        Assert.Equal(8, taken);
        Assert.Equal("abcd", TakeInput(first));
        Assert.Equal("efgh", TakeInput(second));
    }

    [Fact]
    public void Input_BeforeTheDriverIsReady_Waits()
    {
        guest.Registers.Status = VirtioStatus.None;
        bench.Type("early");
        Assert.Equal(5, bench.Chars.Waiting);
    }

    [Fact]
    public void Resized_ShowsTheSizeAndInterrupts()
    {
        bench.Run(() => ((ICharListener)bench.Device).Resized(132, 43));
        Assert.Equal(2, guest.Registers.TakeInterrupts());
        Assert.Equal((132ul, 43ul), (guest.Registers.ReadConfig(0, 2), guest.Registers.ReadConfig(2, 2)));
    }

    [Fact]
    public void EmergencyWrite_NeedsNoDriver()
    {
        guest.Registers.Status = VirtioStatus.None;
        guest.Registers.WriteConfig(8, 4, '!');
        Assert.Equal("!", bench.Chars.SentText);
    }
}

public sealed class VirtioConsoleOnPciConformance : VirtioConformance<VirtioConsolePlugin>
{
    protected override int QueueCount => 2;
    protected override Placement Placement => OnPci;
}

public sealed class VirtioConsoleOnMmioConformance : VirtioConformance<VirtioConsolePlugin>
{
    protected override int QueueCount => 2;
    protected override Placement Placement => OnMmio;
    protected override bool IsPacked => true;
    protected override IReadOnlyDictionary<string, string> Options { get; } =
        new Dictionary<string, string> { ["packed"] = "on" };
}
