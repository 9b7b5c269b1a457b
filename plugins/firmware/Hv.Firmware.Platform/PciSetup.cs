using Hv.Sdk;
using Hv.Sdk.Firmware;
using Hv.Sdk.Pci;

namespace Hv.Firmware.Platform;

/// <summary>Assigns PCI resources on bus 0 as a BIOS does at power-on (PCI 3.0, 6.2.5.1): sizes each BAR, places it
/// with natural alignment in the board's windows, enables decoding.</summary>
public static class PciSetup
{
    private const int CommandOffset = 0x04;
    private const int HeaderTypeOffset = 0x0e;
    private const int FirstBar = 0x10;
    private const uint IoAndMemoryEnable = 3;
    private const ulong FirstIoPort = 0xc000;

    /// <summary>Assigns every BAR of every function.</summary>
    /// <exception cref="ConfigurationException">A window is full.</exception>
    public static void Assign(IFirmwareContext context)
    {
        if (context.PciWindow is not MemoryRange low) return;
        Window io = new("I/O", FirstIoPort, 0x10000);
        Window memory = new("32-bit memory", low.Start.Value, low.Start.Value + low.LengthBytes);
        Window? high = context.PciWindow64 is MemoryRange h
            ? new Window("64-bit memory", h.Start.Value, h.Start.Value + h.LengthBytes) : null;
        for (byte device = 0; device < 32; device++)
        {
            for (byte number = 0; number < 8; number++)
            {
                if (context.PciFunction(new PciAddress(0, device, number)) is not IPciFunction function) continue;
                if ((function.ReadConfig(HeaderTypeOffset, 1) & 0x7f) == 0) AssignFunction(function, io, memory, high);
            }
        }
    }

    private static void AssignFunction(IPciFunction function, Window io, Window memory, Window? high)
    {
        uint command = function.ReadConfig(CommandOffset, 2);
        function.WriteConfig(CommandOffset, 2, command & ~IoAndMemoryEnable);
        bool any = false;
        for (int bar = 0; bar < 6; bar++)
        {
            int offset = FirstBar + (4 * bar);
            function.WriteConfig(offset, 4, uint.MaxValue);
            uint mask = function.ReadConfig(offset, 4);
            if (mask == 0) continue;
            any = true;
            if ((mask & 1) != 0)
            {
                function.WriteConfig(offset, 4, (uint)io.Take((~(mask & ~3u) & 0xffffu) + 1));
                continue;
            }
            bool is64 = (mask & 6) == 4;
            ulong wide = mask & ~0xfu;
            if (is64)
            {
                function.WriteConfig(offset + 4, 4, uint.MaxValue);
                wide |= (ulong)function.ReadConfig(offset + 4, 4) << 32;
            }
            else
            {
                wide |= 0xffffffff00000000;
            }
            ulong address = (is64 && high is not null ? high : memory).Take(~wide + 1);
            function.WriteConfig(offset, 4, (uint)address);
            if (!is64) continue;
            function.WriteConfig(offset + 4, 4, (uint)(address >> 32));
            bar++;
        }
        if (any) function.WriteConfig(CommandOffset, 2, command | IoAndMemoryEnable);
    }

    private sealed class Window(string name, ulong start, ulong end)
    {
        private ulong next = start;

        public ulong Take(ulong size)
        {
            ulong at = (next + size - 1) & ~(size - 1);
            if (at < next || at + size > end)
                throw new ConfigurationException(
                    $"no room for a PCI BAR of {size} bytes in the {name} window: use fewer devices");
            next = at + size;
            return at;
        }
    }
}
