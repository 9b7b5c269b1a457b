using System.Text;
using Hv.Sdk;
using Hv.Sdk.Chars;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Sdk.State;
using Hv.Vmm.Description;

namespace Hv.Vmm.Tests;

public sealed class ConsoleTests
{
    /// <summary>A serial line: writes to port 3F8h are sent, and what is received is kept; at most
    /// <paramref name="room"/> bytes are taken at once.</summary>
    [NoState]
    private sealed class Line(int room) : IDevice, IIoHandler, ICharListener
    {
        private readonly Lock gate = new();
        private readonly StringBuilder received = new();
        private ICharPort? port;
        private IDeviceContext context = null!;

        public string Received
        {
            get
            {
                lock (gate) return received.ToString();
            }
        }

        public (int Columns, int Rows) Size { get; private set; }
        public int Refused { get; private set; }
        public int Ready { get; private set; }

        public void Attach(IDeviceContext to)
        {
            context = to;
            port = to.Backend<ICharPort>("chardev");
            port?.Listen(this);
            to.MapPorts("io", 0x3f8, 2, this, 0);
        }

        public void Reset(ResetKind kind)
        {
        }

        public IoStatus Read(in IoAccess access, out ulong value)
        {
            value = 0;
            port?.ReadyToReceive();
            return IoStatus.Ok;
        }

        public IoStatus Write(in IoAccess access, ulong value)
        {
            if (access.Offset == 1) context.Machine.RequestPowerOff("enough");
            else if (!port!.TrySend((byte)value)) Refused++;
            return IoStatus.Ok;
        }

        public int Receive(ReadOnlySpan<byte> values)
        {
            int taken = Math.Min(room, values.Length);
            lock (gate) received.Append(Encoding.ASCII.GetString(values[..taken]));
            return taken;
        }

        public void ReadyToSend() => Ready++;

        public void Resized(int columns, int rows) => Size = (columns, rows);

        public void Dispose()
        {
        }
    }

    private static (TestMachine Machine, Func<Line> Line) Make(
        Step[] script, int room = int.MaxValue, TimeMode mode = TimeMode.Real)
    {
        Line? line = null;
        TestMachine m = new TestMachine(script).Add("serial0", () => line = new Line(room));
        m.Describe(b => b.DefaultConsole("serial0"));
        ConsoleBackendDescription console = new() { Slot = "chardev" };
        m.Description = m.Description with { Time = mode, Backends = [console] };
        return (m, () => line!);
    }

    private static Step[] Print(string text) =>
        [.. text.Select(c => new Step.Out(0x3f8, 1, c)), new Step.Out(0x3f9, 1, 0), new Step.Halt()];

    public static TheoryData<TimeMode> Modes => [TimeMode.Real, TimeMode.Deterministic];

    [Theory, MemberData(nameof(Modes))]
    public void Output_BeforeAndAfterSomebodyListens_ArrivesWholeBeforeTheEnd(TimeMode mode)
    {
        string text = string.Concat(Enumerable.Range(0, 3000).Select(i => $"line {i}\n"));
        (TestMachine m, _) = Make(Print(text), mode: mode);
        StringBuilder shown = new();
        using Machine machine = m.Begin();
        machine.Console!.Listen(piece => shown.Append(Encoding.ASCII.GetString(piece.Span)));
        Assert.Equal(EndReason.PowerOff, TestMachine.Wait(machine).Reason);
        machine.Dispose();
        // In real time the device drops what the line refuses, as a UART without flow control would.
        if (mode == TimeMode.Deterministic) Assert.Equal(text, shown.ToString());
        else Assert.StartsWith("line 0\nline 1\n", shown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Output_HostTakesNothing_IsRefusedAndLaterAnnounced()
    {
        using ManualResetEventSlim open = new();
        (TestMachine m, Func<Line> line) = Make([new Step.Out(0x3f8, 1, 'x'), new Step.Jump(0)]);
        using Machine machine = m.Begin();
        machine.Console!.Listen(_ => open.Wait());
        Assert.True(SpinWait.SpinUntil(() => line().Refused > 0, TestMachine.Patience));
        open.Set();
        Assert.True(SpinWait.SpinUntil(() => line().Ready > 0, TestMachine.Patience));
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Input_GuestTakesOneByteAtATime_ArrivesInOrder(TimeMode mode)
    {
        (TestMachine m, Func<Line> line) = Make([new Step.In(0x3f8, 1, 0), new Step.Jump(0)], room: 1, mode);
        using Machine machine = m.Begin();
        string text = string.Concat(Enumerable.Range(0, 1500).Select(i => $"{i},"));
        await machine.Console!.SendAsync(Encoding.ASCII.GetBytes(text), CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => line().Received.Length == text.Length, TestMachine.Patience));
        Assert.Equal(text, line().Received);
    }

    [Fact]
    public async Task Input_GuestTakesNothing_WaitsUntilCancelled()
    {
        (TestMachine m, _) = Make([new Step.Halt()], room: 0);
        using Machine machine = m.Begin();
        using CancellationTokenSource cancel = new();
        ValueTask sending = machine.Console!.SendAsync(new byte[10_000], cancel.Token);
        Assert.False(sending.IsCompleted);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await sending);
    }

    [Fact]
    public void Resize_ReachesTheDevice()
    {
        (TestMachine m, Func<Line> line) = Make([new Step.Halt()]);
        using Machine machine = m.Begin();
        machine.Console!.Resize(132, 43);
        Assert.True(SpinWait.SpinUntil(() => line().Size == (132, 43), TestMachine.Patience));
    }
}
