using System.Runtime.InteropServices;

namespace Hv.X86.Interpreter;

/// <summary>The decoded blocks of one vCPU: an arena that is emptied when full, a hash table from place and mode to
/// block, lists by page for invalidation, translations for fetches. Used by the vCPU's thread only.</summary>
// SAFETY (whole class): all pointers lead into the arena, which lives as long as this object; Reset forgets every one
// of them, and no handler runs while it does (it is called from the dispatcher and from Chain.Resolve, whose caller's
// block is left for good).
internal sealed unsafe class BlockCache : IDisposable
{
    private const int HashSize = 1 << 15;
    private const int FetchEntries = 256;
    private const int FilterWords = 256;

    private struct FetchEntry
    {
        public ulong Tag;
        public byte* Host;
        public ulong FilePage;
    }

    private readonly Vcpu vcpu;
    private readonly Cpu* cpu;
    private readonly BlockBuilder builder;
    private OutsideCode? outside;
    // The last failed fetch met no memory, and no fault is recorded.
    private bool isOutside;
    private readonly byte* arena;
    private readonly nuint arenaBytes;
    private nuint used;
    private readonly Block** buckets;
    private Block** pages;
    private ulong pageCount;
    // User entries first, then supervisor ones.
    private readonly FetchEntry* fetches;
    // A bit for each page (by hash) that was fetched from since all translations were dropped.
    private readonly ulong[] fetchedPages = new ulong[FilterWords];

    public BlockCache(Vcpu vcpu, Cpu* cpu, OpTable table, nuint arenaBytes)
    {
        this.vcpu = vcpu;
        this.cpu = cpu;
        this.arenaBytes = arenaBytes;
        builder = new BlockBuilder(cpu, table);
        arena = (byte*)NativeMemory.Alloc(arenaBytes);
        buckets = (Block**)NativeMemory.AllocZeroed(HashSize, (nuint)sizeof(Block*));
        fetches = (FetchEntry*)NativeMemory.AllocZeroed(FetchEntries * 2, (nuint)sizeof(FetchEntry));
        cpu->JumpCache = (JumpEntry*)NativeMemory.AlignedAlloc(Chain.JumpCacheSize * (nuint)sizeof(JumpEntry), 64);
        FlushTranslations();
        Reset();
    }

    /// <summary>Blocks built since the start.</summary>
    public ulong Built { get; private set; }
    /// <summary>Times the arena was emptied.</summary>
    public ulong Resets { get; private set; }
    /// <summary>Blocks dropped because their code was overwritten.</summary>
    public ulong Invalidated { get; private set; }

    /// <summary>Adapts to a new memory map.</summary>
    public void SetMemoryMap(ulong filePages)
    {
        NativeMemory.Free(pages);
        pages = (Block**)NativeMemory.AllocZeroed((nuint)Math.Max(1, filePages), (nuint)sizeof(Block*));
        pageCount = filePages;
        Reset();
    }

    /// <summary>Forgets all blocks.</summary>
    public void Reset()
    {
        used = 0;
        Resets++;
        NativeMemory.Clear(buckets, HashSize * (nuint)sizeof(Block*));
        NativeMemory.Clear(cpu->JumpCache, Chain.JumpCacheSize * (nuint)sizeof(JumpEntry));
        // Context 0 with linear 0 is a real address in a real context, hence the mark.
        for (int i = 0; i < Chain.JumpCacheSize; i++) cpu->JumpCache[i].Context = ulong.MaxValue;
        if (pages != null) NativeMemory.Clear(pages, (nuint)pageCount * (nuint)sizeof(Block*));
    }

    /// <summary>Forgets all fetch translations.</summary>
    public void FlushTranslations()
    {
        NativeMemory.Clear(fetches, FetchEntries * 2 * (nuint)sizeof(FetchEntry));
        fetches[0].Tag = fetches[FetchEntries].Tag = 0x1000;
        Array.Clear(fetchedPages);
    }

    /// <summary>Forgets the fetch translation of one page; true when code may have been fetched through it (links and
    /// jump-cache entries made from it outlive its entry here, so the filter answers, not the entry).</summary>
    public bool FlushTranslation(ulong page)
    {
        uint slot = (uint)(page >> 12) % FetchEntries;
        for (int set = 0; set < 2; set++)
        {
            FetchEntry* entry = fetches + set * FetchEntries + slot;
            if (entry->Tag != page || entry->Host == null) continue;
            entry->Tag = slot == 0 ? 0x1000ul : 0;
            entry->Host = null;
        }
        return (fetchedPages[FilterWord(page)] & FilterBit(page)) != 0;
    }

    /// <summary>The block to run at CS:RIP in the present mode, built if need be. Null: a fault is recorded, or code
    /// outside memory is not there yet (<see cref="Stop.Deferred"/>).</summary>
    public Op* Find(CodeMode extra)
    {
        CodeMode mode = cpu->Mode | extra;
        ulong linear = cpu->CodeBase + cpu->Rip;
        if ((mode & CodeMode.Code64) == 0) linear = (uint)linear;
        isOutside = false;
        Block* block = FindInMemory(linear, mode);
        if (block == null && isOutside)
        {
            block = (outside ??= new OutsideCode(vcpu, cpu, builder)).Build(linear, mode);
            extra |= CodeMode.Single;
        }
        if (block == null) return null;
        if ((mode & CodeMode.FlatCode) == 0 && cpu->Rip + block->ByteLength - 1 > cpu->Cs.Limit)
        {
            // Part of the block lies beyond the limit of CS: go by single instructions up to the one that does.
            if (block->OpCount > 1 && (extra & CodeMode.Single) == 0) return Find(CodeMode.Single);
            Fault.Record(cpu, Fault.Gp, Fault.Hardware, true, 0);
            return null;
        }
        return Block.Ops(block);
    }

    private Block* FindInMemory(ulong linear, CodeMode mode)
    {
        FetchEntry* fetch = Fetch(linear);
        if (fetch == null) return null;
        ulong key = fetch->FilePage << 12 | (linear & 0xFFF);
        Block* block = Lookup(key, mode);
        if (block != null && block->SecondPage != Block.NoPage)
        {
            FetchEntry* second = Fetch(NextPage(linear));
            if (second == null) return null;
            if (second->FilePage != block->SecondPage) block = null;
            fetch = Fetch(linear);
            if (fetch == null) return null;
        }
        return block != null ? block : Build(linear, key, fetch, mode);
    }

    /// <summary>Finds the block at RIP for the dispatcher and enters it into the indirect-jump cache.</summary>
    public Op* FindAndRemember()
    {
        Op* target = Find(CodeMode.None);
        if (target != null && (cpu->Mode & CodeMode.FlatCode) != 0 && Block.Of(target)->SecondPage == Block.NoPage)
        {
            JumpEntry* entry = cpu->JumpCache + Chain.JumpHash(cpu->Rip);
            entry->Linear = cpu->Rip;
            entry->Context = cpu->CodeContext;
            entry->Target = target;
        }
        return target;
    }

    /// <summary>Gives a link its target. Null: a fault is recorded.</summary>
    public Op* ResolveLink(Cpu* cpu, Link* link)
    {
        ulong resets = Resets;
        Op* target = Find(CodeMode.None);
        if (target == null || Resets != resets) return target;
        Block* block = Block.Of(target);
        // A block across pages holds only as long as both translations do, which a link does not check.
        if (block->SecondPage != Block.NoPage) return target;
        if (link->Target != target)
        {
            if (link->Target != (Op*)link) Detach(link);
            link->NextIncoming = block->Incoming;
            block->Incoming = link;
            link->Target = target;
        }
        link->Rip = cpu->Rip;
        link->Context = cpu->CodeContext;
        return target;
    }

    /// <summary>Drops the blocks that touch some granules of a file page. The block that is running leaves after its
    /// present instruction.</summary>
    public void Invalidate(ulong filePage, ulong granules)
    {
        if (filePage >= pageCount) return;
        Block* block = pages[filePage];
        while (block != null)
        {
            bool isFirst = block->Page == filePage;
            Block* next = isFirst ? block->PageNext : block->SecondPageNext;
            if (((isFirst ? block->Granules : block->SecondGranules) & granules) != 0) Drop(block);
            block = next;
        }
    }

    /// <summary>Writes how often instructions without an implementation were met.</summary>
    public void InspectUnimplemented(Hv.Sdk.IInspector to)
    {
        ReadOnlySpan<ulong> counts = builder.Unimplemented;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] != 0) to.Field("unimplemented-" + ((Iced.Intel.Mnemonic)i).ToString().ToLowerInvariant(), counts[i]);
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(arena);
        NativeMemory.Free(buckets);
        NativeMemory.Free(pages);
        NativeMemory.Free(fetches);
        NativeMemory.AlignedFree(cpu->JumpCache);
        outside?.Dispose();
    }

    private ulong NextPage(ulong linear)
    {
        ulong next = (linear & ~0xFFFul) + 0x1000;
        return (cpu->Mode & CodeMode.Code64) != 0 ? next : (uint)next;
    }

    private FetchEntry* Fetch(ulong linear)
    {
        uint slot = (uint)(linear >> 12) % FetchEntries;
        FetchEntry* entry = fetches + (cpu->Cpl == 3 ? 0 : FetchEntries) + slot;
        return (linear ^ entry->Tag) <= 4095 ? entry : FetchSlow(linear, entry);
    }

    private FetchEntry* FetchSlow(ulong linear, FetchEntry* entry)
    {
        if ((cpu->Mode & CodeMode.Code64) != 0 && !CpuMode.IsCanonical(cpu, linear))
        {
            Fault.Record(cpu, Fault.Gp, Fault.Hardware, true, 0);
            return null;
        }
        if (!PageWalker.Translate(cpu, linear, Access.Fetch, out Translation translation)) return null;
        Slot* slot = vcpu.View.Find(translation.Gpa >> 12);
        if (slot == null)
        {
            isOutside = true;
            return null;
        }
        if (translation.PageShift > 12) vcpu.NoteLargePage(linear, translation.PageShift);
        fetchedPages[FilterWord(linear)] |= FilterBit(linear);
        ulong page = (translation.Gpa >> 12) - slot->FirstPage;
        entry->Tag = linear & ~0xFFFul;
        entry->Host = slot->Host + (page << 12);
        entry->FilePage = slot->FilePage + page;
        return entry;
    }

    private static uint FilterHash(ulong linear) => (uint)((linear >> 12) * 0x9E37_79B9_7F4A_7C15 >> 50);
    private static uint FilterWord(ulong linear) => FilterHash(linear) >> 6;
    private static ulong FilterBit(ulong linear) => 1ul << (int)(FilterHash(linear) & 63);

    private static uint Hash(ulong key, CodeMode mode) =>
        (uint)((key ^ (ulong)mode << 20) * 0x9E37_79B9_7F4A_7C15 >> 49) & (HashSize - 1);

    private Block* Lookup(ulong key, CodeMode mode)
    {
        for (Block* block = buckets[Hash(key, mode)]; block != null; block = block->HashNext)
        {
            if (block->Key == key && block->Mode == mode) return block;
        }
        return null;
    }

    private Block* Build(ulong linear, ulong key, FetchEntry* fetch, CodeMode mode)
    {
        if (arenaBytes - used < BlockBuilder.MaxBytes)
        {
            Reset();
        }
        byte* host = fetch->Host;
        ulong filePage = fetch->FilePage;
        uint offset = (uint)linear & 0xFFF;
        // Bits before bytes: whoever writes the page from now on sees that there is code (see Memory.TransferPage).
        uint reach = Math.Min(BlockBuilder.MaxCodeBytes, 4096 - offset);
        MarkCode(filePage, MemoryMap.Granules(offset, reach), host);

        Block* block = (Block*)(arena + used);
        *block = new Block { Key = key, Mode = mode, SecondPage = Block.NoPage };
        builder.Begin(block, host, offset, mode);
        bool needsNextPage = !builder.Run();
        if (needsNextPage)
        {
            FetchEntry* second = Fetch(NextPage(linear));
            if (second == null) return null;
            block->SecondPage = second->FilePage;
            MarkCode(second->FilePage, 1, second->Host);
            builder.RunAcross(second->Host);
            block->SecondGranules = 1;
        }
        uint inFirst = Math.Min(block->ByteLength, 4096 - offset);
        block->Granules = MemoryMap.Granules(offset, Math.Max(1, inFirst));
        if (block->SecondPage == block->Page) block->Granules |= block->SecondGranules;
        used += (nuint)builder.Bytes;
        Built++;

        Block** bucket = buckets + Hash(key, mode);
        block->HashNext = *bucket;
        *bucket = block;
        block->PageNext = pages[block->Page];
        pages[block->Page] = block;
        if (block->SecondPage != Block.NoPage && block->SecondPage != block->Page)
        {
            block->SecondPageNext = pages[block->SecondPage];
            pages[block->SecondPage] = block;
        }
        return block;
    }

    private void MarkCode(ulong filePage, ulong granules, byte* host)
    {
        if (vcpu.Map.AddCode(filePage, granules)) vcpu.Partition.StopWriters(vcpu, filePage, host);
    }

    private void Drop(Block* block)
    {
        block->IsStale = true;
        Invalidated++;
        Op* ops = Block.Ops(block);
        for (int i = 0; i < block->OpCount; i++) ops[i].Fn = &Chain.Stale;
        for (Link* link = block->Incoming; link != null;)
        {
            Link* next = link->NextIncoming;
            link->Target = (Op*)link;
            link->Context = ulong.MaxValue;
            link->NextIncoming = null;
            link = next;
        }
        block->Incoming = null;

        Block** at = buckets + Hash(block->Key, block->Mode);
        while (*at != block) at = &(*at)->HashNext;
        *at = block->HashNext;
        RemoveFromPage(block, block->Page);
        if (block->SecondPage != Block.NoPage
            && block->SecondPage != block->Page) RemoveFromPage(block, block->SecondPage);
    }

    private void RemoveFromPage(Block* block, ulong filePage)
    {
        Block** at = pages + filePage;
        while (*at != block) at = (*at)->Page == filePage ? &(*at)->PageNext : &(*at)->SecondPageNext;
        *at = block->Page == filePage ? block->PageNext : block->SecondPageNext;
    }

    private static void Detach(Link* link)
    {
        Link** at = &Block.Of(link->Target)->Incoming;
        while (*at != link && *at != null) at = &(*at)->NextIncoming;
        if (*at == link) *at = link->NextIncoming;
    }
}
