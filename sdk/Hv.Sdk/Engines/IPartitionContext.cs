using System.Diagnostics.CodeAnalysis;
using Hv.Sdk.Time;

namespace Hv.Sdk.Engines;

/// <summary>What the core gives an engine for one machine.</summary>
[Experimental("HVX001")]
[HostImplemented]
public interface IPartitionContext
{
    /// <summary>The name of the CPU model: <c>x86-64-v1</c>, <c>x86-64-v2</c>, <c>x86-64-v3</c> or
    /// <c>max</c>.</summary>
    string CpuModel { get; }
    /// <summary>How many vCPUs the machine has, 1 to 255. The local APIC id of vCPU i is i.</summary>
    int VcpuCount { get; }
    /// <summary>Frequency of the time-stamp counter, fixed for the VM's life. TSC = floor(virtual ns × hz / 1e9) +
    /// offset.</summary>
    ulong TscHz { get; }
    /// <summary>True when runs must be reproducible: one thread runs all vCPUs, and results that the manual leaves
    /// undefined take their canonical value.</summary>
    bool Deterministic { get; }
    /// <summary>The machine's virtual clock. Cheap; any thread.</summary>
    IVmClock Clock { get; }
    /// <summary>Randomness for RDRAND and RDSEED, from the machine's seed. vCPU threads.</summary>
    IEntropy Entropy { get; }
    /// <summary>Where the engine reports.</summary>
    IDeviceLog Log { get; }
    /// <summary>Physical address bits that the guest is told of (CPUID 80000008h), 36 to 52.</summary>
    int PhysicalAddressBits { get; }

    /// <summary>FERR#: whether vCPU <paramref name="vcpu"/> has an unmasked x87 exception pending while CR0.NE is clear
    /// (SDM vol. 1, 8.7.2). It follows from the vCPU's state and is said at each change, also from
    /// <see cref="IVcpu.WriteState"/>; deasserted after power-on. vCPU thread; the line has reached every device before
    /// this returns.</summary>
    void SetNumericError(int vcpu, bool isAsserted);
}
