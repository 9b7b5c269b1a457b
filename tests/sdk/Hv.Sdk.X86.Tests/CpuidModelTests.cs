using System.Text;
using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.Sdk.X86.Tests;

public sealed class CpuidModelTests
{
    private static readonly CpuidContext poweredOn = new(ApicId: 0, IsApicEnabled: true, Cr4: 0, Xcr0: Xcr0.X87);

    private static CpuidModel Model(string name, int vcpus = 1, ulong hz = 2_500_000_000) =>
        CpuidModel.TryCreate(name, vcpus, hz, 40) ?? throw new ArgumentException(name);

    [Fact]
    public void TryCreate_UnknownName_GivesNothing() =>
        Assert.Null(CpuidModel.TryCreate("pentium", 1, 1_000_000_000, 40));

    [Fact]
    public void FeatureTable_EveryFeature_HasOneRowInOrder()
    {
        CpuFeature[] inTable = Array.ConvertAll(CpuFeatureTable.Rows.ToArray(), r => r.Feature);
        Assert.Equal(Enum.GetValues<CpuFeature>(), inTable);
        Assert.Equal(inTable.Length,
            CpuFeatureTable.Rows.ToArray().Select(r => (r.Leaf, r.Subleaf, r.Register, r.Bit)).Distinct().Count());
    }

    [Theory]
    [InlineData("x86-64-v1", CpuFeature.Sse2, true)]
    [InlineData("x86-64-v1", CpuFeature.Sse3, false)]
    [InlineData("x86-64-v1", CpuFeature.Cx16, false)]
    [InlineData("x86-64-v2", CpuFeature.Sse42, true)]
    [InlineData("x86-64-v2", CpuFeature.LahfLm, true)]
    [InlineData("x86-64-v2", CpuFeature.Avx, false)]
    [InlineData("x86-64-v3", CpuFeature.Avx2, true)]
    [InlineData("x86-64-v3", CpuFeature.Sha, true)]
    [InlineData("x86-64-v3", CpuFeature.La57, false)]
    [InlineData("max", CpuFeature.La57, true)]
    public void Has_FollowsThePsAbiLevels(string name, CpuFeature feature, bool expected) =>
        Assert.Equal(expected, Model(name).Has(feature));

    /// <summary>psABI x86-64, 3.1.1, table of micro-architecture levels: the bits that a dynamic linker
    /// tests.</summary>
    [Theory]
    [InlineData("x86-64-v2", 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23, 0u)]
    [InlineData("x86-64-v3", 1u << 12 | 1u << 22 | 1u << 28 | 1u << 29 | 1u << 26, 1u << 3 | 1u << 5 | 1u << 8)]
    public void Query_NamedModel_AnnouncesItsLevel(string name, uint leaf1Ecx, uint leaf7Ebx)
    {
        CpuidModel model = Model(name);
        Assert.Equal(leaf1Ecx, model.Query(1, 0, poweredOn).Ecx & leaf1Ecx);
        Assert.Equal(leaf7Ebx, model.Query(7, 0, poweredOn).Ebx & leaf7Ebx);
    }

    [Fact]
    public void Query_Leaf0And40000000h_SpellTheVendors()
    {
        CpuidResult vendor = Model("max").Query(0, 0, poweredOn);
        Assert.Equal("GenuineIntel", Text(vendor.Ebx, vendor.Edx, vendor.Ecx));
        CpuidResult hypervisor = Model("max").Query(0x4000_0000, 0, poweredOn);
        Assert.Equal("HvHvHvHvHvHv", Text(hypervisor.Ebx, hypervisor.Ecx, hypervisor.Edx));
        Assert.Equal(0x4000_0000u, hypervisor.Eax);
    }

    [Fact]
    public void Query_BrandLeaves_SpellTheModel()
    {
        CpuidModel model = Model("x86-64-v2");
        var words = new List<uint>();
        for (uint leaf = 0x8000_0002; leaf <= 0x8000_0004; leaf++)
        {
            CpuidResult r = model.Query(leaf, 0, poweredOn);
            words.AddRange([r.Eax, r.Ebx, r.Ecx, r.Edx]);
        }
        Assert.Equal("Hv virtual CPU x86-64-v2", Text([.. words]).TrimEnd('\0'));
    }

    [Fact]
    public void Query_BeyondTheLastLeaf_AnswersAsTheLastBasicLeaf() =>
        Assert.Equal(Model("max").Query(0x1F, 1, poweredOn), Model("max").Query(0x1234, 1, poweredOn));

    [Fact]
    public void Query_DynamicBits_FollowTheState()
    {
        CpuidModel model = Model("x86-64-v3");
        Assert.Equal(0u, model.Query(1, 0, poweredOn).Ecx >> 27 & 1);
        Assert.Equal(0u, model.Query(7, 0, poweredOn).Ecx >> 4 & 1);
        CpuidContext running = new(ApicId: 3, IsApicEnabled: false, Cr4: Cr4.Osxsave | Cr4.Pke, Xcr0: 7);
        Assert.Equal(1u, model.Query(1, 0, running).Ecx >> 27 & 1);
        Assert.Equal(0u, model.Query(1, 0, running).Edx >> 9 & 1);
        Assert.Equal(3u, model.Query(1, 0, running).Ebx >> 24);
        Assert.Equal(1u, model.Query(7, 0, running).Ecx >> 4 & 1);
    }

    [Fact]
    public void Query_LeafDh_TellsTheFixedLayout()
    {
        CpuidModel model = Model("x86-64-v3");
        CpuidResult main = model.Query(0xD, 0, poweredOn with { Xcr0 = 7 });
        Assert.Equal(0x207u, main.Eax);
        Assert.Equal(832u, main.Ebx);
        Assert.Equal((uint)XsaveLayout.Pkru + 8, main.Ecx);
        Assert.Equal(new CpuidResult(256, XsaveLayout.YmmHigh, 0, 0), model.Query(0xD, 2, poweredOn));
        Assert.Equal(new CpuidResult(8, XsaveLayout.Pkru, 0, 0), model.Query(0xD, 9, poweredOn));
        Assert.Equal(default, model.Query(0xD, 5, poweredOn));
        Assert.Equal(576u + 256 + 8, model.Query(0xD, 1, poweredOn with { Xcr0 = 0x207 }).Ebx);
        Assert.Equal(default, Model("x86-64-v1").Query(0xD, 2, poweredOn));
    }

    [Theory]
    [InlineData(1, 0u)]
    [InlineData(2, 1u)]
    [InlineData(3, 2u)]
    [InlineData(4, 2u)]
    [InlineData(255, 8u)]
    public void Query_TopologyLeaves_PutEveryVcpuInOnePackage(int vcpus, uint shift)
    {
        CpuidModel model = Model("max", vcpus);
        CpuidContext last = poweredOn with { ApicId = (uint)vcpus - 1 };
        foreach (uint leaf in (uint[])[0xB, 0x1F])
        {
            Assert.Equal(new CpuidResult(0, 1, 0x100, last.ApicId), model.Query(leaf, 0, last));
            Assert.Equal(new CpuidResult(shift, (uint)vcpus, 0x201, last.ApicId), model.Query(leaf, 1, last));
            Assert.Equal(new CpuidResult(0, 0, 2, last.ApicId), model.Query(leaf, 2, last));
        }
        Assert.Equal(vcpus > 1 ? 1u : 0u, model.Query(1, 0, last).Edx >> 28 & 1);
        // Leaf 4 rounds up to whole APIC-id bits; the sharers of the last level are the package.
        Assert.Equal((1u << (int)shift) - 1, model.Query(4, 3, last).Eax >> 14 & 0xFFF);
    }

    [Theory]
    [InlineData(1_000_000_000ul)]
    [InlineData(2_500_000_000ul)]
    [InlineData(3_333_333_333ul)]
    public void Query_Leaf15h_GivesTheTscExactly(ulong hz)
    {
        CpuidResult r = Model("max", hz: hz).Query(0x15, 0, poweredOn);
        Assert.Equal(hz, (ulong)((UInt128)r.Ecx * r.Ebx / r.Eax));
    }

    [Fact]
    public void Query_AddressSizes_FollowTheModel()
    {
        Assert.Equal(40u | 48u << 8, Model("x86-64-v3").Query(0x8000_0008, 0, poweredOn).Eax);
        Assert.Equal(40u | 57u << 8, Model("max").Query(0x8000_0008, 0, poweredOn).Eax);
    }

    [Fact]
    public void Cr4Allowed_OnlyMax_HasLa57()
    {
        Assert.Equal(0ul, Model("x86-64-v3").Cr4Allowed & Cr4.La57);
        Assert.Equal(Cr4.La57, Model("max").Cr4Allowed & Cr4.La57);
    }

    private static string Text(params uint[] words) =>
        Encoding.ASCII.GetString([.. words.SelectMany(BitConverter.GetBytes)]);
}
