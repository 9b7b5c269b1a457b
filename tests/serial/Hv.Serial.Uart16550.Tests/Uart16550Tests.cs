using Hv.Sdk.TestKit;

namespace Hv.Serial.Uart16550.Tests;

public sealed class Uart16550Tests : IDisposable
{
    private const ushort Data = 0x3f8, Ier = 0x3f9, Iir = 0x3fa, Fcr = 0x3fa, Lcr = 0x3fb, Mcr = 0x3fc, Lsr = 0x3fd,
        Msr = 0x3fe, Scr = 0x3ff;
    private readonly DeviceBench bench = DeviceBench.Create(new Uart16550Plugin());

    public void Dispose() => bench.Dispose();

    private bool IrqLevel => bench.Line("irq").Level;

    private void EnableFifos(uint trigger = 0)
    {
        bench.Out(Fcr, 0x07 | trigger << 6);
        bench.Out(Mcr, 0x0b);
    }

    [Fact]
    public void Read_AfterPowerOn_GivesResetValues()
    {
        Assert.Equal(0x01u, bench.In(Iir));
        Assert.Equal(0x60u, bench.In(Lsr));
        Assert.Equal(0xb0u, bench.In(Msr));
        Assert.Equal(0x00u, bench.In(Ier));
    }

    [Fact]
    public void Write_Transmitter_ReachesTheHostInOrder()
    {
        foreach (char c in "hello") bench.Out(Data, c);
        Assert.Equal("hello", bench.Chars.SentText);
        Assert.Equal(0x60u, bench.In(Lsr) & 0x60);
    }

    [Fact]
    public void Write_WhileTheHostIsFull_HoldsTheBytesAndSaysSo()
    {
        EnableFifos();
        bench.Chars.SetRoom(1);
        for (char c = 'a'; c < 'a' + 17; c++) bench.Out(Data, c);
        Assert.Equal("a", bench.Chars.SentText);
        Assert.Equal(0u, bench.In(Lsr) & 0x60);
        bench.Run(() => bench.Chars.SetRoom(100));
        Assert.Equal("abcdefghijklmnopq", bench.Chars.SentText);
        Assert.Equal(0x60u, bench.In(Lsr) & 0x60);
    }

    [Fact]
    public void Write_WordToTransmitter_SendsLowByteAndSetsInterruptEnable()
    {
        bench.Out(Data, 0x0541, size: 2);
        Assert.Equal("A", bench.Chars.SentText);
        Assert.Equal(0x05u, bench.In(Ier));
    }

    [Fact]
    public void DivisorLatchAccess_Set_ReachesTheDivisorInsteadOfData()
    {
        bench.Out(Lcr, 0x83);
        bench.Out(Data, 0x34);
        bench.Out(Ier, 0x12);
        Assert.Equal(0x1234u, bench.In(Data, 2));
        bench.Out(Lcr, 0x03);
        Assert.Equal("", bench.Chars.SentText);
        Assert.Equal(0x00u, bench.In(Ier));
    }

    [Fact]
    public void TransmitterEmptyInterrupt_WhenEnabled_RisesAndIsAcknowledgedByIir()
    {
        EnableFifos();
        bench.Out(Ier, 0x02);
        Assert.True(IrqLevel);
        Assert.Equal(0xc2u, bench.In(Iir));
        Assert.False(IrqLevel);
        Assert.Equal(0xc1u, bench.In(Iir));
        int edges = bench.Line("irq").RisingEdges;
        bench.Out(Data, 'x');
        bench.Out(Data, 'y');
        Assert.Equal(edges + 2, bench.Line("irq").RisingEdges);
    }

    [Fact]
    public void Interrupt_WithoutOut2_DoesNotLeaveTheChip()
    {
        bench.Out(Ier, 0x02);
        Assert.False(IrqLevel);
        bench.Out(Mcr, 0x08);
        Assert.True(IrqLevel);
    }

    [Theory]
    [InlineData(0u, 1)]
    [InlineData(1u, 4)]
    [InlineData(2u, 8)]
    [InlineData(3u, 14)]
    public void ReceivedDataInterrupt_AtTheTriggerLevel_Rises(uint trigger, int bytes)
    {
        EnableFifos(trigger);
        bench.Out(Ier, 0x01);
        bench.Type(new string('x', bytes - 1));
        Assert.False(IrqLevel);
        bench.Type("y");
        Assert.True(IrqLevel);
        Assert.Equal(0xc4u, bench.In(Iir));
        _ = bench.In(Data);
        Assert.False(IrqLevel);
    }

    [Fact]
    public void CharacterTimeout_FourCharacterTimesAfterTheLastByte_Interrupts()
    {
        EnableFifos(trigger: 3);
        bench.Out(Lcr, 0x03);
        bench.Out(Ier, 0x01);
        bench.Type("ab");
        // 115200 baud, 8n1: 10 bits of 8.68 us.
        bench.Advance(4 * 86_805 - 1000);
        Assert.False(IrqLevel);
        bench.Advance(1000);
        Assert.True(IrqLevel);
        Assert.Equal(0xccu, bench.In(Iir));
        Assert.Equal('a', (char)bench.In(Data));
        Assert.False(IrqLevel);
    }

    [Fact]
    public void Receive_MoreThanFits_WaitsInTheHostAndLosesNothing()
    {
        EnableFifos();
        string text = "the quick brown fox jumps over the lazy dog";
        bench.Type(text);
        Assert.Equal(text.Length - 16, bench.Chars.Waiting);
        string read = "";
        while ((bench.In(Lsr) & 1) != 0) read += (char)bench.In(Data);
        Assert.Equal(text, read);
    }

    [Fact]
    public void Loopback_Transmit_ComesBackAndModemOutputsToo()
    {
        bench.Out(Mcr, 0x1f);
        Assert.Equal(0xf0u, bench.In(Msr) & 0xf0);
        bench.Out(Data, 0x5a);
        Assert.Equal("", bench.Chars.SentText);
        Assert.Equal(0x5au, bench.In(Data));
        bench.Out(Mcr, 0x10);
        Assert.Equal(0x0fu, bench.In(Msr));
        Assert.Equal(0x00u, bench.In(Msr));
    }

    [Fact]
    public void Loopback_FullFifo_OverrunsAndKeepsTheOldBytes()
    {
        bench.Out(Fcr, 0x07);
        bench.Out(Mcr, 0x10);
        for (uint i = 0; i < 17; i++) bench.Out(Data, i);
        Assert.Equal(0x63u, bench.In(Lsr));
        Assert.Equal(0x61u, bench.In(Lsr));
        for (uint i = 0; i < 16; i++) Assert.Equal(i, bench.In(Data));
        Assert.Equal(0x60u, bench.In(Lsr));
    }

    [Fact]
    public void FifoControl_ResetReceiver_DropsWhatWasReceived()
    {
        EnableFifos();
        bench.Type("abc");
        bench.Out(Fcr, 0x03);
        Assert.Equal(0x60u, bench.In(Lsr));
    }

    [Fact]
    public void Scratch_Written_ReadsBack()
    {
        bench.Out(Scr, 0xa5);
        Assert.Equal(0xa5u, bench.In(Scr));
    }
}
