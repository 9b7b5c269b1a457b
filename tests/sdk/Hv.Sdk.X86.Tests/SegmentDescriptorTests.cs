using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.Sdk.X86.Tests;

public sealed class SegmentDescriptorTests
{
    [Fact]
    public void ToSegment_FlatCode64_KeepsEveryField()
    {
        SegmentState segment = new SegmentDescriptor(0x00AF9B000000FFFF).ToSegment(0x10);
        Assert.Equal(0x10, segment.Selector);
        Assert.Equal(0ul, segment.Base);
        Assert.Equal(0xFFFFFFFFu, segment.Limit);
        Assert.Equal(
            SegmentAttributes.RealModeCode | SegmentAttributes.Long | SegmentAttributes.Granular, segment.Attributes);
    }

    [Fact]
    public void Base_ScatteredBytes_AreJoined()
    {
        SegmentDescriptor descriptor = new(0x12_40_F2_345678_9ABC);
        Assert.Equal(0x12345678ul, descriptor.Base);
        Assert.Equal(0x9ABCu, descriptor.Limit);
        Assert.True(descriptor.IsWritableData);
        Assert.True(descriptor.IsDefault32);
        Assert.Equal(3, descriptor.Dpl);
    }

    [Fact]
    public void Base_SixteenByteTss_HasSixtyFourBits()
    {
        SegmentDescriptor tss = new(0xFE00_8912_3456_0067, 0x0000_0000_FFFF_FFFF);
        Assert.Equal(0xFFFFFFFF_FE123456, tss.Base);
        Assert.Equal(SystemDescriptorType.TssAvailable, tss.Type);
        Assert.False(tss.IsCodeOrData);
    }

    [Fact]
    public void Gate_SixtyFourBit_GivesSelectorOffsetAndStack()
    {
        SegmentDescriptor gate = new(0x8765_EE02_0010_4321, 0xFFFF_FFFF);
        Assert.Equal(0x10, gate.GateSelector);
        Assert.Equal(0xFFFFFFFF_87654321, gate.GateOffset);
        Assert.Equal(2, gate.InterruptStack);
        Assert.Equal(3, gate.Dpl);
        Assert.Equal(SystemDescriptorType.InterruptGate, gate.Type);
    }

    [Fact]
    public void Gate_SixteenBit_IgnoresTheUpperWord()
    {
        SegmentDescriptor gate = new(0xFFFF_8403_0010_4321);
        Assert.Equal(0x4321ul, gate.GateOffset);
        Assert.Equal(3, gate.GateParameters);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(8, true)]
    [InlineData(9, false)]
    [InlineData(10, true)]
    [InlineData(14, true)]
    [InlineData(15, false)]
    [InlineData(17, true)]
    [InlineData(18, false)]
    [InlineData(0x80, false)]
    public void HasErrorCode_IsTheManualsTable(byte vector, bool expected) =>
        Assert.Equal(expected, ExceptionVector.HasErrorCode(vector));
}
