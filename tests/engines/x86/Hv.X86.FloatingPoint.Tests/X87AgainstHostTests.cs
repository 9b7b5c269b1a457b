using Xunit.Abstractions;

namespace Hv.X86.FloatingPoint.Tests;

/// <summary>The exactly specified x87 operations against the host's processor: results, flags, C1, condition codes, unmasked
/// exceptions, rounding and precision control.</summary>
public sealed class X87AgainstHostTests(ITestOutputHelper output)
{
    private const int BatchCases = 2048;
    private const int Batches = 6;
    private const int NightlyBatches = 400;
    private const ushort Sentinel = 0xBEEF;

    /// <summary>What an instruction leaves: ST(0), the memory operand, condition codes beyond C1.</summary>
    private struct Outcome
    {
        public Float80 Top;
        public TenBytes Memory;
        public ushort Conditions;
        public bool MemoryForm;
    }

    private delegate Outcome Definition(in X87Case input, X87Control control, ref FpExceptions raised);

    private sealed record Operation(string Name, string Code, Definition Define, ushort Conditions = 0, Func<Dice, TenBytes>? Memory = null, bool Narrowing = false);

    private static readonly Operation[] Operations =
    [
        Register("fadd", "d8c1", (in X87Case x, X87Control c, ref FpExceptions r) => X87.Add(x.A.Value, x.B.Value, c, ref r)),
        Register("fsub", "d8e1", (in X87Case x, X87Control c, ref FpExceptions r) => X87.Subtract(x.A.Value, x.B.Value, c, ref r)),
        Register("fsubr", "d8e9", (in X87Case x, X87Control c, ref FpExceptions r) => X87.Subtract(x.B.Value, x.A.Value, c, ref r)),
        Register("fmul", "d8c9", (in X87Case x, X87Control c, ref FpExceptions r) => X87.Multiply(x.A.Value, x.B.Value, c, ref r)),
        Register("fdiv", "d8f1", (in X87Case x, X87Control c, ref FpExceptions r) => X87.Divide(x.A.Value, x.B.Value, c, ref r)),
        Register("fdivr", "d8f9", (in X87Case x, X87Control c, ref FpExceptions r) => X87.Divide(x.B.Value, x.A.Value, c, ref r)),
        Register("fsqrt", "d9fa", (in X87Case x, X87Control c, ref FpExceptions r) => X87.SquareRoot(x.A.Value, c, ref r)),
        Register("frndint", "d9fc", (in X87Case x, X87Control c, ref FpExceptions r) => X87.RoundToIntegral(x.A.Value, c, ref r)),
        Register("fscale", "d9fd", (in X87Case x, X87Control c, ref FpExceptions r) => X87.Scale(x.A.Value, x.B.Value, c, ref r)),
        Register("fxtract", "d9f4", (in X87Case x, X87Control c, ref FpExceptions r) => { _ = X87.Extract(x.A.Value, ref r, out Float80 s); return s; }),
        new("fprem", "d9f8", (in X87Case x, X87Control c, ref FpExceptions r) => Prem(x, false, c, ref r), 0x4700),
        new("fprem1", "d9f5", (in X87Case x, X87Control c, ref FpExceptions r) => Prem(x, true, c, ref r), 0x4700),
        new("fcom", "d8d1", (in X87Case x, X87Control c, ref FpExceptions r) => Compared(x, true, ref r), 0x4500),
        new("fucom", "dde1", (in X87Case x, X87Control c, ref FpExceptions r) => Compared(x, false, ref r), 0x4500),
        new("fxam", "d9e5", (in X87Case x, X87Control c, ref FpExceptions r) => new Outcome { Top = x.A.Value, Conditions = X87.Examine(x.A.Value) }, 0x4700),
        Load("fld m32", "d94750", (in X87Case x, X87Control c, ref FpExceptions r) => X87.FromBinary32((uint)x.Memory.Significand, ref r), dice => new TenBytes { Significand = dice.Value<Binary32>() }),
        Load("fld m64", "dd4750", (in X87Case x, X87Control c, ref FpExceptions r) => X87.FromBinary64(x.Memory.Significand, ref r), dice => new TenBytes { Significand = dice.Value<Binary64>() }),
        Load("fild m64", "df6f50", (in X87Case x, X87Control c, ref FpExceptions r) => X87.FromInteger((long)x.Memory.Significand), dice => new TenBytes { Significand = (ulong)((long)dice.Next() >> dice.Below(64)) }),
        Load("fild m32", "db4750", (in X87Case x, X87Control c, ref FpExceptions r) => X87.FromInteger((int)x.Memory.Significand), dice => new TenBytes { Significand = (ulong)((long)dice.Next() >> dice.Below(64)) }),
        Load("fbld", "df6750", (in X87Case x, X87Control c, ref FpExceptions r) => X87.FromBcd(x.Memory.Significand, x.Memory.SignExponent), Digits),
        Store("fst m32", "d95750", (in X87Case x, X87Control c, ref FpExceptions r) => Low(x, X87.ToBinary32(x.A.Value, c, ref r), 4), narrowing: true),
        Store("fst m64", "dd5750", (in X87Case x, X87Control c, ref FpExceptions r) => Low(x, X87.ToBinary64(x.A.Value, c, ref r), 8), narrowing: true),
        Store("fist m16", "df5750", (in X87Case x, X87Control c, ref FpExceptions r) => Low(x, (ulong)X87.ToInteger(x.A.Value, 16, c.Rounding, ref r), 2)),
        Store("fist m32", "db5750", (in X87Case x, X87Control c, ref FpExceptions r) => Low(x, (ulong)X87.ToInteger(x.A.Value, 32, c.Rounding, ref r), 4)),
        // The popping forms store ST(1) as the top afterwards, so a copy is pushed first (fld st0).
        Store("fistp m64", "d9c0df7f50", (in X87Case x, X87Control c, ref FpExceptions r) => Low(x, (ulong)X87.ToInteger(x.A.Value, 64, c.Rounding, ref r), 8)),
        Store("fisttp m32", "d9c0db4f50", (in X87Case x, X87Control c, ref FpExceptions r) => Low(x, (ulong)X87.ToInteger(x.A.Value, 32, FpRounding.Zero, ref r), 4)),
        Store("fbstp", "d9c0df7750", (in X87Case x, X87Control c, ref FpExceptions r) =>
        {
            (ulong digits, ushort high) = X87.ToBcd(x.A.Value, c.Rounding, ref r);
            return new TenBytes { Significand = digits, SignExponent = high };
        }),
    ];

    public static TheoryData<string> Names => [.. Operations.Select(operation => operation.Name)];

    [HostTheory]
    [MemberData(nameof(Names))]
    public void Masked_RandomAndEdgeOperands_EqualTheHost(string name) => Check(name, unmasked: false, Batches);

    [HostTheory]
    [MemberData(nameof(Names))]
    public void Unmasked_RandomAndEdgeOperands_EqualTheHost(string name) => Check(name, unmasked: true, Batches);

    [HostTheory]
    [Trait("tier", "nightly")]
    [MemberData(nameof(Names))]
    public void Any_MillionsOfOperands_EqualTheHost(string name)
    {
        Check(name, unmasked: false, NightlyBatches);
        Check(name, unmasked: true, NightlyBatches);
    }

    private void Check(string name, bool unmasked, int batches)
    {
        Operation operation = Operations.Single(candidate => candidate.Name == name);
        Dice dice = new(name);
        output.WriteLine($"seed {dice.Seed}");
        using HostCode code = X87Case.Compile(operation.Code);
        X87Case[] cases = new X87Case[BatchCases];
        for (int batch = 0; batch < batches; batch++)
        {
            foreach (ref X87Case one in cases.AsSpan())
            {
                one = MakeCase(dice, operation, unmasked);
            }
            X87Case[] before = [.. cases];
            code.Run<X87Case>(cases);
            for (int index = 0; index < cases.Length; index++)
            {
                Verify(operation, before[index], cases[index], dice.Seed);
            }
        }
    }

    private static X87Case MakeCase(Dice dice, Operation operation, bool unmasked)
    {
        X87Case one = new() { Quiet = 0x037F, Control = 0x037F };
        if (dice.Below(2) == 0)
        {
            int[] precisions = [0x000, 0x200, 0x300];
            one.Control = (ushort)(0x7F | precisions[dice.Below(3)] | (dice.Below(4) << 10));
        }
        if (unmasked)
        {
            one.Control = (ushort)((one.Control & ~0x3F) | ((int)dice.Next() & 0x3F));
        }
        one.A = RandomValue(dice, operation.Narrowing);
        one.B = RandomValue(dice, false);
        if (dice.Below(6) == 0)
        {
            one.B = one.A;
            one.B.Significand ^= (ulong)dice.Below(4);
            one.B.SignExponent ^= (ushort)(dice.Below(2) << 15);
        }
        one.Memory = operation.Memory is null
            ? new TenBytes { Significand = 0xA5A5_A5A5_A5A5_A5A5, SignExponent = Sentinel }
            : operation.Memory(dice);
        return one;
    }

    internal static TenBytes RandomValue(Dice dice, bool narrowing)
    {
        int exponent = dice.Below(20) switch
        {
            0 => 0,
            1 => 0x7FFF,
            2 => dice.Below(70),
            3 => 0x7FFE - dice.Below(3),
            4 => dice.Below(0x8000),
            5 => Float80.Bias + dice.Below(400) - 200,
            6 when narrowing => Float80.Bias - 1023 - dice.Below(60),
            7 when narrowing => Float80.Bias + 1020 + dice.Below(6),
            8 when narrowing => Float80.Bias - 120 - dice.Below(40),
            9 when narrowing => Float80.Bias + 124 + dice.Below(6),
            _ => Float80.Bias + dice.Below(140) - 70,
        };
        ulong significand = (1UL << 63) | dice.Fraction(63);
        if (narrowing && dice.Below(3) == 0)
        {
            // Ties, and values just beside them, for both narrower formats.
            significand = (significand & ~0x7FFUL) | 0x400 | (dice.Below(2) == 0 ? 0 : (ulong)dice.Below(0x800));
            significand = dice.Below(2) == 0 ? significand : (significand & ~0xFF_FFFF_FFFFUL) | 0x80_0000_0000;
        }
        if (exponent == 0 ? dice.Below(4) != 0 : dice.Below(40) == 0)
        {
            significand &= ~(1UL << 63);
        }
        if (dice.Below(30) == 0)
        {
            exponent = 0;
            significand = 0;
        }
        return new TenBytes { Significand = significand, SignExponent = (ushort)(exponent | (dice.Below(2) << 15)) };
    }

    private static TenBytes Digits(Dice dice)
    {
        FpExceptions none = FpExceptions.None;
        Float80 value = X87.FromInteger((long)(dice.Next() >> dice.Below(64)) % 1_000_000_000_000_000_000);
        (ulong digits, ushort high) = X87.ToBcd(value, FpRounding.Nearest, ref none);
        return new TenBytes { Significand = digits, SignExponent = (ushort)(high | (dice.Below(2) << 15)) };
    }

    private static void Verify(Operation operation, in X87Case before, in X87Case host, ulong seed)
    {
        X87Control control = new(before.Control);
        FpExceptions raised = FpExceptions.None;
        Outcome outcome = operation.Define(before, control, ref raised);
        bool written = X87.Settle(control, ref raised);
        FpExceptions unmasked = raised & ~control.Masked & FpExceptions.All;
        bool memoryForm = outcome.MemoryForm;
        if (memoryForm && (unmasked & (FpExceptions.Overflow | FpExceptions.Underflow)) != 0)
        {
            written = false;
        }
        Float80 top = written && !memoryForm ? outcome.Top : before.A.Value;
        TenBytes memory = written && memoryForm ? outcome.Memory : before.Memory;

        int statusMask = 0x7F | 0x200 | operation.Conditions;
        int status = ((int)raised & 0x27F) | outcome.Conditions;
        if (!written)
        {
            // C1 and the conditions are not meaningful when nothing was stored.
            statusMask = 0x7F;
        }
        bool loadRefused = operation.Memory is not null && !written;
        bool same = (loadRefused || top == host.Result.Value || (memoryForm && operation.Code.StartsWith("d9c0", StringComparison.Ordinal)))
            && memory.Value == host.Memory.Value
            && (status & statusMask) == (host.Status & statusMask);
        if (!same)
        {
            Assert.Fail($"{operation.Name} a={before.A} b={before.B} m={before.Memory} cw={before.Control:x}: host {host.Result} m={host.Memory} "
                + $"sw {host.Status & statusMask:x}, ours {(TenBytes)top} m={memory} sw {status & statusMask:x} (seed {seed})");
        }
    }

    private delegate Float80 Unary(in X87Case input, X87Control control, ref FpExceptions raised);

    private delegate TenBytes Storing(in X87Case input, X87Control control, ref FpExceptions raised);

    private static Operation Register(string name, string code, Unary define)
        => new(name, code, (in X87Case x, X87Control c, ref FpExceptions r) => new Outcome { Top = define(x, c, ref r) });

    private static Operation Load(string name, string code, Unary define, Func<Dice, TenBytes> memory)
        => new(name, code, (in X87Case x, X87Control c, ref FpExceptions r) => new Outcome { Top = define(x, c, ref r) }, Memory: memory);

    private static Operation Store(string name, string code, Storing define, bool narrowing = false)
        => new(name, code, (in X87Case x, X87Control c, ref FpExceptions r) => new Outcome { Top = x.A.Value, Memory = define(x, c, ref r), MemoryForm = true },
            Narrowing: narrowing);

    private static TenBytes Low(in X87Case x, ulong value, int bytes)
    {
        ulong mask = bytes == 8 ? ulong.MaxValue : (1UL << (bytes * 8)) - 1;
        return new TenBytes
        {
            Significand = (x.Memory.Significand & ~mask) | (value & mask),
            SignExponent = x.Memory.SignExponent,
        };
    }

    private static Outcome Prem(in X87Case x, bool toNearest, X87Control control, ref FpExceptions raised)
    {
        Float80 result = X87.Remainder(x.A.Value, x.B.Value, toNearest, control, ref raised, out int conditions);
        // FNINIT came before: conditions that stay are zero.
        return new Outcome { Top = result, Conditions = (ushort)Math.Max(conditions, 0) };
    }

    private static Outcome Compared(in X87Case x, bool signalling, ref FpExceptions raised)
    {
        FpRelation relation = X87.Compare(x.A.Value, x.B.Value, signalling, ref raised);
        int conditions = relation switch
        {
            FpRelation.Less => 0x0100,
            FpRelation.Equal => 0x4000,
            FpRelation.Greater => 0,
            _ => 0x4500,
        };
        return new Outcome { Top = x.A.Value, Conditions = (ushort)conditions };
    }
}
