using System.Diagnostics.CodeAnalysis;
using Hv.Sdk.Io;

namespace Hv.Sdk.Engines;

/// <summary>One vCPU's road to devices, whatever made the exit. Sizes are 1, 2, 4 or 8 bytes (ports: 1, 2 or 4); an
/// access may be unaligned but never crosses a 4 KiB page: the engine splits it. A status other than Ok and Deferred
/// has already been turned into what the hardware would do (all-ones reads, dropped writes); the engine only has to act
/// on Deferred, by leaving
/// <see cref="IVcpu.Run"/> with the instruction not executed. The bus keeps what an instruction reads and tells
/// instructions apart by
/// <see cref="IVcpu.Retired"/>: executed again, the instruction is given the same values, and devices do not see its
/// reads twice. So an engine makes an instruction's reads in the same order each time and before its writes, and calls
/// <see cref="Commit"/> where an instruction will not begin from the start.</summary>
[Experimental("HVX001")]
public interface IVcpuBus
{
    /// <summary>Reads memory-mapped I/O. The value is zero-extended.</summary>
    IoStatus ReadMmio(ulong gpa, int size, out ulong value);
    /// <summary>Writes memory-mapped I/O.</summary>
    IoStatus WriteMmio(ulong gpa, int size, ulong value);
    /// <summary>IN.</summary>
    IoStatus ReadPort(ushort port, int size, out uint value);
    /// <summary>OUT.</summary>
    IoStatus WritePort(ushort port, int size, uint value);
    /// <summary>What the present instruction has read so far is used and will not be read again: to be called when an
    /// iteration of a repeated instruction that used the bus is complete. Hot path.</summary>
    void Commit();
}
