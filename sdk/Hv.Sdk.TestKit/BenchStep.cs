namespace Hv.Sdk.TestKit;

/// <summary>What a step of a fuzz does.</summary>
public enum StepKind : byte
{
    /// <summary>A read of a region.</summary>
    Read,
    /// <summary>A write to a region.</summary>
    Write,
    /// <summary>Virtual time passes.</summary>
    Advance,
    /// <summary>The board drives an input pin.</summary>
    Drive,
    /// <summary>The host sends a byte on the serial line.</summary>
    Type,
    /// <summary>The host's end of the serial line has so much room.</summary>
    Room,
    /// <summary>A read of configuration space.</summary>
    ReadConfig,
    /// <summary>A write to configuration space.</summary>
    WriteConfig,
    /// <summary>A call of <see cref="BenchStep.Call"/>.</summary>
    Call,
}

/// <summary>One step of a fuzz: can be applied to several benches and gives each the same.</summary>
public sealed record BenchStep
{
    /// <summary>What it does.</summary>
    public required StepKind Kind { get; init; }
    /// <summary>Address space of an access.</summary>
    public AddressSpace Space { get; init; }
    /// <summary>Address or offset of an access.</summary>
    public ulong Address { get; init; }
    /// <summary>Size of an access in bytes.</summary>
    public int Size { get; init; } = 1;
    /// <summary>Value written, nanoseconds that pass, byte typed, room in bytes, or level driven.</summary>
    public ulong Value { get; init; }
    /// <summary>The vCPU that makes the access.</summary>
    public int Vcpu { get; init; }
    /// <summary>Group of pins, or what <see cref="Call"/> does.</summary>
    public string Name { get; init; } = "";
    /// <summary>The pin.</summary>
    public int Pin { get; init; }
    /// <summary>Anything else; gives what is to be compared.</summary>
    public Func<DeviceBench, ulong>? Call { get; init; }

    /// <summary>Does it; gives what the guest sees.</summary>
    public ulong Apply(DeviceBench bench)
    {
        switch (Kind)
        {
            case StepKind.Read: return bench.Read(Space, Address, Size, Vcpu);
            case StepKind.Write: bench.Write(Space, Address, Size, Value, Vcpu); break;
            case StepKind.Advance: bench.Advance((long)Value); break;
            case StepKind.Drive: bench.Drive(Name, Pin, Value != 0); break;
            case StepKind.Type: bench.Type([(byte)Value]); break;
            case StepKind.Room: SetRoom(bench); break;
            case StepKind.ReadConfig: return bench.ReadConfig((int)Address, Size);
            case StepKind.WriteConfig: bench.WriteConfig((int)Address, (uint)Value, Size); break;
            case StepKind.Call: return Invoke(bench);
        }
        return 0;
    }

    // Methods of their own: a closure in Apply would be allocated by every step.
    private void SetRoom(DeviceBench bench) => bench.Run(() => bench.Chars.SetRoom((int)Value));

    private ulong Invoke(DeviceBench bench)
    {
        ulong seen = 0;
        bench.Run(() => seen = Call!(bench));
        return seen;
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        StepKind.Read => $"read{Size * 8} {Space} {Address:x}h",
        StepKind.Write => $"write{Size * 8} {Space} {Address:x}h = {Value:x}h",
        StepKind.Advance => $"advance {Value} ns",
        StepKind.Drive => $"drive {Name}[{Pin}] = {Value}",
        StepKind.Type => $"type {Value:x2}h",
        StepKind.Room => $"room for {Value}",
        StepKind.ReadConfig => $"config read{Size * 8} {Address:x}h",
        StepKind.WriteConfig => $"config write{Size * 8} {Address:x}h = {Value:x}h",
        _ => Name,
    };
}
