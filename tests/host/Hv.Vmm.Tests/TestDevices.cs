using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Io;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace Hv.Vmm.Tests;

/// <summary>A device made of lambdas: what it does at Attach is the test's.</summary>
internal sealed class LambdaDevice(Action<LambdaDevice, IDeviceContext> attach)
    : IDevice, IStateful, IIoHandler, IIrqHandler
{
    public delegate IoStatus ReadHandler(in IoAccess access, out ulong value);
    public delegate IoStatus WriteHandler(in IoAccess access, ulong value);

    public IDeviceContext Context { get; private set; } = null!;
    public ReadHandler OnRead { get; set; } = (in IoAccess _, out ulong value) =>
    {
        value = 0;
        return IoStatus.Ok;
    };
    public WriteHandler OnWrite { get; set; } = (in IoAccess _, ulong _) => IoStatus.Ok;
    public Action<int, bool> OnPin { get; set; } = (_, _) => { };
    public Action<ResetKind> OnReset { get; set; } = _ => { };
    public Action OnSave { get; set; } = () => { };
    /// <summary>Eight registers of state, saved with the machine.</summary>
    public ulong[] Registers { get; } = new ulong[8];

    public void Attach(IDeviceContext context)
    {
        Context = context;
        attach(this, context);
    }

    public void Reset(ResetKind kind) => OnReset(kind);

    public IoStatus Read(in IoAccess access, out ulong value) => OnRead(access, out value);

    public IoStatus Write(in IoAccess access, ulong value) => OnWrite(access, value);

    public void PinChanged(int pin, bool level) => OnPin(pin, level);

    public string StateId { get; set; } = "test.lambda";
    public ushort StateVersion { get; set; } = 1;
    public ushort OldestStateVersion { get; set; } = 1;
    /// <summary>Called at the end of a load.</summary>
    public Action<StateReader> OnLoad { get; set; } = _ => { };
    public bool IsDisposed { get; private set; }

    public void Save(StateWriter writer)
    {
        OnSave();
        for (int i = 0; i < Registers.Length; i++) writer.UInt(i + 1, Registers[i]);
    }

    public void Load(StateReader reader)
    {
        for (int i = 0; i < Registers.Length; i++) Registers[i] = reader.UInt(i + 1, 0, ulong.MaxValue);
        OnLoad(reader);
    }

    public void Dispose() => IsDisposed = true;
}

/// <summary>Makes one device, any number of times.</summary>
internal sealed class LambdaFactory(Func<IDevice> make) : IDeviceFactory
{
    public OptionSchema Options => OptionSchema.Empty;

    public IDevice Create(OptionValues options) => make();
}

/// <summary>Local APICs that hold one pending vector each: taken from MSIs (data = vector, address bits 12–19 = vCPU)
/// and from the pin <c>lint0</c>. A write of v to port 0xF0 sends a start-up IPI to vCPU v.</summary>
internal sealed class TestApics : IDevice, ILocalApics, IMsiTarget, IIrqHandler, IIoHandler, IStateful
{
    private TestApic[] apics = [];
    private IDeviceContext context = null!;

    public int MessageCount;
    /// <summary>Called before a message, a pin or an access is taken.</summary>
    public Action OnCall { get; set; } = () => { };
    /// <summary>Called before an engine acknowledges.</summary>
    public Action OnAcknowledge { get; set; } = () => { };

    public ILocalApic this[int vcpu] => apics[vcpu];

    public void Attach(IDeviceContext to)
    {
        context = to;
        apics = [.. Enumerable.Range(0, to.VcpuCount).Select(_ => new TestApic(this))];
        to.Provide<ILocalApics>(this);
        to.Provide<IMsiTarget>(this);
        to.IrqIn("lint0", 1, this);
        to.MapPorts("sipi", 0xf0, 1, this, 0);
    }

    public void Reset(ResetKind kind)
    {
        foreach (TestApic apic in apics) apic.Clear();
    }

    public void Send(in MsiMessage message)
    {
        OnCall();
        Interlocked.Increment(ref MessageCount);
        Raise((int)(message.Address >> 12 & 0xff), (byte)message.Data);
    }

    private void Raise(int vcpu, byte vector)
    {
        apics[vcpu].Raise(vector);
        context.Vcpus.Notify(vcpu);
    }

    public void PinChanged(int pin, bool level)
    {
        if (level) Raise(0, 0x30);
    }

    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = 0;
        return IoStatus.NoRegister;
    }

    public IoStatus Write(in IoAccess access, ulong value)
    {
        OnCall();
        if ((int)value >= apics.Length) return IoStatus.NoRegister;
        apics[(int)value].Sipi();
        context.Vcpus.Notify((int)value);
        return IoStatus.Ok;
    }

    public string StateId => "test.apics";
    public ushort StateVersion => 1;
    public ushort OldestStateVersion => 1;

    public void Save(StateWriter writer)
    {
        for (int i = 0; i < apics.Length; i++) writer.UInt(i + 1, apics[i].Bits);
    }

    public void Load(StateReader reader)
    {
        for (int i = 0; i < apics.Length; i++) apics[i].Bits = reader.UInt(i + 1, 0, ulong.MaxValue);
    }

    public void Dispose()
    {
    }

    private sealed class TestApic(TestApics owner) : ILocalApic
    {
        private const ulong SipiBit = 1UL << 63;
        private long bits;

        public ulong Bits
        {
            get => (ulong)Volatile.Read(ref bits);
            set => Volatile.Write(ref bits, (long)value);
        }

        // Vectors 0x20 to 0x5e, one bit each.
        public void Raise(byte vector) => Interlocked.Or(ref bits, 1L << (vector - 0x20));

        public void Sipi() => Interlocked.Or(ref bits, unchecked((long)SipiBit));

        public void Clear() => Bits = 0;

        public VcpuSignals Pending
        {
            get
            {
                ulong now = Bits;
                VcpuSignals signals = (now & ~SipiBit) != 0 ? VcpuSignals.Interrupt : VcpuSignals.None;
                return (now & SipiBit) != 0 ? signals | VcpuSignals.Sipi : signals;
            }
        }

        public int AcknowledgeInterrupt()
        {
            owner.OnAcknowledge();
            ulong now = Bits & ~SipiBit;
            if (now == 0) return -1;
            int bit = System.Numerics.BitOperations.Log2(now);
            Interlocked.And(ref bits, ~(1L << bit));
            return bit + 0x20;
        }

        public void Take(VcpuSignals signal, out byte vector)
        {
            vector = 0;
            if (signal == VcpuSignals.Sipi) Interlocked.And(ref bits, unchecked((long)~SipiBit));
        }

        public byte Cr8 { get; set; }
        public ulong ApicBase => 0xfee0_0900;

        public MsrStatus ReadMsr(uint msr, out ulong value)
        {
            value = 0;
            return MsrStatus.GeneralProtection;
        }

        public MsrStatus WriteMsr(uint msr, ulong value) => MsrStatus.GeneralProtection;

        public void OnInit()
        {
        }
    }
}
