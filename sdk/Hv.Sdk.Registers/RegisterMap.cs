using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Hv.Sdk.Io;

namespace Hv.Sdk.Registers;

/// <summary>A register table that splits accesses: narrow, wide, straddling or unaligned ones arrive at the device as
/// whole registers, in ascending order, as a bus with byte enables would deliver them. Immutable; any thread.</summary>
/// <typeparam name="TId">The device's own enumeration of its registers.</typeparam>
public sealed class RegisterMap<TId> where TId : struct, Enum
{
    private const int MaxLengthBytes = 64 * 1024;

    private readonly struct Slot
    {
        public Register<TId>? Register { get; init; }
        public int Index { get; init; }
        public int Start { get; init; }
    }

    private readonly Slot[] slots;
    private readonly ushort[] readable;
    private readonly ushort[] writable;
    private readonly byte fill;

    /// <summary>Lays out a region. Two registers may share an offset when one is read-only and the other
    /// write-only.</summary>
    /// <param name="lengthBytes">Length of the region.</param>
    /// <param name="fill">What bytes without a register read as: 00h on chips that decode them, FFh on an open
    /// bus.</param>
    /// <param name="rows">The table.</param>
    /// <exception cref="ArgumentException">Rows overlap or lie outside: a mistake of the device's author.</exception>
    public RegisterMap(int lengthBytes, byte fill, params Register<TId>[] rows)
    {
        if (lengthBytes is <= 0 or > MaxLengthBytes) throw new ArgumentOutOfRangeException(nameof(lengthBytes));
        Rows = rows;
        LengthBytes = lengthBytes;
        this.fill = fill;
        readable = new ushort[lengthBytes];
        writable = new ushort[lengthBytes];
        List<Slot> list = [default];
        foreach (Register<TId> row in rows)
        {
            if (row.WidthBytes is not (1 or 2 or 4 or 8)) throw new ArgumentException(
                $"{row.Mnemonic}: width {row.WidthBytes}");
            for (int i = 0; i < row.Count; i++)
            {
                int start = row.Offset + i * row.StrideBytes;
                ushort slot = (ushort)list.Count;
                list.Add(new Slot { Register = row, Index = i, Start = start });
                if (row.IsReadable) Claim(readable, slot, start, row);
                if (row.IsWritable) Claim(writable, slot, start, row);
            }
        }
        slots = [.. list];
    }

    /// <summary>The table, for reset, tracing, fuzzing and documentation.</summary>
    public IReadOnlyList<Register<TId>> Rows { get; }

    /// <summary>Length of the region in bytes.</summary>
    public int LengthBytes { get; }

    private static void Claim(ushort[] map, ushort slot, int start, Register<TId> row)
    {
        if (start < 0 || start + row.WidthBytes > map.Length) throw new ArgumentException(
            $"{row.Mnemonic} lies outside the region");
        foreach (ref ushort b in map.AsSpan(start, row.WidthBytes))
        {
            if (b != 0) throw new ArgumentException($"{row.Mnemonic} overlaps another register");
            b = slot;
        }
    }

    /// <summary>Reads. Hot path: allocates nothing.</summary>
    public IoStatus Read(IRegisterFile<TId> device, in IoAccess access, out ulong value)
    {
        value = 0;
        if (!Holds(access)) return IoStatus.NoRegister;
        bool any = false;
        int first = (int)access.Offset, end = first + access.Size;
        for (int at = first; at < end;)
        {
            ref readonly Slot slot = ref slots[readable[at]];
            if (slot.Register is not { } row)
            {
                value |= (ulong)fill << ((at - first) * 8);
                at++;
                continue;
            }
            any = true;
            ulong whole = row.Access == RegisterAccess.Reserved ? row.Reset
                : access.IsDebug ? device.Peek(row.Id, slot.Index) : device.Read(row.Id, slot.Index);
            int skip = at - slot.Start, take = Math.Min(row.WidthBytes - skip, end - at);
            value |= ((whole >> (skip * 8)) & Mask(take)) << ((at - first) * 8);
            at += take;
        }
        return any ? IoStatus.Ok : IoStatus.NoRegister;
    }

    /// <summary>Writes; a debugger's writes are dropped. Hot path: allocates nothing.</summary>
    public IoStatus Write(IRegisterFile<TId> device, in IoAccess access, ulong value)
    {
        if (!Holds(access)) return IoStatus.NoRegister;
        bool any = false;
        int first = (int)access.Offset, end = first + access.Size;
        for (int at = first; at < end;)
        {
            ref readonly Slot slot = ref slots[writable[at]];
            if (slot.Register is not { } row)
            {
                any |= readable[at] != 0;
                at++;
                continue;
            }
            any = true;
            int skip = at - slot.Start, take = Math.Min(row.WidthBytes - skip, end - at);
            ulong bytes = Mask(take) << (skip * 8);
            ulong written = (value >> ((at - first) * 8)) << (skip * 8) & bytes;
            at += take;
            if (access.IsDebug) continue;
            if (row.Access == RegisterAccess.ReadWrite
                && (bytes & row.Writable & Mask(row.WidthBytes)) != Mask(row.WidthBytes))
                written = (device.Peek(row.Id, slot.Index) & ~(bytes & row.Writable)) | (written & row.Writable);
            device.Write(row.Id, slot.Index, written);
        }
        return any ? IoStatus.Ok : IoStatus.NoRegister;
    }

    private bool Holds(in IoAccess access) =>
        access.Size <= LengthBytes && access.Offset <= (ulong)(LengthBytes - access.Size);

    /// <summary>Finds the register that a read at an offset reaches.</summary>
    public bool TryFind(int offset, [NotNullWhen(true)] out Register<TId>? register)
    {
        register = (uint)offset < (uint)LengthBytes
            ? (slots[readable[offset]].Register ?? slots[writable[offset]].Register) : null;
        return register is not null;
    }

    /// <summary>The table as Markdown, for the device's page in the documentation. Cold.</summary>
    public string ToMarkdown()
    {
        StringBuilder text =
            new("| offset | register | bits | access | reset | section |\n|---|---|---|---|---|---|\n");
        foreach (Register<TId> row in Rows)
        {
            string offset = row.Count == 1
                ? $"{row.Offset:X2}h" : $"{row.Offset:X2}h + {row.StrideBytes:X}h·n, n < {row.Count}";
            string access = row.Access switch
            {
                RegisterAccess.ReadOnly => "read only",
                RegisterAccess.ReadWrite => "read/write",
                RegisterAccess.WriteOnly => "write only",
                RegisterAccess.WriteOneToClear => "write one to clear",
                RegisterAccess.ReadToClear => "read, with effects",
                _ => "reserved",
            };
            if ((row.Writable & Mask(row.WidthBytes)) != Mask(row.WidthBytes)
                && row.Writable != 0) access += $" {row.Writable:X}h";
            string reset = row.Reset.ToString($"X{row.WidthBytes * 2}", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture,
                $"| {offset} | {row.Mnemonic}: {Words(row.Id.ToString())} | {row.WidthBytes * 8} | {access} | {reset}h | {row.Section} |\n");
        }
        return text.ToString();
    }

    private static string Words(string name) => string.Concat(name.Select((c, i) =>
        i > 0 && char.IsUpper(c) ? " " + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));

    private static ulong Mask(int bytes) => bytes == 8 ? ulong.MaxValue : (1ul << (bytes * 8)) - 1;
}
