using Hv.Sdk.Engines;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>An interrupt controller that has what a check puts into it.</summary>
internal sealed class TestApic(bool isBoot) : ILocalApic
{
    private const ulong EnabledBase = 0xfee0_0800, BootProcessor = 0x100;

    /// <inheritdoc/>
    public VcpuSignals Pending { get; set; }
    /// <summary>What an acknowledged interrupt's vector is; −1: it has gone.</summary>
    public int Vector { get; set; } = -1;
    /// <summary>What a start-up IPI's vector is.</summary>
    public byte SipiVector { get; set; }
    /// <summary>How often the vCPU acknowledged an interrupt.</summary>
    public int Acknowledged { get; private set; }
    /// <summary>What the vCPU took besides, in order.</summary>
    public List<VcpuSignals> Taken { get; } = [];
    /// <summary>How often it was told of INIT.</summary>
    public int Inits { get; private set; }
    /// <summary>Run inside each of the vCPU's calls.</summary>
    public Action OnCall { get; set; } = static () => { };

    /// <inheritdoc/>
    public byte Cr8 { get; set; }
    /// <inheritdoc/>
    public ulong ApicBase => isBoot ? EnabledBase | BootProcessor : EnabledBase;

    /// <inheritdoc/>
    public int AcknowledgeInterrupt()
    {
        Acknowledged++;
        Pending &= ~VcpuSignals.Interrupt;
        OnCall();
        return Vector;
    }

    /// <inheritdoc/>
    public void Take(VcpuSignals signal, out byte vector)
    {
        Pending &= ~signal;
        Taken.Add(signal);
        vector = signal == VcpuSignals.Sipi ? SipiVector : (byte)0;
        OnCall();
    }

    /// <inheritdoc/>
    public MsrStatus ReadMsr(uint msr, out ulong value)
    {
        value = 0;
        return MsrStatus.GeneralProtection;
    }

    /// <inheritdoc/>
    public MsrStatus WriteMsr(uint msr, ulong value) => MsrStatus.GeneralProtection;

    /// <inheritdoc/>
    public void OnInit() => Inits++;
}
