using System.Runtime.InteropServices;

namespace Hv.X86.Interpreter;

/// <summary>One translation for the fast path: XORing an address with the tag leaves the offset in the page when it
/// matches, so that one comparison checks the page and that the access does not leave it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TlbEntry
{
    /// <summary>Linear address of the page. An empty entry holds a page that belongs at another index.</summary>
    public ulong Tag;
    /// <summary>Host address minus linear address.</summary>
    public ulong Addend;
}

/// <summary>The soft TLB: four sets, each with read and write entries, direct-mapped by page number. Only ordinary RAM
/// gets an entry, and write entries only pages without decoded code; everything else takes <see cref="Memory"/>'s slow
/// path each time.</summary>
internal static unsafe class Tlb
{
    public const int Entries = 1024;
    /// <summary>CPL 3.</summary>
    public const byte User = 0;
    /// <summary>CPL 0–2 with SMAP in force: user pages are out of reach.</summary>
    public const byte SupervisorSmap = 1;
    /// <summary>CPL 0–2 without SMAP, or with RFLAGS.AC.</summary>
    public const byte Supervisor = 2;
    /// <summary>Never filled: alignment checks or data breakpoints need to see every access.</summary>
    public const byte Unfilled = 3;
    private const int Sets = 4;
    private const int BytesPerHalf = Entries * 16;

    /// <summary>Allocates all sets, empty.</summary>
    // SAFETY: freed by the Vcpu with the Cpu, after its thread has left Run.
    public static void Allocate(Cpu* cpu)
    {
        cpu->TlbBase = (TlbEntry*)NativeMemory.AlignedAlloc(Sets * 2 * BytesPerHalf, 64);
        for (int half = 0; half < Sets * 2; half++) Clear(cpu->TlbBase + half * Entries);
        Select(cpu, cpu->MmuIndex);
    }

    /// <summary>Makes a set the current one.</summary>
    public static void Select(Cpu* cpu, byte index)
    {
        cpu->MmuIndex = index;
        cpu->ReadTlb = cpu->TlbBase + index * 2 * Entries;
        cpu->WriteTlb = cpu->ReadTlb + Entries;
    }

    /// <summary>Drops every translation (MOV CR3, CR0.PG, CR4 bits…).</summary>
    public static void FlushAll(Cpu* cpu)
    {
        ClearFilled(cpu);
        Vcpu vcpu = Vcpu.Of(cpu);
        vcpu.Counters.TlbFlushes++;
        vcpu.Blocks.FlushTranslations();
        vcpu.ForgetLargePages();
        CpuMode.NewContext(cpu);
    }

    /// <summary>Empties what was filled since the last time: entry by entry when that was little, as between two
    /// context switches.</summary>
    private static void ClearFilled(Cpu* cpu)
    {
        if (cpu->TlbFills <= Cpu.TlbLogSize)
        {
            for (int i = 0; i < cpu->TlbFills; i++)
            {
                uint index = cpu->TlbLog[i];
                cpu->TlbBase[index].Tag = EmptyTag(index & (Entries - 1));
            }
        }
        else
        {
            for (int half = 0; half < (Sets - 1) * 2; half++) Clear(cpu->TlbBase + half * Entries);
        }
        cpu->TlbFills = 0;
    }

    /// <summary>Drops the translations of one page (INVLPG). An address in a large page drops everything, because that
    /// page has more than one entry.</summary>
    public static void FlushPage(Cpu* cpu, ulong linear)
    {
        Vcpu vcpu = Vcpu.Of(cpu);
        if (vcpu.IsInLargePage(linear))
        {
            FlushAll(cpu);
            return;
        }
        ulong page = linear & ~0xFFFul;
        uint slot = (uint)(linear >> 12) & (Entries - 1);
        for (int half = 0; half < (Sets - 1) * 2; half++)
        {
            TlbEntry* entry = cpu->TlbBase + half * Entries + slot;
            if (entry->Tag == page) entry->Tag = EmptyTag(slot);
        }
        if (vcpu.Blocks.FlushTranslation(page)) CpuMode.NewContext(cpu);
    }

    /// <summary>Drops all write entries, so that the next write to each page is seen (dirty log, new code
    /// pages).</summary>
    public static void FlushWrites(Cpu* cpu)
    {
        for (int set = 0; set < Sets - 1; set++) Clear(cpu->TlbBase + (set * 2 + 1) * Entries);
    }

    /// <summary>Drops the write entries that lead to one host page.</summary>
    public static void FlushWritesTo(Cpu* cpu, byte* hostPage)
    {
        for (int set = 0; set < Sets - 1; set++)
        {
            TlbEntry* entries = cpu->TlbBase + (set * 2 + 1) * Entries;
            for (uint slot = 0; slot < Entries; slot++)
            {
                TlbEntry* entry = entries + slot;
                if (entry->Tag + entry->Addend == (ulong)hostPage) entry->Tag = EmptyTag(slot);
            }
        }
    }

    /// <summary>The read entries of a set.</summary>
    public static TlbEntry* ReadSet(Cpu* cpu, byte index) => cpu->TlbBase + index * 2 * Entries;

    /// <summary>The write entries of a set.</summary>
    public static TlbEntry* WriteSet(Cpu* cpu, byte index) => ReadSet(cpu, index) + Entries;

    /// <summary>Enters a page into a set.</summary>
    public static void Fill(Cpu* cpu, byte index, ulong linear, byte* hostPage, bool isWrite)
    {
        if (index == Unfilled) return;
        uint slot = (uint)(linear >> 12) & (Entries - 1);
        TlbEntry* entry = (isWrite ? WriteSet(cpu, index) : ReadSet(cpu, index)) + slot;
        ulong page = linear & ~0xFFFul;
        entry->Tag = page;
        entry->Addend = (ulong)hostPage - page;
        if (cpu->TlbFills < Cpu.TlbLogSize) cpu->TlbLog[cpu->TlbFills] = (ushort)(entry - cpu->TlbBase);
        if (cpu->TlbFills <= Cpu.TlbLogSize) cpu->TlbFills++;
    }

    // Tag 0 is a page of index 0, so only entry 0 needs another one.
    private static ulong EmptyTag(uint slot) => slot == 0 ? 0x1000ul : 0;

    private static void Clear(TlbEntry* entries)
    {
        NativeMemory.Clear(entries, BytesPerHalf);
        entries[0].Tag = 0x1000;
    }
}
