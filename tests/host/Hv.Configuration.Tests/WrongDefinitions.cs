using Hv.Diagnostics;

namespace Hv.Configuration.Tests;

/// <summary>Mistakes are all reported at once, each at its place with a remedy.</summary>
public sealed class WrongDefinitions : IDisposable
{
    private readonly DefinitionFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void Read_FiveMistakes_ReportsAllFiveWithLineColumnAndSuggestion()
    {
        IReadOnlyList<Diagnostic> found = Mistakes("""
            {
              "kernal": "vmlinuz",
              "memory": "12Q",
              "cpu": "x86-64-v9",
              "board": "microvn",
              "device": [ { "model": "uart", "deph": 4 } ]
            }
            """);

        Assert.Equal(
            [
                (Codes.UnknownKey, 2, 3, "did you mean 'kernel'?"),
                (Codes.BadValue, 3, 13, "give a size such as 512M from 1M to 1T"),
                (Codes.NotAChoice, 4, 10, "did you mean 'x86-64-v1'?"),
                (Codes.UnknownName, 5, 12, "did you mean 'microvm'?"),
                (Codes.UnknownOption, 6, 42, "did you mean 'depth'?"),
            ],
            found.Select(d => (d.Code, d.Place.Line, d.Place.Column, d.Remedy)));
        Assert.All(found, d => Assert.EndsWith("vm.json", d.Place.Source));
    }

    [Fact]
    public void Read_FaultsSection_ReportsEachMistakeAtItsPlace()
    {
        IReadOnlyList<Diagnostic> found = Mistakes("""
            {
              "kernel": "vmlinuz",
              "faults": [
                { "fault": "glitch", "where": "disk0", "dept": 1 },
                { "fault": "glitsh", "where": "disk0" },
                "glitch,where=disk0,probability=3",
                { "fault": "glitch", "name": "a", "where": "x" },
                { "fault": "glitch", "name": "a", "where": "y" }
              ]
            }
            """);

        Assert.Equal(
            [
                (Codes.UnknownOption, 4, "did you mean 'depth'?"),
                (Codes.UnknownName, 5, "did you mean 'glitch'?"),
                (Codes.BadValue, 6, null),
                (Codes.NameTwice, 8, "give each a name of its own"),
            ],
            found.Select(d => (d.Code, d.Place.Line, d.Remedy)));
        Assert.All(found, d => Assert.True(d.Place.Column > 1));
    }

    [Theory]
    [InlineData("memory=0", Codes.OutOfRange)]
    [InlineData("memory=1M1", Codes.BadValue)]
    [InlineData("memory=1025K", Codes.BadValue)]
    [InlineData("cpus=256", Codes.OutOfRange)]
    [InlineData("cpus=two", Codes.BadValue)]
    [InlineData("timeout=5", Codes.BadValue)]
    [InlineData("time=fast", Codes.NotAChoice)]
    [InlineData("exit-port=0x10000", Codes.OutOfRange)]
    [InlineData("device=uart,depth=65", Codes.OutOfRange)]
    [InlineData("device=uart,fifo=maybe", Codes.BadValue)]
    [InlineData("device=uart,mode=fats", Codes.NotAChoice)]
    [InlineData("device=uart,depth=1,depth=2", Codes.DuplicateKey)]
    [InlineData("device=uarrt", Codes.UnknownName)]
    [InlineData("device=", Codes.MissingKey)]
    [InlineData("serial=tty:1", Codes.UnknownName)]
    [InlineData("serial=none,model=uarrt", Codes.UnknownName)]
    [InlineData("serial=none,model=uart,depth=65", Codes.OutOfRange)]
    [InlineData("disk=/nowhere.img", Codes.FileUnreadable)]
    [InlineData("disk=/,bus=virtoi", Codes.NotAChoice, Codes.FileUnreadable)]
    [InlineData("forward=tcp:127.0.0.1:1:2", Codes.Contradiction)]
    [InlineData("engine=intrepret", Codes.UnknownName)]
    [InlineData("fault=glich,where=disk0", Codes.UnknownName)]
    [InlineData("fault=glitch", Codes.MissingOption)]
    [InlineData("fault=glitch,where=disk0,nth=0", Codes.OutOfRange)]
    [InlineData("fault=glitch,where=disk0,nht=1", Codes.UnknownOption)]
    [InlineData("fault=glitch,where=disk0,depth=9,after=soon", Codes.OutOfRange, Codes.BadValue)]
    [InlineData("fault=glitch,where=disk0,probability=2", Codes.BadValue)]
    [InlineData("fault=glitch,where=disk0,while=mode", Codes.BadValue)]
    [InlineData("fault=glitch,where=disk0,nth=1,every=2", Codes.BadValue)]
    public void Read_BadFlag_IsReportedAtTheFlag(string flag, params string[] codes)
    {
        IReadOnlyList<Diagnostic> found = Mistakes("""{ "kernel": "vmlinuz" }""", flag);

        Assert.Equal(codes.Order(), found.Select(d => d.Code).Order());
        Assert.All(found, d => Assert.Equal($"--{flag.Split('=')[0]}", d.Place.Source));
    }

    [Theory]
    [InlineData("""[ ]""", Codes.WrongType)]
    [InlineData("""{ "memory": [ "1G" ] }""", Codes.WrongType)]
    [InlineData("""{ "memory": { } }""", Codes.WrongType)]
    [InlineData("""{ "disk": { "format": "raw" } }""", Codes.MissingKey)]
    [InlineData("""{ "disk": null }""", Codes.WrongType)]
    [InlineData("""{ "name": "a", "name": "b" }""", Codes.DuplicateKey)]
    [InlineData("""{ "name": "a" """, Codes.MalformedJson)]
    [InlineData("""{ name: "a" }""", Codes.MalformedJson)]
    public void Read_WrongShape_IsReported(string json, string code) =>
        Assert.Contains(Mistakes(json), d => d.Code == code);

    [Fact]
    public void Read_MistakeInsideAText_IsReportedAtItsColumn()
    {
        fixture.File("a.img", "x");

        Diagnostic found = Assert.Single(Mistakes("""{ "kernel": "vmlinuz", "disk": "a.img,readolny" }"""));

        Assert.Equal((1, 39), (found.Place.Line, found.Place.Column));
        Assert.Equal("did you mean 'readonly'?", found.Remedy);
    }

    [Fact]
    public void Read_MissingFileWithANearName_SuggestsIt()
    {
        Diagnostic found = Assert.Single(Mistakes("""{ "kernel": "vmlinux" }"""));

        Assert.Equal($"did you mean '{Path.Combine(fixture.Root, "vmlinuz")}'?", found.Remedy);
    }

    [Fact]
    public void Read_NothingToBoot_SaysWhatToGive() =>
        Assert.Equal(Codes.NothingToBoot, Assert.Single(Mistakes("{ }")).Code);

    [Fact]
    public void Read_InitrdWithoutAKernel_IsAContradiction() =>
        Assert.Equal(Codes.Contradiction, Assert.Single(Mistakes("""{ "initrd": "vmlinuz" }""")).Code);

    [Fact]
    public void Read_TwoDevicesOfOneName_AreReported() =>
        Assert.Equal(Codes.NameTwice,
            Assert.Single(Mistakes("""{ "kernel": "vmlinuz", "device": [ "uart,name=a", "uart,name=a" ] }""")).Code);

    private IReadOnlyList<Diagnostic> Mistakes(string json, params string[] flags)
    {
        (VmDefinition? definition, IReadOnlyList<Diagnostic> mistakes) = fixture.Read(json, flags);
        Assert.Null(definition);
        return mistakes;
    }
}
