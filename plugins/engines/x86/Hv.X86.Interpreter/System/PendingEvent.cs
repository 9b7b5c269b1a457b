using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>An exception or interrupt on its way to its handler.</summary>
internal struct PendingEvent
{
    public byte Vector;
    /// <summary>In the VMX numbering: see <see cref="Fault"/>.</summary>
    public byte Type;
    public bool HasError;
    public uint Error;
    /// <summary>Bytes by which the return address lies beyond Rip: a software interrupt's own length.</summary>
    public uint Length;

    /// <summary>INT n, INT3 and INTO: the gate's DPL is checked, the return address is the next
    /// instruction's.</summary>
    public readonly bool IsSoftware => Type is Fault.SoftwareInterrupt or Fault.SoftwareException;

    /// <summary>Takes the event out of the vCPU's fields.</summary>
    // SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU;
    // guest memory is reached only through SystemMemory and Memory.
    public static unsafe PendingEvent Take(Cpu* cpu)
    {
        cpu->EventPending = 0;
        cpu->Stop = Stop.None;
        return new PendingEvent
        {
            Vector = cpu->EventVector,
            Type = cpu->EventType,
            HasError = cpu->EventHasError != 0,
            Error = cpu->EventError,
            Length = cpu->EventLength,
        };
    }

    /// <summary>Puts the event back into the vCPU's fields, where it waits to be delivered.</summary>
    public readonly unsafe void Record(Cpu* cpu)
    {
        cpu->EventPending = 1;
        cpu->EventVector = Vector;
        cpu->EventType = Type;
        cpu->EventHasError = HasError ? (byte)1 : (byte)0;
        cpu->EventError = Error;
        cpu->EventLength = Length;
    }

    private enum Class : byte
    {
        Benign,
        Contributory,
        PageFault,
        DoubleFault,
    }

    /// <summary>SDM vol. 3, table 6-4. Only exceptions that the processor found count; interrupts and INT n are
    /// benign.</summary>
    private readonly Class DoubleFaultClass => Type != Fault.Hardware ? Class.Benign : Vector switch
    {
        Fault.De or Fault.Ts or Fault.Np or Fault.Ss or Fault.Gp => Class.Contributory,
        Fault.Pf => Class.PageFault,
        Fault.Df => Class.DoubleFault,
        _ => Class.Benign,
    };

    /// <summary>What becomes of <paramref name="second"/>, found while <paramref name="first"/> was delivered (SDM vol.
    /// 3, table 6-5): the second alone, a double fault, or (false) shutdown.</summary>
    public static bool TryCombine(PendingEvent first, PendingEvent second, out PendingEvent result)
    {
        Class earlier = first.DoubleFaultClass, later = second.DoubleFaultClass;
        bool isDouble = (earlier == Class.Contributory && later == Class.Contributory)
            || (earlier == Class.PageFault && later is (Class.Contributory or Class.PageFault));
        result = isDouble ? new PendingEvent { Vector = Fault.Df, Type = Fault.Hardware, HasError = true } : second;
        return earlier != Class.DoubleFault || later == Class.Benign;
    }
}
