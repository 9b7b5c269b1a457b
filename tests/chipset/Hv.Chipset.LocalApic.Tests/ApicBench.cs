using Hv.Sdk.Engines;
using Hv.Sdk.Signals;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.LocalApic.Tests;

/// <summary>Local APICs with a legacy controller and an I/O APIC that only remember.</summary>
internal static class ApicBench
{
    public const ulong Base = 0xfee0_0000;

    public static BenchSetup Setup(int vcpus = 4, bool virtualWire = false) => new()
    {
        VcpuCount = vcpus,
        HasCharPort = false,
        Options = new Dictionary<string, string> { ["virtual-wire"] = virtualWire ? "on" : "off" },
        Configure = bench =>
        {
            bench.AddService<IInterruptAcknowledge>(new FakePic());
            bench.AddService<IEndOfInterruptListener>(new FakeIoApic());
        },
    };

    public static ILocalApic Apic(this DeviceBench bench, int vcpu) => bench.Service<ILocalApics>()[vcpu];

    public static void Msi(this DeviceBench bench, ulong address, uint data) =>
        bench.Service<IMsiTarget>().Send(new MsiMessage { Address = address, Data = data });

    public static ulong Read(this DeviceBench bench, int offset, int vcpu = 0) =>
        bench.ReadMmio(Base + (ulong)offset, 4, vcpu);
    public static void Write(this DeviceBench bench, int offset, ulong value, int vcpu = 0) =>
        bench.WriteMmio(Base + (ulong)offset, value, 4, vcpu);

    /// <summary>Software-enables an APIC with a logical id of its own.</summary>
    public static void Enable(this DeviceBench bench, int vcpu)
    {
        bench.Write(0x0f0, 0x1ff, vcpu);
        bench.Write(0x0d0, 1u << (24 + vcpu), vcpu);
    }

    public static void EnterX2apic(this DeviceBench bench, int vcpu) =>
        Assert.Equal(MsrStatus.Ok, bench.Apic(vcpu).WriteMsr(0x1b, bench.Apic(vcpu).ApicBase | 0x400));
}

internal sealed class FakePic : IInterruptAcknowledge, IBenchPart
{
    private int acknowledged;
    public bool IsAsserted => true;
    public byte Acknowledge() => (byte)(0x30 + (acknowledged++ & 7));
    public void CopyFrom(IBenchPart other) => acknowledged = ((FakePic)other).acknowledged;
    public string? Difference(IBenchPart other) =>
        acknowledged == ((FakePic)other).acknowledged ? null : "the 8259 saw another number of acknowledge cycles";
}

internal sealed class FakeIoApic : IEndOfInterruptListener, IBenchPart
{
    public int Count { get; private set; }
    public byte Last { get; private set; }

    public void EndOfInterrupt(byte vector)
    {
        Count++;
        Last = vector;
    }

    public void CopyFrom(IBenchPart other) => (Count, Last) = (((FakeIoApic)other).Count, ((FakeIoApic)other).Last);
    public string? Difference(IBenchPart other) =>
        (Count, Last) == (((FakeIoApic)other).Count, ((FakeIoApic)other).Last) ? null : "the I/O APIC saw other EOIs";
}
