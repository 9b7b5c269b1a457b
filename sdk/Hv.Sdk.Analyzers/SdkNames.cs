namespace Hv.Sdk.Analyzers;

/// <summary>Names of the SDK's types. Analyzers look them up by name, since they reference only the compiler.</summary>
internal static class SdkNames
{
    public const string Assembly = "Hv.Sdk";

    public const string Device = "Hv.Sdk.IDevice";
    public const string DeviceContext = "Hv.Sdk.IDeviceContext";
    public const string DeviceLog = "Hv.Sdk.IDeviceLog";
    public const string Entropy = "Hv.Sdk.IEntropy";
    public const string Strand = "Hv.Sdk.IStrand";
    public const string VmClock = "Hv.Sdk.Time.IVmClock";
    public const string Stateful = "Hv.Sdk.State.IStateful";
    public const string StateWriter = "Hv.Sdk.State.StateWriter";
    public const string FaultDecorator = "Hv.Sdk.Faults.IFaultDecorator`1";

    public const string DeviceAttribute = "Hv.Sdk.DeviceAttribute";
    public const string FaultAttribute = "Hv.Sdk.FaultAttribute";
    public const string DeviceStateAttribute = "Hv.Sdk.State.DeviceStateAttribute";
    public const string NoStateAttribute = "Hv.Sdk.State.NoStateAttribute";
    public const string OptionsAttribute = "Hv.Sdk.OptionsAttribute";
    public const string HostImplementedAttribute = "Hv.Sdk.HostImplementedAttribute";

    /// <summary>What a guest sees the work of.</summary>
    public static readonly string[] GuestFacingAttributes =
        [DeviceAttribute, "Hv.Sdk.BoardAttribute", "Hv.Sdk.FirmwareAttribute", FaultAttribute];

    /// <summary>Contracts whose implementations live in the host's time and own threads.</summary>
    public static readonly string[] HostFacingContracts =
    [
        "Hv.Sdk.Chars.ICharBackend", "Hv.Sdk.Chars.ICharStream",
        "Hv.Sdk.Net.INetBackend", "Hv.Sdk.Net.INetEndpoint",
        "Hv.Sdk.Block.IDiskFormat", "Hv.Sdk.Block.IDiskImage", "Hv.Sdk.Block.IHostFile",
        "Hv.Sdk.Management.IFrontEnd",
        "Hv.Sdk.Engines.IEngine", "Hv.Sdk.Engines.IPartition", "Hv.Sdk.Engines.IVcpu",
    ];

    /// <summary>Contracts whose every member is called while the guest waits. The kits' are here too: plugins carry
    /// them.</summary>
    public static readonly string[] AccessPathContracts =
    [
        "Hv.Sdk.Io.IIoHandler", "Hv.Sdk.Registers.IRegisterFile`1", "Hv.Sdk.Signals.IIrqHandler",
        "Hv.Sdk.Pci.ICapabilityHandler",
        "Hv.Sdk.Virtio.IVirtioDevice", "Hv.Sdk.Block.IBlockListener", "Hv.Sdk.Net.INetListener",
        "Hv.Sdk.Chars.ICharListener",
    ];
}
