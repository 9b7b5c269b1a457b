using Hv.Sdk.Engines;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.LocalApic.Tests;

public sealed class X2apicTests : IDisposable
{
    private readonly DeviceBench bench = DeviceBench.Create(new LocalApicPlugin(), ApicBench.Setup(vcpus: 20));

    public X2apicTests()
    {
        for (int vcpu = 0; vcpu < 20; vcpu++)
        {
            bench.EnterX2apic(vcpu);
            Assert.Equal(MsrStatus.Ok, bench.Apic(vcpu).WriteMsr(0x80f, 0x1ff));
        }
    }

    public void Dispose() => bench.Dispose();

    private ulong Read(int vcpu, uint msr)
    {
        Assert.Equal(MsrStatus.Ok, bench.Apic(vcpu).ReadMsr(msr, out ulong value));
        return value;
    }

    [Fact]
    public void Mmio_InX2apicMode_DoesNotAnswer() => Assert.Equal(0xffff_ffffu, bench.Read(0x030));

    [Fact]
    public void IdAndLogicalId_AreDerivedFromTheVcpu()
    {
        Assert.Equal(17u, Read(17, 0x802));
        Assert.Equal(0x0001_0002u, Read(17, 0x80d));
    }

    [Theory]
    [InlineData(0x80bu, 1ul)]
    [InlineData(0x802u, 0ul)]
    [InlineData(0x80du, 0ul)]
    [InlineData(0x80eu, 0ul)]
    [InlineData(0x808u, 0x100ul)]
    [InlineData(0x828u, 1ul)]
    [InlineData(0x83fu, 0x100ul)]
    [InlineData(0x831u, 0ul)]
    [InlineData(0x7ffu, 0ul)]
    [InlineData(0x900u, 0ul)]
    [InlineData(0x2000_0808u, 0ul)]
    public void Write_ReservedOrReadOnly_IsGeneralProtection(uint msr, ulong value) =>
        Assert.Equal(MsrStatus.GeneralProtection, bench.Apic(0).WriteMsr(msr, value));

    [Fact]
    public void Read_WriteOnlyMsr_IsGeneralProtection()
    {
        Assert.Equal(MsrStatus.GeneralProtection, bench.Apic(0).ReadMsr(0x80b, out _));
        Assert.Equal(MsrStatus.GeneralProtection, bench.Apic(0).ReadMsr(0x83f, out _));
    }

    [Theory]
    [InlineData(0x0000_0011_0000_0041ul, "17")]
    [InlineData(0x0001_0003_0000_0841ul, "16 17")]
    [InlineData(0x0000_8001_0000_0841ul, "0 15")]
    public void InterruptCommand_64Bit_ReachesWhoIsAddressed(ulong command, string expected)
    {
        Assert.Equal(MsrStatus.Ok, bench.Apic(5).WriteMsr(0x830, command));
        Assert.Equal(command, Read(5, 0x830));
        Assert.Equal(expected,
            string.Join(' ', Enumerable.Range(0, 20).Where(i => bench.Apic(i).Pending == VcpuSignals.Interrupt)));
    }

    [Fact]
    public void SelfIpi_Vector_ComesBack()
    {
        Assert.Equal(MsrStatus.Ok, bench.Apic(3).WriteMsr(0x83f, 0x99));
        Assert.Equal(0x99, bench.Apic(3).AcknowledgeInterrupt());
    }

    [Fact]
    public void Base_BackToXapicDirectly_IsGeneralProtection()
    {
        Assert.Equal(MsrStatus.GeneralProtection, bench.Apic(0).WriteMsr(0x1b, 0xfee0_0900));
        Assert.Equal(MsrStatus.Ok, bench.Apic(0).WriteMsr(0x1b, 0xfee0_0100));
        Assert.Equal(MsrStatus.Ok, bench.Apic(0).WriteMsr(0x1b, 0xfee0_0900));
        Assert.Equal(0xffu, bench.Read(0x0f0));
    }
}
