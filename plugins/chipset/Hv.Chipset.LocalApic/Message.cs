namespace Hv.Chipset.LocalApic;

/// <summary>An interrupt on its way to local APICs.</summary>
internal readonly struct Message
{
    /// <summary>What it does.</summary>
    public DeliveryMode Mode { get; init; }
    /// <summary>The vector; for start-up the page of the first instruction.</summary>
    public byte Vector { get; init; }
    /// <summary>Level-triggered: its EOI is broadcast.</summary>
    public bool IsLevel { get; init; }
}

/// <summary>Destination shorthands of an interrupt command (SDM 3A, 11.6.1).</summary>
internal enum Destination : byte
{
    /// <summary>The destination field says who.</summary>
    Field,
    /// <summary>The sender.</summary>
    Self,
    /// <summary>Everyone.</summary>
    All,
    /// <summary>Everyone but the sender.</summary>
    Others,
}
