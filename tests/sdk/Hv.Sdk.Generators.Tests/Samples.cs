using System.Runtime.CompilerServices;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Sdk.Generators.Tests;

public enum Parity : byte { None, Odd, Even = 7 }

[InlineArray(4)]
public struct FourWords { private ushort e0; }

[DeviceState("channel", 1)]
public partial struct ChannelState
{
    public ChannelState() { }
    [Field(1)] public uint Count = 5;
    [Field(2)] public bool Gate = true;
}

[DeviceState("sample", 3, ReadsFrom = 2)]
public sealed partial class SampleState
{
    [Field(1)] public byte Control = 0x60;
    [Field(2, Maximum = 16)] public int Level2;
    [Field(3)] public long Offset = -4;
    [Field(4)] public Parity Parity = Parity.Even;
    [Field(5)] public string Name = "uart";
    [Field(6)] public VmTime Due = VmTime.Never;
    [Field(7)] public ushort[] Fifo = new ushort[3];
    [Field(8, MaxLength = 8)] public byte[] Bytes = [];
    [Field(9)] public FourWords Words;
    [Field(10)] public ChannelState Channel = new();
    [Field(11)] public ChannelState[] Channels = [new(), new()];
    [Field(12, Maximum = 9)] public uint Bounded;
    [Field(13)] public bool[] Flags = new bool[3];
    public int Derived => Control & 0xf;
}

public enum Transport { Pci, VirtioMmio }

[Options]
public sealed partial record SampleOptions
{
    [Option("First port")] public ushort BasePort { get; init; } = 0x3f8;
    [Option("Where it sits")] public Transport Transport { get; init; } = Transport.VirtioMmio;
    [Option("Buffer", Type = OptionType.Size, Minimum = 4096)] public ulong Buffer { get; init; } = 64 * 1024;
    [Option("Patience", Type = OptionType.Duration)] public ulong Patience { get; init; } = 2_000_000;
    [Option("Loud")] public bool Loud { get; init; } = true;
    [Option("File", Type = OptionType.Path)] public required string File { get; init; }
    [Option("Label")] public string? Label { get; init; }
}
