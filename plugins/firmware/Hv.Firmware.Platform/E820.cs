using Hv.Sdk.Firmware;

namespace Hv.Firmware.Platform;

/// <summary>Kinds of memory in an E820 map (ACPI 6.5, table 15.4).</summary>
public enum E820Type : uint
{
    /// <summary>For the OS.</summary>
    Usable = 1,
    /// <summary>Not for the OS.</summary>
    Reserved = 2,
    /// <summary>ACPI tables, which may be reclaimed.</summary>
    AcpiReclaimable = 3,
}

/// <summary>One range of the map.</summary>
public readonly record struct E820Entry(ulong Start, ulong LengthBytes, E820Type Type);

/// <summary>Builds the memory map that an OS is given.</summary>
public static class E820
{
    /// <summary>The map for RAM as the board laid it out, with the places below 1 MiB that <see cref="GuestLayout"/>
    /// takes.</summary>
    public static IReadOnlyList<E820Entry> Build(IReadOnlyList<MemoryRange> ram)
    {
        List<E820Entry> map =
        [
            new(0, GuestLayout.ConventionalEnd, E820Type.Usable),
            new(GuestLayout.ConventionalEnd, GuestLayout.HoleStart - GuestLayout.ConventionalEnd, E820Type.Reserved),
            new(GuestLayout.AcpiStart, GuestLayout.AcpiBytes, E820Type.AcpiReclaimable),
            new(GuestLayout.SmbiosStart, GuestLayout.SmbiosBytes, E820Type.Reserved),
        ];
        foreach (MemoryRange range in ram)
        {
            ulong start = Math.Max(range.Start.Value, GuestLayout.OneMebibyte);
            ulong end = range.Start.Value + range.LengthBytes;
            if (end > start) map.Add(new E820Entry(start, end - start, E820Type.Usable));
        }
        return map;
    }
}
