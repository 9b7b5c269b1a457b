using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector128<byte>;

namespace Hv.X86.Interpreter;

// SHA-1 and SHA-256 (FIPS 180-4; SDM vol. 2, SHA1RNDS4 and following). Dword 3 of a vector holds the first word.

/// <summary>Four rounds of SHA-1: a is A, B, C, D; b the message words, E already added to the first.</summary>
internal readonly struct Sha1rnds4 : IVectorImmOp
{
    public static V Apply(V a, V b, int imm)
    {
        Vector128<uint> state = a.AsUInt32(), message = b.AsUInt32();
        uint aa = state.GetElement(3), bb = state.GetElement(2), cc = state.GetElement(1), dd = state.GetElement(0),
            ee = 0;
        uint k = (imm & 3) switch { 0 => 0x5A82_7999, 1 => 0x6ED9_EBA1, 2 => 0x8F1B_BCDC, _ => 0xCA62_C1D6 };
        for (int i = 3; i >= 0; i--)
        {
            uint f = (imm & 3) switch
            {
                0 => (bb & cc) ^ (~bb & dd),
                2 => (bb & cc) ^ (bb & dd) ^ (cc & dd),
                _ => bb ^ cc ^ dd,
            };
            uint next = f + uint.RotateLeft(aa, 5) + message.GetElement(i) + ee + k;
            ee = dd;
            dd = cc;
            cc = uint.RotateLeft(bb, 30);
            bb = aa;
            aa = next;
        }
        return Vector128.Create(dd, cc, bb, aa).AsByte();
    }
}

/// <summary>E of the next four rounds, added to the first message word.</summary>
internal readonly struct Sha1nexte : IVectorOp
{
    public static V Apply(V a, V b)
    {
        Vector128<uint> message = b.AsUInt32();
        return message.WithElement(3, message.GetElement(3) + uint.RotateLeft(a.AsUInt32().GetElement(3), 30)).AsByte();
    }
}

internal readonly struct Sha1msg1 : IVectorOp
{
    public static V Apply(V a, V b)
    {
        Vector128<uint> x = a.AsUInt32(), y = b.AsUInt32();
        return (x ^ Vector128.Create(y.GetElement(2), y.GetElement(3), x.GetElement(0), x.GetElement(1))).AsByte();
    }
}

internal readonly struct Sha1msg2 : IVectorOp
{
    public static V Apply(V a, V b)
    {
        Vector128<uint> x = a.AsUInt32(), y = b.AsUInt32();
        uint w16 = uint.RotateLeft(x.GetElement(3) ^ y.GetElement(2), 1);
        uint w17 = uint.RotateLeft(x.GetElement(2) ^ y.GetElement(1), 1);
        uint w18 = uint.RotateLeft(x.GetElement(1) ^ y.GetElement(0), 1);
        uint w19 = uint.RotateLeft(x.GetElement(0) ^ w16, 1);
        return Vector128.Create(w19, w18, w17, w16).AsByte();
    }
}

internal readonly struct Sha256msg1 : IVectorOp
{
    public static V Apply(V a, V b)
    {
        Vector128<uint> x = a.AsUInt32();
        Vector128<uint> next = Vector128.Create(x.GetElement(1), x.GetElement(2), x.GetElement(3),
            b.AsUInt32().ToScalar());
        return (x + Vector128.Create(Sigma(next.GetElement(0)), Sigma(next.GetElement(1)), Sigma(next.GetElement(2)),
            Sigma(next.GetElement(3)))).AsByte();
    }

    private static uint Sigma(uint w) => uint.RotateRight(w, 7) ^ uint.RotateRight(w, 18) ^ w >> 3;
}

internal readonly struct Sha256msg2 : IVectorOp
{
    public static V Apply(V a, V b)
    {
        Vector128<uint> x = a.AsUInt32(), y = b.AsUInt32();
        uint w16 = x.GetElement(0) + Sigma(y.GetElement(2));
        uint w17 = x.GetElement(1) + Sigma(y.GetElement(3));
        uint w18 = x.GetElement(2) + Sigma(w16);
        uint w19 = x.GetElement(3) + Sigma(w17);
        return Vector128.Create(w16, w17, w18, w19).AsByte();
    }

    private static uint Sigma(uint w) => uint.RotateRight(w, 17) ^ uint.RotateRight(w, 19) ^ w >> 10;
}

/// <summary>SHA256RNDS2 has a third source, XMM0: two message words with their constants added.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class Sha256Rounds
{
    public static void Build(BlockBuilder b)
    {
        if (!VectorBuild.IsSseAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        if (b.IsMemory(1))
        {
            b.Emit(&FromMemory);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&FromRegister);
    }

    [MethodImpl(Jit.Handler)]
    private static void FromRegister(Cpu* cpu, Op* op)
    {
        Xmm.SetLow(cpu, op->Dst, Rounds(Xmm.Low(cpu, op->Dst), Xmm.Low(cpu, op->Src), Xmm.Low(cpu, Cpu.YmmOffset(0))));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void FromMemory(Cpu* cpu, Op* op)
    {
        if (!Memory.ReadAligned(cpu, op, Address.Linear(cpu, op, 16), out V source)) return;
        Xmm.SetLow(cpu, op->Dst, Rounds(Xmm.Low(cpu, op->Dst), source, Xmm.Low(cpu, Cpu.YmmOffset(0))));
        Chain.Next(cpu, op);
    }

    /// <summary>Two rounds: <paramref name="cdgh"/> is C, D, G, H from the top, <paramref name="abef"/> A, B, E,
    /// F.</summary>
    private static V Rounds(V cdgh, V abef, V words)
    {
        Vector128<uint> x = cdgh.AsUInt32(), y = abef.AsUInt32();
        uint a = y.GetElement(3), b = y.GetElement(2), c = x.GetElement(3), d = x.GetElement(2);
        uint e = y.GetElement(1), f = y.GetElement(0), g = x.GetElement(1), h = x.GetElement(0);
        for (int i = 0; i < 2; i++)
        {
            uint choice = (e & f) ^ (~e & g), majority = (a & b) ^ (a & c) ^ (b & c);
            uint sum1 = uint.RotateRight(e, 6) ^ uint.RotateRight(e, 11) ^ uint.RotateRight(e, 25);
            uint sum0 = uint.RotateRight(a, 2) ^ uint.RotateRight(a, 13) ^ uint.RotateRight(a, 22);
            uint t = choice + sum1 + words.AsUInt32().GetElement(i) + h;
            h = g;
            g = f;
            f = e;
            e = d + t;
            d = c;
            c = b;
            b = a;
            a = t + majority + sum0;
        }
        return Vector128.Create(f, e, b, a).AsByte();
    }
}
