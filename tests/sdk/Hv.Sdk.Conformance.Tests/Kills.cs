using Hv.Sdk.TestKit.Conformance;
using Xunit.Abstractions;

namespace Hv.Sdk.Conformance.Tests;

/// <summary>The defects of one kind, a test each. A class a kind, so that those that wait for a hang wait
/// together.</summary>
public abstract class Kills(ITestOutputHelper output)
{
    /// <summary>The names of a kind's defects.</summary>
    protected static TheoryData<string> Of(string kind) =>
        [.. Defect.All.Where(d => d.Kind == kind).Select(d => d.ToString())];

    /// <summary>The check named beside the defect finds it.</summary>
    protected void Kill(string defect)
    {
        CheckResult result = Defect.All.Single(d => d.ToString() == defect).Try();
        output.WriteLine(result.Evidence);
        Assert.Equal(CheckOutcome.Failed, result.Outcome);
    }
}

/// <summary>Mistakes of the kind device.</summary>
public sealed class DeviceKills(ITestOutputHelper output) : Kills(output)
{
    public static TheoryData<string> Defects => Of("device");

    [Theory, MemberData(nameof(Defects))]
    public void Defect_Seeded_IsKilledByItsCheck(string defect) => Kill(defect);
}

/// <summary>Mistakes of the kind disk-format.</summary>
public sealed class DiskKills(ITestOutputHelper output) : Kills(output)
{
    public static TheoryData<string> Defects => Of("disk-format");

    [Theory, MemberData(nameof(Defects))]
    public void Defect_Seeded_IsKilledByItsCheck(string defect) => Kill(defect);
}

/// <summary>Mistakes of the kind net-backend.</summary>
public sealed class NetKills(ITestOutputHelper output) : Kills(output)
{
    public static TheoryData<string> Defects => Of("net-backend");

    [Theory, MemberData(nameof(Defects))]
    public void Defect_Seeded_IsKilledByItsCheck(string defect) => Kill(defect);
}

/// <summary>Mistakes of the kind char-backend.</summary>
public sealed class CharBackendKills(ITestOutputHelper output) : Kills(output)
{
    public static TheoryData<string> Defects => Of("char-backend");

    [Theory, MemberData(nameof(Defects))]
    public void Defect_Seeded_IsKilledByItsCheck(string defect) => Kill(defect);
}

/// <summary>Mistakes of the kind front-end.</summary>
public sealed class FrontEndKills(ITestOutputHelper output) : Kills(output)
{
    public static TheoryData<string> Defects => Of("front-end");

    [Theory, MemberData(nameof(Defects))]
    public void Defect_Seeded_IsKilledByItsCheck(string defect) => Kill(defect);
}

/// <summary>Mistakes of the kind engine.</summary>
public sealed class EngineKills(ITestOutputHelper output) : Kills(output)
{
    public static TheoryData<string> Defects => Of("engine");

    [Theory, MemberData(nameof(Defects))]
    public void Defect_Seeded_IsKilledByItsCheck(string defect) => Kill(defect);
}
