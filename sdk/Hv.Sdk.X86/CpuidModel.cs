using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Hv.Sdk.Engines;

namespace Hv.Sdk.X86;

/// <summary>A CPU as the guest is told of it: every CPUID leaf, and the register bits that follow from the features.
/// Immutable; any thread. A named model is the same on every host, so a guest can be saved here and restored elsewhere.
/// <para> The models call themselves GenuineIntel, because only there do kernels take the TSC's and the APIC timer's
/// frequency from leaf 15h instead of measuring, and family 6, model 36h, an in-order core: it never speculates, and
/// neither does an interpreter or a translator in a way that a guest's mitigations could change, so that retpolines,
/// page-table isolation and buffer flushes, all of them paid in guest instructions, stay off. IA32_ARCH_CAPABILITIES
/// says the same to kernels that do not know the model.
/// </para></summary>
public sealed class CpuidModel
{
    /// <summary>The crystal that feeds the local APIC's timer, in hertz (leaf 15h ECX): one tick a
    /// nanosecond.</summary>
    public const uint CrystalHz = 1_000_000_000;

    /// <summary>Family 6, model 36h, stepping 1 (leaf 1 EAX).</summary>
    public const uint Signature = 0x00030661;

    private const uint MaxBasicLeaf = 0x1F;
    private const uint MaxHypervisorLeaf = 0x4000_0000;
    private const uint MaxExtendedLeaf = 0x8000_0008;
    private const int FeatureCount = (int)CpuFeature.InvariantTsc + 1;

    private static readonly (string Name, CpuFeatureLevel Level)[] levels =
    [
        ("x86-64-v1", CpuFeatureLevel.V1),
        ("x86-64-v2", CpuFeatureLevel.V2),
        ("x86-64-v3", CpuFeatureLevel.V3),
        ("max", CpuFeatureLevel.Max),
    ];

    private readonly bool[] features = new bool[FeatureCount];
    private readonly int vcpuCount;
    private readonly ulong tscHz;
    private readonly int physicalAddressBits;
    private readonly byte[] brand = new byte[48];

    private CpuidModel(string name, CpuFeatureLevel level, int vcpuCount, ulong tscHz, int physicalAddressBits)
    {
        Name = name;
        this.vcpuCount = vcpuCount;
        this.tscHz = tscHz;
        this.physicalAddressBits = physicalAddressBits;
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
            features[(int)row.Feature] = row.Level <= level;
        features[(int)CpuFeature.Apic] = true;
        features[(int)CpuFeature.Osxsave] = true;
        features[(int)CpuFeature.Ospke] = true;
        features[(int)CpuFeature.Htt] = vcpuCount > 1;
        Encoding.ASCII.GetBytes($"Hv virtual CPU {name}", brand);
    }

    /// <summary>The names that <see cref="TryCreate"/> knows, weakest first.</summary>
    public static IReadOnlyList<string> Names { get; } = Array.ConvertAll(levels, l => l.Name);

    /// <summary>Makes a model.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="vcpuCount">How many vCPUs the machine has: they are the cores of one package.</param>
    /// <param name="tscHz">The time-stamp counter's frequency.</param>
    /// <param name="physicalAddressBits">36 to 52.</param>
    /// <returns>Null when there is no such model.</returns>
    public static CpuidModel? TryCreate(string name, int vcpuCount, ulong tscHz, int physicalAddressBits)
    {
        foreach ((string known, CpuFeatureLevel level) in levels)
            if (known == name)
                return new CpuidModel(name, level, vcpuCount, tscHz, physicalAddressBits);
        return null;
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>Physical address bits that the guest is told of.</summary>
    public int PhysicalAddressBits => physicalAddressBits;

    /// <summary>Whether instructions and register bits of a feature exist. For the bits that mirror a control register
    /// (OSXSAVE, OSPKE) and the APIC's: whether they can ever be set.</summary>
    public bool Has(CpuFeature feature) => features[(int)feature];

    /// <summary>Bits that XCR0 may have.</summary>
    public ulong Xcr0Allowed =>
        Xcr0.X87 | Xcr0.Sse | (Has(CpuFeature.Avx) ? Xcr0.Avx : 0) | (Has(CpuFeature.Pku) ? Xcr0.Pkru : 0);

    /// <summary>Bits that CR4 may have.</summary>
    public ulong Cr4Allowed
    {
        get
        {
            ulong allowed = Cr4.Tsd | Cr4.Mce | Cr4.Pce | Cr4.Osfxsr | Cr4.Osxmmexcpt;
            void Add(CpuFeature feature, ulong bits) => allowed |= Has(feature) ? bits : 0;
            Add(CpuFeature.Vme, Cr4.Vme | Cr4.Pvi);
            Add(CpuFeature.De, Cr4.De);
            Add(CpuFeature.Pse, Cr4.Pse);
            Add(CpuFeature.Pae, Cr4.Pae);
            Add(CpuFeature.Pge, Cr4.Pge);
            Add(CpuFeature.Umip, Cr4.Umip);
            Add(CpuFeature.La57, Cr4.La57);
            Add(CpuFeature.Fsgsbase, Cr4.Fsgsbase);
            Add(CpuFeature.Pcid, Cr4.Pcide);
            Add(CpuFeature.Xsave, Cr4.Osxsave);
            Add(CpuFeature.Smep, Cr4.Smep);
            Add(CpuFeature.Smap, Cr4.Smap);
            Add(CpuFeature.Pku, Cr4.Pke);
            return allowed;
        }
    }

    /// <summary>Bits that IA32_EFER may have.</summary>
    public ulong EferAllowed => Efer.Sce | Efer.Lme | Efer.Lma | (Has(CpuFeature.Nx) ? Efer.Nxe : 0);

    /// <summary>IA32_ARCH_CAPABILITIES (SDM vol. 4, table 2-2): immune to RDCL (0), no L1D flush needed (3), to SSB
    /// (4), MDS (5), the page-size-change machine check (6), TAA (8), SBDR/SSDP (13), FBSDP (14), PSDP (15), BHI (20),
    /// PBRSB (24), GDS (26), RFDS (27) and ITS (62).</summary>
    public const ulong ArchCapabilities =
        1UL << 0 | 1UL << 3 | 1UL << 4 | 1UL << 5 | 1UL << 6 | 1UL << 8 | 1UL << 13 | 1UL << 14 | 1UL << 15 |
        1UL << 20 | 1UL << 24 | 1UL << 26 | 1UL << 27 | 1UL << 62;

    /// <summary>Executes CPUID. An unknown basic leaf, or one between the ranges, answers as the highest basic leaf
    /// does (SDM vol. 2, CPUID, "INPUT EAX").</summary>
    public CpuidResult Query(uint leaf, uint subleaf, in CpuidContext context)
    {
        bool isKnown = leaf <= MaxBasicLeaf || leaf is >= 0x4000_0000 and <= MaxHypervisorLeaf
            || leaf is >= 0x8000_0000 and <= MaxExtendedLeaf;
        if (!isKnown)
            leaf = MaxBasicLeaf;
        return leaf switch
        {
            0x0 => Vendor(MaxBasicLeaf, "GenuineIntel"),
            0x1 => FeatureInformation(context),
            // One round of descriptors: FFh refers to leaf 4 for the caches, FEh says that the TLB is told of nowhere
            // else here.
            0x2 => new CpuidResult(0x00FEFF01, 0, 0, 0),
            0x4 => CacheParameters(subleaf),
            0x6 => Features(0x6, 0),
            0x7 => subleaf == 0 ? StructuredFeatures(context) : default,
            0xB or 0x1F => Topology(subleaf, context.ApicId),
            0xD => XsaveLeaf(subleaf, context),
            0x15 => TscAndCrystal(),
            0x16 => new CpuidResult(Megahertz(tscHz), Megahertz(tscHz), Megahertz(CrystalHz) / 10, 0),
            0x4000_0000 => Vendor(MaxHypervisorLeaf, "HvHvHvHvHvHv", isHypervisor: true),
            0x8000_0000 => new CpuidResult(MaxExtendedLeaf, 0, 0, 0),
            0x8000_0001 => Features(leaf, 0),
            0x8000_0002 or 0x8000_0003 or 0x8000_0004 => Brand((int)(leaf - 0x8000_0002) * 16),
            // L2: 64-byte lines, 8-way (encoding 6), size in KiB.
            0x8000_0006 => new CpuidResult(0, 0, L2Bytes / 1024 << 16 | 6 << 12 | LineBytes, 0),
            0x8000_0007 => Features(leaf, 0),
            0x8000_0008 => new CpuidResult((uint)physicalAddressBits | LinearAddressBits << 8, 0, 0, 0),
            _ => default,
        };
    }

    private uint LinearAddressBits => Has(CpuFeature.La57) ? 57u : 48u;

    /// <summary>All features of one leaf that the model has, without those that the vCPU's state decides.</summary>
    private CpuidResult Features(uint leaf, uint subleaf)
    {
        Span<uint> registers = stackalloc uint[4];
        foreach (ref readonly CpuFeatureRow row in CpuFeatureTable.Rows)
            if (row.Leaf == leaf && row.Subleaf == subleaf && row.Level != CpuFeatureLevel.Dynamic && Has(row.Feature))
                registers[(int)row.Register] |= 1u << row.Bit;
        return new CpuidResult(registers[0], registers[1], registers[2], registers[3]);
    }

    private static CpuidResult Vendor(uint maxLeaf, string text, bool isHypervisor = false)
    {
        Span<byte> bytes = stackalloc byte[12];
        Encoding.ASCII.GetBytes(text, bytes);
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        uint second = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        uint third = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        // The processor spells its name EBX, EDX, ECX; hypervisors spell theirs EBX, ECX, EDX.
        return isHypervisor ? new CpuidResult(maxLeaf, first, second, third)
            : new CpuidResult(maxLeaf, first, third, second);
    }

    private CpuidResult FeatureInformation(in CpuidContext context)
    {
        CpuidResult fixedBits = Features(1, 0);
        uint logicalProcessors = vcpuCount > 1 ? 1u << CoreShift : 1;
        uint ebx = (context.ApicId & 0xFF) << 24 | Math.Min(logicalProcessors, 255) << 16 | LineBytes / 8 << 8;
        uint ecx = fixedBits.Ecx | ((context.Cr4 & Cr4.Osxsave) != 0 ? 1u << 27 : 0);
        uint edx = fixedBits.Edx | (context.IsApicEnabled ? 1u << 9 : 0) | (vcpuCount > 1 ? 1u << 28 : 0);
        return new CpuidResult(Signature, ebx, ecx, edx);
    }

    private CpuidResult StructuredFeatures(in CpuidContext context)
    {
        CpuidResult fixedBits = Features(7, 0);
        return fixedBits with { Ecx = fixedBits.Ecx | ((context.Cr4 & Cr4.Pke) != 0 ? 1u << 4 : 0) };
    }

    private const uint LineBytes = 64;
    private const uint L1Bytes = 32 * 1024;
    private const uint L2Bytes = 512 * 1024;
    private const uint L3Bytes = 16 * 1024 * 1024;

    /// <summary>How many APIC-id bits number the cores of the package.</summary>
    private int CoreShift => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)vcpuCount));

    /// <summary>Leaf 4: separate first-level caches, a second level for each core, a third for the package.</summary>
    private CpuidResult CacheParameters(uint subleaf)
    {
        const uint data = 1, instruction = 2, unified = 3;
        return subleaf switch
        {
            0 => Cache(data, level: 1, L1Bytes, ways: 8, sharers: 1),
            1 => Cache(instruction, level: 1, L1Bytes, ways: 8, sharers: 1),
            2 => Cache(unified, level: 2, L2Bytes, ways: 8, sharers: 1),
            3 => Cache(unified, level: 3, L3Bytes, ways: 16, sharers: 1u << CoreShift),
            _ => default,
        };
    }

    private CpuidResult Cache(uint kind, uint level, uint bytes, uint ways, uint sharers)
    {
        const uint selfInitializing = 1 << 8;
        uint cores = Math.Min((1u << CoreShift) - 1, 63);
        uint eax = kind | level << 5 | selfInitializing | (sharers - 1) << 14 | cores << 26;
        return new CpuidResult(eax, (ways - 1) << 22 | (LineBytes - 1), bytes / ways / LineBytes - 1, 0);
    }

    /// <summary>Leaves Bh and 1Fh: one thread in each core, all cores in one package.</summary>
    private CpuidResult Topology(uint subleaf, uint apicId)
    {
        const uint thread = 1, core = 2;
        return subleaf switch
        {
            0 => new CpuidResult(0, 1, thread << 8, apicId),
            1 => new CpuidResult((uint)CoreShift, (uint)vcpuCount, core << 8 | 1, apicId),
            _ => new CpuidResult(0, 0, subleaf & 0xFF, apicId),
        };
    }

    /// <summary>Leaf Dh: the standard form has the offsets of <see cref="XsaveLayout"/> (SDM vol. 1, 13.2).</summary>
    private CpuidResult XsaveLeaf(uint subleaf, in CpuidContext context)
    {
        switch (subleaf)
        {
            case 0:
                return new CpuidResult(
                    (uint)Xcr0Allowed, StandardSize(context.Xcr0), StandardSize(Xcr0Allowed),
                        (uint)(Xcr0Allowed >> 32));
            case 1:
                return Features(0xD, 1) with { Ebx = CompactSize(context.Xcr0) };
            case < 64 when (Xcr0Allowed & 1UL << (int)subleaf) != 0:
                (int offset, int bytes) = XsaveComponent((int)subleaf);
                return new CpuidResult((uint)bytes, (uint)offset, 0, 0);
            default:
                return default;
        }
    }

    /// <summary>Where component <paramref name="index"/> (2 or above) of the standard form lies, in bytes; (0, 0) for
    /// one that no model has.</summary>
    public static (int Offset, int Bytes) XsaveComponent(int index) => index switch
    {
        2 => (XsaveLayout.YmmHigh, 256),
        5 => (XsaveLayout.Opmask, 64),
        6 => (XsaveLayout.ZmmHigh, 512),
        7 => (XsaveLayout.HighZmm, 1024),
        9 => (XsaveLayout.Pkru, 8),
        _ => (0, 0),
    };

    /// <summary>Bytes of the standard form with these components.</summary>
    public static uint StandardSize(ulong components)
    {
        uint size = XsaveLayout.YmmHigh;
        for (int i = 2; i < 64; i++)
            if ((components >> i & 1) != 0)
            {
                (int offset, int bytes) = XsaveComponent(i);
                size = Math.Max(size, (uint)(offset + bytes));
            }
        return size;
    }

    /// <summary>Bytes of the compacted form with these components; none of ours asks for alignment.</summary>
    public static uint CompactSize(ulong components)
    {
        uint size = XsaveLayout.YmmHigh;
        for (int i = 2; i < 64; i++)
            if ((components >> i & 1) != 0)
                size += (uint)XsaveComponent(i).Bytes;
        return size;
    }

    /// <summary>Leaf 15h: TSC = crystal × EBX / EAX, in lowest terms.</summary>
    private CpuidResult TscAndCrystal()
    {
        ulong divisor = (ulong)BigInteger.GreatestCommonDivisor(tscHz, CrystalHz);
        return new CpuidResult((uint)(CrystalHz / divisor), (uint)(tscHz / divisor), CrystalHz, 0);
    }

    private static uint Megahertz(ulong hz) => (uint)(hz / 1_000_000);

    private CpuidResult Brand(int offset)
    {
        ReadOnlySpan<byte> part = brand.AsSpan(offset, 16);
        return new CpuidResult(
            BinaryPrimitives.ReadUInt32LittleEndian(part), BinaryPrimitives.ReadUInt32LittleEndian(part[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(part[8..]), BinaryPrimitives.ReadUInt32LittleEndian(part[12..]));
    }
}
