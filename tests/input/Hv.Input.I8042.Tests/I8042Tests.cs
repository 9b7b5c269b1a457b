using Hv.Sdk;
using Hv.Sdk.Input;
using Hv.Sdk.TestKit;

namespace Hv.Input.I8042.Tests;

public sealed class I8042Tests : IDisposable
{
    private const ushort Data = 0x60, Command = 0x64, UsageA = 0x04, UsageRight = 0x4f, UsagePause = 0x48,
        UsageF7 = 0x40;
    private readonly DeviceBench bench = Create(mouse: true);

    public void Dispose() => bench.Dispose();

    private static DeviceBench Create(bool mouse) => DeviceBench.Create(new I8042Plugin(), new BenchSetup
    {
        HasCharPort = false,
        Options = new Dictionary<string, string> { ["mouse"] = mouse ? "on" : "off" },
    });

    private uint Status => bench.In(Command);

    /// <summary>Everything that waits, as hex.</summary>
    private string Drain()
    {
        List<string> bytes = [];
        while ((Status & 1) != 0) bytes.Add(bench.In(Data).ToString("x2"));
        return string.Join(' ', bytes);
    }

    private string Ask(byte command)
    {
        bench.Out(Command, command);
        return Drain();
    }

    private string Keyboard(byte value)
    {
        bench.Out(Data, value);
        return Drain();
    }

    private string Mouse(byte value)
    {
        bench.Out(Command, 0xd4);
        bench.Out(Data, value);
        return Drain();
    }

    private void Configure(byte value)
    {
        bench.Out(Command, 0x60);
        bench.Out(Data, value);
    }

    private void Key(ushort usage, bool isDown) => bench.Run(() => bench.Service<IKeyboard>().Key(usage, isDown));

    [Fact]
    public void SelfTest_Controller_Passes()
    {
        Assert.Equal("55", Ask(0xaa));
        Assert.Equal("00", Ask(0xab));
        Assert.Equal("00", Ask(0xa9));
    }

    [Fact]
    public void CommandByte_Written_ReadsBack()
    {
        Configure(0x47);
        Assert.Equal("47", Ask(0x20));
        bench.Out(Command, 0xad);
        Assert.Equal("57", Ask(0x20));
    }

    [Fact]
    public void Keyboard_Reset_AnswersAcknowledgeAndSelfTest() => Assert.Equal("fa aa", Keyboard(0xff));

    [Fact]
    public void Keyboard_Identify_AnswersTranslatedOrNot()
    {
        Assert.Equal("fa ab 41", Keyboard(0xf2));
        Configure(0x00);
        Assert.Equal("fa ab 83", Keyboard(0xf2));
    }

    [Fact]
    public void Keyboard_Leds_TakeTheirArgument()
    {
        Assert.Equal("fa", Keyboard(0xed));
        Assert.Equal("fa", Keyboard(0x07));
        Assert.Equal("ee", Keyboard(0xee));
        Assert.Equal("fe", Keyboard(0x01));
    }

    [Theory]
    [InlineData(0x40, 2, UsageA, "1e 9e")]
    [InlineData(0x00, 2, UsageA, "1c f0 1c")]
    [InlineData(0x00, 1, UsageA, "1e 9e")]
    [InlineData(0x40, 2, UsageRight, "e0 4d e0 cd")]
    [InlineData(0x00, 2, UsageRight, "e0 74 e0 f0 74")]
    [InlineData(0x40, 2, UsageF7, "41 c1")]
    [InlineData(0x40, 2, UsagePause, "e1 1d 45 e1 9d c5")]
    public void Key_PressedAndReleased_SendsItsCodes(byte configuration, byte set, ushort usage, string expected)
    {
        Configure(configuration);
        _ = Keyboard(0xf0);
        _ = Keyboard(set);
        Key(usage, true);
        Key(usage, false);
        Assert.Equal(expected, Drain());
    }

    [Fact]
    public void Key_WithInterruptsOn_MakesAnEdgeForEachByte()
    {
        Configure(0x41);
        Key(UsageRight, true);
        Assert.True(bench.Line("irq1").Level);
        Assert.Equal(1, bench.Line("irq1").RisingEdges);
        Assert.Equal(0xe0u, bench.In(Data));
        Assert.Equal(2, bench.Line("irq1").RisingEdges);
        Assert.Equal(0x4du, bench.In(Data));
        Assert.False(bench.Line("irq1").Level);
    }

    [Fact]
    public void Key_WhilePortIsDisabled_WaitsInTheKeyboard()
    {
        Configure(0x51);
        Key(UsageA, true);
        Assert.Equal(0u, Status & 1);
        Configure(0x41);
        Assert.Equal("1e", Drain());
    }

    [Fact]
    public void Key_MoreThanFits_KeepsWholeKeys()
    {
        Configure(0x00);
        for (int i = 0; i < 20; i++) Key(UsageRight, false);
        Assert.Equal(0, Drain().Split(' ').Length % 3);
    }

    [Fact]
    public void Mouse_Reset_AnswersOnTheAuxiliaryPort()
    {
        bench.Out(Command, 0xd4);
        bench.Out(Data, 0xff);
        Assert.Equal(0x21u, Status & 0x21);
        Assert.Equal("fa aa 00", Drain());
        Assert.Equal("fa 00", Mouse(0xf2));
    }

    [Fact]
    public void Mouse_Motion_IsReportedInThreeBytes()
    {
        Configure(0x42);
        Assert.Equal("fa", Mouse(0xf4));
        int edges = bench.Line("irq12").RisingEdges;
        bench.Run(() => bench.Service<IMouse>().Move(5, 3, 0, 1));
        Assert.Equal("29 05 fd", Drain());
        Assert.Equal(edges + 3, bench.Line("irq12").RisingEdges);
    }

    [Fact]
    public void Mouse_Knock_TurnsTheWheelOn()
    {
        foreach (byte rate in new byte[] { 200, 100, 80 })
        {
            Assert.Equal("fa", Mouse(0xf3));
            Assert.Equal("fa", Mouse(rate));
        }
        Assert.Equal("fa 03", Mouse(0xf2));
        _ = Mouse(0xf4);
        bench.Run(() => bench.Service<IMouse>().Move(0, 0, 1, 0));
        Assert.Equal("08 00 00 01", Drain());
    }

    [Fact]
    public void AuxiliaryPort_WithoutMouse_LooksAbsent()
    {
        using DeviceBench bare = Create(mouse: false);
        bare.Out(Command, 0xa8);
        bare.Out(Command, 0x20);
        Assert.NotEqual(0u, bare.In(Data) & 0x20);
        bare.Out(Command, 0xd3);
        bare.Out(Data, 0x5a);
        Assert.Equal(0u, bare.In(Command) & 0x20);
    }

    [Fact]
    public void OutputPort_A20_DrivesTheLine()
    {
        Assert.True(bench.Line("a20").Level);
        bench.Out(Command, 0xd1);
        bench.Out(Data, 0xdd);
        Assert.False(bench.Line("a20").Level);
        Assert.Equal("c1", Ask(0xd0));
    }

    [Theory]
    [InlineData(0xfeu, 1)]
    [InlineData(0xf0u, 1)]
    [InlineData(0xffu, 0)]
    public void PulseOutput_ResetBit_ResetsTheMachine(uint command, int resets)
    {
        bench.Out(Command, command);
        Assert.Equal(resets, bench.Machine.Resets);
        if (resets > 0) Assert.Equal(ResetKind.Warm, bench.Machine.LastReset);
    }
}
