using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>MOVS, CMPS, STOS, LODS, SCAS with and without REP (SDM vol. 1, 5.1.8). A repeated instruction commits its
/// registers after each element, or after each run of elements inside a page; it goes back to the dispatcher with RIP
/// at itself when somebody wants the vCPU, and at the latest after <see cref="StringForms.MaxRuns"/> runs.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class Strings
{
    public static void Register(OpTable table)
    {
        table.Add(Code.Movsb_m8_m8, &StringForms.Build<byte, Movs>);
        table.Add(Code.Movsw_m16_m16, &StringForms.Build<ushort, Movs>);
        table.Add(Code.Movsd_m32_m32, &StringForms.Build<uint, Movs>);
        table.Add(Code.Movsq_m64_m64, &StringForms.Build<ulong, Movs>);
        table.Add(Code.Cmpsb_m8_m8, &StringForms.Build<byte, Cmps>);
        table.Add(Code.Cmpsw_m16_m16, &StringForms.Build<ushort, Cmps>);
        table.Add(Code.Cmpsd_m32_m32, &StringForms.Build<uint, Cmps>);
        table.Add(Code.Cmpsq_m64_m64, &StringForms.Build<ulong, Cmps>);
        table.Add(Code.Stosb_m8_AL, &StringForms.Build<byte, Stos>);
        table.Add(Code.Stosw_m16_AX, &StringForms.Build<ushort, Stos>);
        table.Add(Code.Stosd_m32_EAX, &StringForms.Build<uint, Stos>);
        table.Add(Code.Stosq_m64_RAX, &StringForms.Build<ulong, Stos>);
        table.Add(Code.Lodsb_AL_m8, &StringForms.Build<byte, Lods>);
        table.Add(Code.Lodsw_AX_m16, &StringForms.Build<ushort, Lods>);
        table.Add(Code.Lodsd_EAX_m32, &StringForms.Build<uint, Lods>);
        table.Add(Code.Lodsq_RAX_m64, &StringForms.Build<ulong, Lods>);
        table.Add(Code.Scasb_AL_m8, &StringForms.Build<byte, Scas>);
        table.Add(Code.Scasw_AX_m16, &StringForms.Build<ushort, Scas>);
        table.Add(Code.Scasd_EAX_m32, &StringForms.Build<uint, Scas>);
        table.Add(Code.Scasq_RAX_m64, &StringForms.Build<ulong, Scas>);
    }

    private readonly struct Movs : IStringOp
    {
        public static bool UsesSource => true;
        public static bool UsesDestination => true;
        public static bool WritesDestination => true;
        public static bool Compares => false;

        public static bool Element<T>(Cpu* cpu, Op* op, ulong source, ulong destination) where T : unmanaged =>
            Memory.Read(cpu, op, source, out T value) && Memory.Write(cpu, op, destination, value);

        public static ulong Run<T>(Cpu* cpu, byte* source, byte* destination, ulong count, bool stopsOnEqual)
            where T : unmanaged
        {
            ulong bytes = count * (ulong)sizeof(T);
            // An ascending copy onto its own source repeats a pattern; all else is a plain move, for which ascending
            // order is right.
            ulong distance = (ulong)(destination - source);
            if (distance >= bytes) Buffer.MemoryCopy(source, destination, bytes, bytes);
            else
            {
                for (ulong i = 0; i < bytes; i += (ulong)sizeof(T)) Int.Store<T>(destination + i,
                    Int.Load<T>(source + i));
            }
            return count;
        }
    }

    private readonly struct Stos : IStringOp
    {
        public static bool UsesSource => false;
        public static bool UsesDestination => true;
        public static bool WritesDestination => true;
        public static bool Compares => false;

        public static bool Element<T>(Cpu* cpu, Op* op, ulong source, ulong destination) where T : unmanaged =>
            Memory.WriteInt<T>(cpu, op, destination, cpu->Gpr[0]);

        public static ulong Run<T>(Cpu* cpu, byte* source, byte* destination, ulong count, bool stopsOnEqual)
            where T : unmanaged
        {
            ulong value = cpu->Gpr[0];
            if (sizeof(T) == 1) new Span<byte>(destination, (int)count).Fill((byte)value);
            else if (sizeof(T) == 2) new Span<ushort>(destination, (int)count).Fill((ushort)value);
            else if (sizeof(T) == 4) new Span<uint>(destination, (int)count).Fill((uint)value);
            else new Span<ulong>(destination, (int)count).Fill(value);
            return count;
        }
    }

    private readonly struct Lods : IStringOp
    {
        public static bool UsesSource => true;
        public static bool UsesDestination => false;
        public static bool WritesDestination => false;
        public static bool Compares => false;

        public static bool Element<T>(Cpu* cpu, Op* op, ulong source, ulong destination) where T : unmanaged
        {
            if (!Memory.Read(cpu, op, source, out T value)) return false;
            Int.SetReg<T>(cpu, 0, Int.From(value));
            return true;
        }

        public static ulong Run<T>(Cpu* cpu, byte* source, byte* destination, ulong count, bool stopsOnEqual)
            where T : unmanaged
        {
            Int.SetReg<T>(cpu, 0, Int.Load<T>(source + (count - 1) * (ulong)sizeof(T)));
            return count;
        }
    }

    private readonly struct Scas : IStringOp
    {
        public static bool UsesSource => false;
        public static bool UsesDestination => true;
        public static bool WritesDestination => false;
        public static bool Compares => true;

        public static bool Element<T>(Cpu* cpu, Op* op, ulong source, ulong destination) where T : unmanaged
        {
            if (!Memory.Read(cpu, op, destination, out T value)) return false;
            StringForms.Compare<T>(cpu, Int.Zext<T>(cpu->Gpr[0]), Int.From(value));
            return true;
        }

        public static ulong Run<T>(Cpu* cpu, byte* source, byte* destination, ulong count, bool stopsOnEqual)
            where T : unmanaged
        {
            ulong wanted = Int.Zext<T>(cpu->Gpr[0]), value = 0, done = 0;
            while (done < count)
            {
                value = Int.Load<T>(destination + done * (ulong)sizeof(T));
                done++;
                if (value == wanted == stopsOnEqual) break;
            }
            StringForms.Compare<T>(cpu, wanted, value);
            return done;
        }
    }

    private readonly struct Cmps : IStringOp
    {
        public static bool UsesSource => true;
        public static bool UsesDestination => true;
        public static bool WritesDestination => false;
        public static bool Compares => true;

        public static bool Element<T>(Cpu* cpu, Op* op, ulong source, ulong destination) where T : unmanaged
        {
            if (!Memory.Read(cpu, op, source, out T first)
                || !Memory.Read(cpu, op, destination, out T second)) return false;
            StringForms.Compare<T>(cpu, Int.From(first), Int.From(second));
            return true;
        }

        public static ulong Run<T>(Cpu* cpu, byte* source, byte* destination, ulong count, bool stopsOnEqual)
            where T : unmanaged
        {
            ulong first = 0, second = 0, done = 0;
            while (done < count)
            {
                first = Int.Load<T>(source + done * (ulong)sizeof(T));
                second = Int.Load<T>(destination + done * (ulong)sizeof(T));
                done++;
                if (first == second == stopsOnEqual) break;
            }
            StringForms.Compare<T>(cpu, first, second);
            return done;
        }
    }
}
