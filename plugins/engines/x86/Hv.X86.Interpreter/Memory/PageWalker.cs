using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>What an access is, for the checks of paging.</summary>
[Flags]
internal enum Access : byte
{
    Read = 0,
    Write = 1,
    Fetch = 2,
    /// <summary>An implicit supervisor access, whatever CPL is: descriptor tables, TSS, interrupt delivery from CPL 3
    /// (SDM vol. 3, 4.6.1).</summary>
    System = 4,
}

/// <summary>A linear page's translation.</summary>
internal struct Translation
{
    /// <summary>The guest physical address, as it leaves the processor.</summary>
    public ulong Gpa;
    /// <summary>Size of the page that maps it: 12, 21, 22 or 30.</summary>
    public byte PageShift;
}

/// <summary>Translates linear addresses by the paging structures in guest memory: 32-bit paging with PSE and PSE-36,
/// PAE, 4-level and 5-level paging (SDM vol. 3, 4.3 to 4.5), rights (4.6), error codes (4.7), accessed and dirty flags
/// (4.8). Caches nothing: the TLB does. Runs on the vCPU's thread; other vCPUs may change the structures
/// meanwhile.</summary>
// SAFETY (whole class): entries are reached only through Memory.Physical, whose addresses come from the memory map.
internal static unsafe class PageWalker
{
    private const ulong AddressMask = 0x000F_FFFF_FFFF_F000;
    private const int MaxLevels = 5;
    /// <summary>How often a walk starts anew because another vCPU changed an entry under it.</summary>
    private const int MaxAttempts = 16;

    /// <summary>The entries that a walk went through, and what they say together.</summary>
    private struct Path
    {
        public fixed ulong Address[MaxLevels];
        public fixed ulong Value[MaxLevels];
        public int Count;
        public int EntryBytes;
        public ulong Gpa;
        public byte PageShift;
        public bool IsWritable;
        public bool IsUser;
        public bool IsExecutable;
        public byte Key;

        public void Start(int entryBytes)
        {
            Count = 0;
            EntryBytes = entryBytes;
            IsWritable = IsUser = IsExecutable = true;
            Key = 0;
        }

        public void Add(ulong address, ulong entry)
        {
            Address[Count] = address;
            Value[Count++] = entry;
            IsWritable &= (entry & PageEntry.Writable) != 0;
            IsUser &= (entry & PageEntry.User) != 0;
            IsExecutable &= (entry & PageEntry.NoExecute) == 0;
        }
    }

    /// <summary>How a walk ended.</summary>
    private enum Outcome : byte
    {
        Mapped,
        NotPresent,
        ReservedBit,
    }

    /// <summary>Translates a canonical linear address, checks rights, sets accessed and dirty bits. False: CR2 is set
    /// and #PF is recorded (<see cref="Fault.Record"/>); Rip is untouched.</summary>
    public static bool Translate(Cpu* cpu, ulong linear, Access access, out Translation translation)
    {
        if ((cpu->Cr0 & Cr0.Pg) == 0)
        {
            translation = new Translation { Gpa = (uint)linear & cpu->AddressMask, PageShift = 12 };
            return true;
        }
        Path path;
        for (int attempt = 0; ; attempt++)
        {
            Outcome outcome = (cpu->Cr4 & Cr4.Pae) != 0 ? FollowWide(cpu, linear, &path) : FollowNarrow(cpu, linear, &path);
            uint error = outcome switch
            {
                Outcome.NotPresent => 0,
                Outcome.ReservedBit => PageFaultError.Present | PageFaultError.Reserved,
                _ => Violation(cpu, &path, access),
            };
            if (outcome != Outcome.Mapped || error != 0)
            {
                cpu->Cr2 = linear;
                Fault.Record(cpu, Fault.Pf, Fault.Hardware, true, error | AccessBits(cpu, access));
                translation = default;
                return false;
            }
            if (MarkUsed(cpu, &path, (access & Access.Write) != 0) || attempt == MaxAttempts)
                break;
        }
        translation = new Translation { Gpa = path.Gpa & cpu->AddressMask, PageShift = path.PageShift };
        return true;
    }

    private static bool IsUser(Cpu* cpu, Access access) => cpu->Cpl == 3 && (access & Access.System) == 0;

    /// <summary>The bits that the rights check adds to a page fault's error code; 0 when the access is allowed (SDM
    /// vol. 3, 4.6).</summary>
    private static uint Violation(Cpu* cpu, Path* page, Access access)
    {
        bool isUser = IsUser(cpu, access);
        bool isWrite = (access & Access.Write) != 0;
        bool isAllowed;
        if ((access & Access.Fetch) != 0)
        {
            isAllowed = page->IsExecutable && (isUser ? page->IsUser : !page->IsUser || (cpu->Cr4 & Cr4.Smep) == 0);
            return isAllowed ? 0 : PageFaultError.Present;
        }
        if (isUser)
        {
            isAllowed = page->IsUser && (!isWrite || page->IsWritable);
        }
        else
        {
            bool isSmapLifted = (access & Access.System) == 0 && (cpu->Rflags & Rflags.Ac) != 0;
            isAllowed = (!page->IsUser || (cpu->Cr4 & Cr4.Smap) == 0 || isSmapLifted)
                && (!isWrite || page->IsWritable || (cpu->Cr0 & Cr0.Wp) == 0);
        }
        if (!isAllowed)
            return PageFaultError.Present;
        return page->IsUser && IsKeyViolation(cpu, page->Key, isWrite, isUser) ? PageFaultError.Present | PageFaultError.ProtectionKey : 0;
    }

    /// <summary>Protection keys (SDM vol. 3, 4.6.2): data accesses to user pages, in 4- and 5-level paging
    /// only.</summary>
    private static bool IsKeyViolation(Cpu* cpu, int key, bool isWrite, bool isUser)
    {
        if ((cpu->Cr4 & Cr4.Pke) == 0 || (cpu->Efer & Efer.Lma) == 0)
            return false;
        const uint accessDisable = 1, writeDisable = 2;
        uint rights = cpu->Pkru >> (key * 2);
        return (rights & accessDisable) != 0
            || (isWrite && (rights & writeDisable) != 0 && (isUser || (cpu->Cr0 & Cr0.Wp) != 0));
    }

    /// <summary>W/R, U/S and I/D (SDM vol. 3, figure 4-12). I/D is reported only where fetches can be refused: with NX
    /// or SMEP.</summary>
    private static uint AccessBits(Cpu* cpu, Access access)
    {
        bool isFetchReported = (cpu->Cr4 & Cr4.Smep) != 0 || ((cpu->Cr4 & Cr4.Pae) != 0 && (cpu->Efer & Efer.Nxe) != 0);
        return ((access & Access.Write) != 0 ? PageFaultError.Write : 0)
            | (IsUser(cpu, access) ? PageFaultError.User : 0)
            | ((access & Access.Fetch) != 0 && isFetchReported ? PageFaultError.Fetch : 0);
    }

    /// <summary>PAE, 4-level and 5-level paging: eight-byte entries.</summary>
    private static Outcome FollowWide(Cpu* cpu, ulong linear, Path* path)
    {
        bool isLongMode = (cpu->Efer & Efer.Lma) != 0;
        ulong table;
        int level;
        ulong reserved = ~PhysicalMask(cpu) & AddressMask;
        if ((cpu->Efer & Efer.Nxe) == 0)
            reserved |= PageEntry.NoExecute;
        if (isLongMode)
        {
            table = cpu->Cr3 & AddressMask;
            level = (cpu->Cr4 & Cr4.La57) != 0 ? 5 : 4;
        }
        else
        {
            ulong pointer = PageDirectoryPointers.Get(cpu, (int)(linear >> 30) & 3);
            if ((pointer & PageEntry.Present) == 0)
                return Outcome.NotPresent;
            table = pointer & AddressMask;
            level = 2;
            reserved |= 0x7FF0_0000_0000_0000;
        }

        path->Start(sizeof(ulong));
        while (true)
        {
            int shift = 12 + 9 * (level - 1);
            ulong address = table + (linear >> shift & 0x1FF) * 8;
            ulong entry = ReadEntry(cpu, address, sizeof(ulong));
            if ((entry & PageEntry.Present) == 0)
                return Outcome.NotPresent;
            bool isLarge = level is 2 or 3 && (entry & PageEntry.Large) != 0;
            ulong offsetMask = (1UL << shift) - 1;
            ulong reservedHere = reserved | (level >= 4 ? PageEntry.Large : 0) | (isLarge ? offsetMask & ~0x1FFFUL : 0);
            if ((entry & reservedHere) != 0)
                return Outcome.ReservedBit;
            path->Add(address, entry);
            if (level == 1 || isLarge)
            {
                path->Gpa = (entry & AddressMask & ~offsetMask) | (linear & offsetMask);
                path->PageShift = (byte)shift;
                path->Key = (byte)(entry >> PageEntry.KeyShift & 0xF);
                return Outcome.Mapped;
            }
            table = entry & AddressMask;
            level--;
        }
    }

    /// <summary>32-bit paging: four-byte entries, 4 MiB pages with CR4.PSE, whose bits 13–20 are address bits 32–39
    /// (PSE-36).</summary>
    private static Outcome FollowNarrow(Cpu* cpu, ulong linear, Path* path)
    {
        path->Start(sizeof(uint));
        ulong address = (cpu->Cr3 & 0xFFFF_F000) + (linear >> 22 & 0x3FF) * 4;
        ulong entry = ReadEntry(cpu, address, sizeof(uint));
        if ((entry & PageEntry.Present) == 0)
            return Outcome.NotPresent;
        path->Add(address, entry);
        if ((entry & PageEntry.Large) != 0 && (cpu->Cr4 & Cr4.Pse) != 0)
        {
            const ulong alwaysReserved = 1 << 21;
            ulong high = (entry >> 13 & 0xFF) << 32;
            if ((entry & alwaysReserved) != 0 || (high & ~PhysicalMask(cpu)) != 0)
                return Outcome.ReservedBit;
            path->Gpa = high | (entry & 0xFFC0_0000) | (linear & 0x3F_FFFF);
            path->PageShift = 22;
            return Outcome.Mapped;
        }
        address = (entry & 0xFFFF_F000) + (linear >> 12 & 0x3FF) * 4;
        entry = ReadEntry(cpu, address, sizeof(uint));
        if ((entry & PageEntry.Present) == 0)
            return Outcome.NotPresent;
        path->Add(address, entry);
        path->Gpa = (entry & 0xFFFF_F000) | (linear & 0xFFF);
        path->PageShift = 12;
        return Outcome.Mapped;
    }

    /// <summary>Sets the flags in the entries of the path. False when one has changed since it was read: walk
    /// again.</summary>
    private static bool MarkUsed(Cpu* cpu, Path* path, bool isWrite)
    {
        for (int i = 0; i < path->Count; i++)
        {
            ulong wanted = path->Value[i] | PageEntry.Accessed;
            if (isWrite && i == path->Count - 1)
                wanted |= PageEntry.Dirty;
            if (wanted != path->Value[i] && !TryReplaceEntry(cpu, path->Address[i], path->EntryBytes, path->Value[i], wanted))
                return false;
        }
        return true;
    }

    /// <summary>Reads an entry of a paging structure; all ones where there is no memory.</summary>
    public static ulong ReadEntry(Cpu* cpu, ulong gpa, int bytes)
    {
        byte* host = Memory.Physical(cpu, gpa);
        if (host == null)
            return ulong.MaxValue;
        return bytes == sizeof(ulong) ? Volatile.Read(ref *(ulong*)host) : Volatile.Read(ref *(uint*)host);
    }

    /// <summary>Changes an entry in one locked operation if it still is what was read. Entries in ROM stay as they
    /// are.</summary>
    private static bool TryReplaceEntry(Cpu* cpu, ulong gpa, int bytes, ulong expected, ulong wanted)
    {
        byte* host = Memory.PhysicalForWrite(cpu, gpa);
        if (host == null)
            return true;
        return bytes == sizeof(ulong)
            ? Interlocked.CompareExchange(ref *(ulong*)host, wanted, expected) == expected
            : Interlocked.CompareExchange(ref *(uint*)host, (uint)wanted, (uint)expected) == (uint)expected;
    }

    private static ulong PhysicalMask(Cpu* cpu) => (1UL << Vcpu.Of(cpu).Model.PhysicalAddressBits) - 1;
}
