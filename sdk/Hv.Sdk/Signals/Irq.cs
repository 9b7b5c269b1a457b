namespace Hv.Sdk.Signals;

/// <summary>Takes changes of level from devices: the core's interrupt fabric. A change has reached every wired input
/// before Set returns.</summary>
public interface IIrqSink
{
    /// <summary>Sets output <paramref name="pin"/> of the fabric. Same level again: no effect.</summary>
    void Set(int pin, bool level);
    /// <summary>Low, high, low on an edge-triggered input: never merged with another.</summary>
    void Pulse(int pin);
}

/// <summary>A device's output line.</summary>
public readonly struct IrqLine(IIrqSink? sink, int pin)
{
    /// <summary>Whether the board wired it.</summary>
    public bool IsConnected => sink is not null;
    /// <summary>Drives the line.</summary>
    public void Set(bool level) => sink?.Set(pin, level);
    /// <summary>Signals one edge.</summary>
    public void Pulse() => sink?.Pulse(pin);
}

/// <summary>Told when an input pin changes; on the receiving device's strand.</summary>
public interface IIrqHandler
{
    /// <summary>Pin <paramref name="pin"/> (0-based within its group) is now <paramref name="level"/>.</summary>
    void PinChanged(int pin, bool level);
}

/// <summary>Levels as the fabric has them; a device keeps no copy of its own to reset, save or restore.</summary>
[HostImplemented]
public interface IIrqLevels
{
    /// <summary>The level of an input of the fabric: the OR of all outputs wired to it.</summary>
    bool Level(int pin);
}

/// <summary>A device's input pins.</summary>
public readonly struct IrqInputs(IIrqLevels? levels, int first, int count)
{
    /// <summary>How many.</summary>
    public int Count => count;
    /// <summary>The level of one pin.</summary>
    public bool this[int pin] => levels is not null && (uint)pin < (uint)count && levels.Level(first + pin);
}

/// <summary>A message-signalled interrupt: a 32-bit write to FEExxxxxh.</summary>
public readonly struct MsiMessage
{
    /// <summary>The address.</summary>
    public ulong Address { get; init; }
    /// <summary>The data.</summary>
    public uint Data { get; init; }
}

/// <summary>Takes MSIs. Any thread; lock-free. Provided as a service by the local APIC device.</summary>
public interface IMsiTarget
{
    /// <summary>Delivers the message (SDM vol. 3, 11.11).</summary>
    void Send(in MsiMessage message);
}

/// <summary>The 8259's side of an interrupt-acknowledge cycle. Provided as a service by the PIC; enters its own
/// strand.</summary>
public interface IInterruptAcknowledge
{
    /// <summary>True while INTR is asserted.</summary>
    bool IsAsserted { get; }
    /// <summary>Runs the cycle and gives the vector (the spurious vector when the request has gone).</summary>
    byte Acknowledge();
}

/// <summary>Wants to know of end-of-interrupt for level-triggered vectors. Provided as a service by IOAPICs; enters its
/// own strand.</summary>
public interface IEndOfInterruptListener
{
    /// <summary>A local APIC broadcast EOI for this vector.</summary>
    void EndOfInterrupt(byte vector);
}

/// <summary>All local APICs of the machine. Provided as a service by the local APIC device; the core asks for it before
/// it makes vCPUs.</summary>
public interface ILocalApics
{
    /// <summary>The APIC of one vCPU.</summary>
    Engines.ILocalApic this[int vcpu] { get; }
}
