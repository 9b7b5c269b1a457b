using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Hv.Sdk.Manifests;

namespace Hv.Sdk.Generators.Tests;

/// <summary>Contracts that may still change are found in what was compiled.</summary>
public sealed class ExperimentalContractsTests
{
    private static readonly Assembly Sdk = typeof(IDevice).Assembly;

    private static string CodeOf(Type type) => type.GetCustomAttribute<ExperimentalAttribute>()!.DiagnosticId;

    /// <summary>This class is what uses some.</summary>
    private static Net.INetPort? Port(Block.IBlockPort? disk) => disk is null ? null : null;

    [Fact]
    public void Used_OfThisAssembly_NamesWhatItRefersTo()
    {
        Assert.Null(Port(null));
        Assert.Equal(["block", "network"], ExperimentalContracts.Used(GetType().Assembly.Location, Sdk.Location));
    }

    [Fact]
    public void Used_OfAnAssemblyWithout_IsNothing() =>
        Assert.Empty(ExperimentalContracts.Used(typeof(ExperimentalContracts).Assembly.Location, Sdk.Location));

    [Fact]
    public void SdkVersion_IsThatOfTheFile() =>
        Assert.Equal(new Version(1, 0), ExperimentalContracts.SdkVersion(Sdk.Location));

    /// <summary>Engine, block, network, firmware, faults and input wait for their first real users; nothing else
    /// does.</summary>
    [Fact]
    public void Marks_OfTheSdk_AreThoseThatManifestsHaveWordsFor() => Assert.Equal(
        ExperimentalContracts.Names.Keys.Order(StringComparer.Ordinal),
        Sdk.GetExportedTypes().Where(t => t.IsDefined(typeof(ExperimentalAttribute)))
                .Select(CodeOf).Distinct().Order(StringComparer.Ordinal));

    /// <summary>A contract of an experimental area without the mark would be frozen by mistake.</summary>
    [Fact]
    public void Interfaces_OfExperimentalNamespaces_AreAllMarked() => Assert.Empty(Sdk.GetExportedTypes()
        .Where(t => t is { IsInterface: true, Namespace: "Hv.Sdk.Block" or "Hv.Sdk.Net" or "Hv.Sdk.Engines" or "Hv.Sdk.Firmware"
            or "Hv.Sdk.Faults" or "Hv.Sdk.Input" })
        .Where(t => !t.IsDefined(typeof(ExperimentalAttribute))).Select(t => t.FullName));
}
