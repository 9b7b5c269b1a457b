namespace Hv.Sdk.Conformance.Tests.Devices;

/// <summary>Makes meters with one mistake.</summary>
[DeviceAttribute("meter", Title = "A meter")]
public sealed class MeterFactory(Flaw flaw) : IDeviceFactory
{
    /// <summary>A meter without mistakes.</summary>
    public MeterFactory() : this(Flaw.None) { }

    public OptionSchema Options => OptionSchema.Empty;

    public IDevice Create(OptionValues options) => flaw switch
    {
        Flaw.HasStateInSpiteOfNoState => new StatelessMeter(),
        Flaw.NeverDrains => new UndrainedMeter(),
        _ => new Meter(flaw),
    };
}

/// <summary>Has no name.</summary>
public sealed class NamelessFactory : IDeviceFactory
{
    public OptionSchema Options => OptionSchema.Empty;
    public IDevice Create(OptionValues options) => new Meter(Flaw.None);
}

/// <summary>Leaves a delegate of the plugin in a static event of the runtime.</summary>
[DeviceAttribute("meter", Title = "A meter")]
public sealed class SubscribingFactory : IDeviceFactory
{
    public OptionSchema Options => OptionSchema.Empty;

    public IDevice Create(OptionValues options)
    {
        AppDomain.CurrentDomain.ProcessExit += static (_, _) => { };
        return new Meter(Flaw.None);
    }
}

/// <summary>Leaves a thread that never ends.</summary>
[DeviceAttribute("meter", Title = "A meter")]
public sealed class ThreadingFactory : IDeviceFactory
{
    public OptionSchema Options => OptionSchema.Empty;

    public IDevice Create(OptionValues options)
    {
        new Thread(Wait) { IsBackground = true }.Start();
        return new Meter(Flaw.None);
    }

    private static void Wait()
    {
        while (true) Thread.Sleep(1000);
    }
}
