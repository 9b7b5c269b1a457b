using Xunit.Abstractions;

namespace Hv.X86.FloatingPoint.Tests;

/// <summary>Every scalar SSE and FMA operation against the host's processor: results, flags and the guarded fast path.</summary>
public sealed class SseAgainstHostTests(ITestOutputHelper output)
{
    private const int BatchCases = 2048;
    private const int Batches = 8;
    private const int NightlyBatches = 400;

    private delegate ulong Definition(in SseCase input, Mxcsr control, ref FpExceptions raised);

    private delegate bool Shortcut(in SseCase input, uint mxcsr, out ulong result);

    private sealed record Operation(string Name, string Code, Definition Define, Shortcut? Fast = null, bool Integer = false);

    private static readonly Operation[] Binary64Operations =
    [
        new("addsd", "f20f58c1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.Add(x.A, x.B, c, ref r), Fast64<FloatAdd>),
        new("subsd", "f20f5cc1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.Subtract(x.A, x.B, c, ref r), Fast64<FloatSubtract>),
        new("mulsd", "f20f59c1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.Multiply(x.A, x.B, c, ref r), Fast64<FloatMultiply>),
        new("divsd", "f20f5ec1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.Divide(x.A, x.B, c, ref r), Fast64<FloatDivide>),
        new("minsd", "f20f5dc1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.Minimum(x.A, x.B, c, ref r)),
        new("maxsd", "f20f5fc1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.Maximum(x.A, x.B, c, ref r)),
        new("sqrtsd", "f20f51c0", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.SquareRoot(x.A, c, ref r),
            (in SseCase x, uint mxcsr, out ulong result) => FastFloat.TrySquareRoot64(x.A, mxcsr, out result)),
        new("vfmadd213sd", "c4e2f1a9c2", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.FusedMultiplyAdd(x.B, x.A, x.C, false, false, c, ref r),
            (in SseCase x, uint mxcsr, out ulong result) => FastFloat.TryFused64(x.B, x.A, x.C, mxcsr, out result)),
        new("vfmadd132sd", "c4e2f199c2", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.FusedMultiplyAdd(x.A, x.C, x.B, false, false, c, ref r)),
        new("vfmadd231sd", "c4e2f1b9c2", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.FusedMultiplyAdd(x.B, x.C, x.A, false, false, c, ref r)),
        new("vfmsub213sd", "c4e2f1abc2", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.FusedMultiplyAdd(x.B, x.A, x.C, false, true, c, ref r)),
        new("vfnmadd213sd", "c4e2f1adc2", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.FusedMultiplyAdd(x.B, x.A, x.C, true, false, c, ref r)),
        new("vfnmsub213sd", "c4e2f1afc2", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.FusedMultiplyAdd(x.B, x.A, x.C, true, true, c, ref r)),
        new("cvtsd2ss", "f20f5ac0", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.ConvertTo<Binary32>(x.A, c, ref r) | (x.A & 0xFFFF_FFFF_0000_0000)),
        new("cvtsd2si32", "f20f2dc0", (in SseCase x, Mxcsr c, ref FpExceptions r) => (uint)SoftFloat<Binary64>.ToInteger(x.A, 32, c.Rounding, c, ref r), Integer: true),
        new("cvtsd2si64", "f2480f2dc0", (in SseCase x, Mxcsr c, ref FpExceptions r) => (ulong)SoftFloat<Binary64>.ToInteger(x.A, 64, c.Rounding, c, ref r), Integer: true),
        new("cvttsd2si32", "f20f2cc0", (in SseCase x, Mxcsr c, ref FpExceptions r) => (uint)SoftFloat<Binary64>.ToInteger(x.A, 32, FpRounding.Zero, c, ref r), Integer: true),
        new("cvttsd2si64", "f2480f2cc0", (in SseCase x, Mxcsr c, ref FpExceptions r) => (ulong)SoftFloat<Binary64>.ToInteger(x.A, 64, FpRounding.Zero, c, ref r), Integer: true),
        new("cvtsi2sd64", "f2480f2ac0", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.FromInteger((long)x.A, c, ref r)),
        new("cvtsi2ss64", "f3480f2ac0", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.FromInteger((long)x.A, c, ref r) | (x.A & 0xFFFF_FFFF_0000_0000)),
        new("roundsd.near", "660f3a0bc000", Rounding64(FpRounding.Nearest, false)),
        new("roundsd.down", "660f3a0bc001", Rounding64(FpRounding.Down, false)),
        new("roundsd.up", "660f3a0bc00a", Rounding64(FpRounding.Up, true)),
        new("roundsd.zero", "660f3a0bc00b", Rounding64(FpRounding.Zero, true)),
    ];

    private static readonly Operation[] Binary32Operations =
    [
        new("addss", "f30f58c1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.Add(x.A, x.B, c, ref r), Fast32<FloatAdd>),
        new("subss", "f30f5cc1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.Subtract(x.A, x.B, c, ref r), Fast32<FloatSubtract>),
        new("mulss", "f30f59c1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.Multiply(x.A, x.B, c, ref r), Fast32<FloatMultiply>),
        new("divss", "f30f5ec1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.Divide(x.A, x.B, c, ref r), Fast32<FloatDivide>),
        new("minss", "f30f5dc1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.Minimum(x.A, x.B, c, ref r)),
        new("maxss", "f30f5fc1", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.Maximum(x.A, x.B, c, ref r)),
        new("sqrtss", "f30f51c0", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.SquareRoot(x.A, c, ref r),
            (in SseCase x, uint mxcsr, out ulong result) => { bool yes = FastFloat.TrySquareRoot32((uint)x.A, mxcsr, out uint low); result = low; return yes; }),
        new("vfmadd213ss", "c4e271a9c2", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.FusedMultiplyAdd(x.B, x.A, x.C, false, false, c, ref r),
            (in SseCase x, uint mxcsr, out ulong result) => { bool yes = FastFloat.TryFused32((uint)x.B, (uint)x.A, (uint)x.C, mxcsr, out uint low); result = low; return yes; }),
        new("vfnmsub231ss", "c4e271bfc2", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.FusedMultiplyAdd(x.B, x.C, x.A, true, true, c, ref r)),
        new("cvtss2sd", "f30f5ac0", (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.ConvertTo<Binary64>(x.A, c, ref r)),
        new("cvtss2si32", "f30f2dc0", (in SseCase x, Mxcsr c, ref FpExceptions r) => (uint)SoftFloat<Binary32>.ToInteger(x.A, 32, c.Rounding, c, ref r), Integer: true),
        new("cvttss2si64", "f3480f2cc0", (in SseCase x, Mxcsr c, ref FpExceptions r) => (ulong)SoftFloat<Binary32>.ToInteger(x.A, 64, FpRounding.Zero, c, ref r), Integer: true),
        new("vcvtps2ph.near", "c4e3791dc000", Half(FpRounding.Nearest)),
        new("vcvtps2ph.up", "c4e3791dc002", Half(FpRounding.Up)),
        new("vcvtps2ph.zero", "c4e3791dc003", Half(FpRounding.Zero)),
        new("roundss.near", "660f3a0ac000", Rounding32(FpRounding.Nearest, false)),
        new("roundss.down", "660f3a0ac009", Rounding32(FpRounding.Down, true)),
    ];

    public static TheoryData<string> Doubles => [.. Binary64Operations.Select(operation => operation.Name)];

    public static TheoryData<string> Singles => [.. Binary32Operations.Select(operation => operation.Name)];

    [HostTheory]
    [MemberData(nameof(Doubles))]
    public void Binary64_RandomAndEdgeOperands_EqualTheHost(string name)
        => CheckDouble(name, Batches);

    [HostTheory]
    [Trait("tier", "nightly")]
    [MemberData(nameof(Doubles))]
    public void Binary64_MillionsOfOperands_EqualTheHost(string name) => CheckDouble(name, NightlyBatches);

    private void CheckDouble(string name, int batches)
        => Check<Binary64>(Binary64Operations.Single(operation => operation.Name == name), ulong.MaxValue, batches);

    [HostTheory]
    [MemberData(nameof(Singles))]
    public void Binary32_RandomAndEdgeOperands_EqualTheHost(string name)
        => CheckSingle(name, Batches);

    [HostTheory]
    [Trait("tier", "nightly")]
    [MemberData(nameof(Singles))]
    public void Binary32_MillionsOfOperands_EqualTheHost(string name) => CheckSingle(name, NightlyBatches);

    private void CheckSingle(string name, int batches)
        => Check<Binary32>(Binary32Operations.Single(operation => operation.Name == name),
            name is "cvtss2sd" or "cvttss2si64" ? ulong.MaxValue : name.StartsWith("vcvtps2ph", StringComparison.Ordinal) ? 0xFFFF : uint.MaxValue,
            batches);

    [HostFact]
    public void Binary16_EveryValue_WidensAsTheHostDoes()
    {
        Operation widen = new("vcvtph2ps", "c4e27913c0", (in SseCase x, Mxcsr c, ref FpExceptions r) =>
        {
            ulong result = SoftFloat<Binary16>.ConvertTo<Binary32>(x.A, c.WithoutDenormalsAreZero(), ref r);
            r &= ~FpExceptions.Denormal;
            return result;
        });
        SseCase[] cases = new SseCase[65536];
        for (int value = 0; value < cases.Length; value++)
        {
            cases[value] = new SseCase { A = (ulong)value, ControlBefore = (value & 1) == 0 ? 0x1F80u : 0x9FC0u };
        }
        Compare(widen, cases, uint.MaxValue, seed: 0);
    }

    [HostTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compare_AllPredicates_EqualTheHost(bool wide)
    {
        Dice dice = new("cmp");
        output.WriteLine($"seed {dice.Seed}");
        for (int predicate = 0; predicate < 32; predicate++)
        {
            // vcmpsd / vcmpss xmm0,xmm0,xmm1,imm8
            int chosen = predicate;
            string code = (wide ? "c5fbc2c1" : "c5fac2c1") + predicate.ToString("x2");
            Operation operation = new($"vcmp.{predicate}", code, (in SseCase x, Mxcsr c, ref FpExceptions r) =>
            {
                bool signalling = FpPredicate.IsSignalling(chosen);
                FpRelation relation = wide
                    ? SoftFloat<Binary64>.Compare(x.A, x.B, signalling, c, ref r)
                    : SoftFloat<Binary32>.Compare((uint)x.A, (uint)x.B, signalling, c, ref r);
                return (FpPredicate.Relations(chosen) & relation) != 0 ? ulong.MaxValue : 0;
            });
            for (int batch = 0; batch < 4; batch++)
            {
                SseCase[] cases = wide ? Cases<Binary64>(dice) : Cases<Binary32>(dice);
                Compare(operation, cases, wide ? ulong.MaxValue : uint.MaxValue, dice.Seed);
            }
        }
    }

    private void Check<T>(Operation operation, ulong mask, int batches) where T : struct, IBinaryFormat
    {
        Dice dice = new(operation.Name);
        output.WriteLine($"seed {dice.Seed}");
        int shortcuts = 0;
        for (int batch = 0; batch < batches; batch++)
        {
            shortcuts += Compare(operation, Cases<T>(dice), mask, dice.Seed);
        }
        output.WriteLine($"{batches * BatchCases} cases, {shortcuts} by the fast path");
        Assert.True(operation.Fast is null || shortcuts > batches * BatchCases / 10, "the fast path was not taken");
    }

    private static SseCase[] Cases<T>(Dice dice) where T : struct, IBinaryFormat
    {
        SseCase[] cases = new SseCase[BatchCases];
        foreach (ref SseCase one in cases.AsSpan())
        {
            one.A = dice.Value<T>();
            one.B = dice.Below(16) switch
            {
                0 => one.A,
                1 => one.A ^ Format<T>.Sign,
                2 => one.A ^ (ulong)dice.Below(8),
                3 => one.A ^ Format<T>.Sign ^ (ulong)dice.Below(8),
                _ => dice.Value<T>(),
            };
            one.C = dice.Value<T>();
            if (dice.Below(4) == 0)
            {
                // An addend that cancels most of the product.
                FpExceptions none = FpExceptions.None;
                one.C = SoftFloat<T>.Multiply(one.A, one.B, new Mxcsr(0x1F80), ref none) ^ Format<T>.Sign ^ (ulong)dice.Below(4);
            }
            if (dice.Below(8) == 0)
            {
                // Integers, half-integers and the edges of the integer formats.
                FpExceptions none = FpExceptions.None;
                long integer = (long)dice.Next() >> dice.Below(64);
                one.A = SoftFloat<T>.FromInteger(integer, new Mxcsr(0x7F80), ref none);
            }
            one.ControlBefore = dice.Control();
        }
        return cases;
    }

    private static int Compare(Operation operation, SseCase[] cases, ulong mask, ulong seed)
    {
        using (HostCode code = SseCase.Compile(operation.Code))
        {
            code.Run<SseCase>(cases);
        }
        int shortcuts = 0;
        foreach (ref readonly SseCase one in cases.AsSpan())
        {
            Mxcsr control = new(one.ControlBefore);
            FpExceptions raised = FpExceptions.None;
            ulong result = operation.Define(one, control, ref raised) & mask;
            uint after = one.ControlBefore;
            Assert.Equal(FpExceptions.None, Mxcsr.Raise(ref after, raised));
            ulong expected = (operation.Integer ? one.Rax : one.Result) & mask;
            if (result != expected || after != one.ControlAfter)
            {
                Assert.Fail($"{operation.Name} a={one.A & mask:x} b={one.B & mask:x} c={one.C & mask:x} mxcsr={one.ControlBefore:x}: "
                    + $"host {expected:x} mxcsr {one.ControlAfter:x}, ours {result:x} mxcsr {after:x} (seed {seed})");
            }
            if (operation.Fast is not null && operation.Fast(one, one.ControlBefore, out ulong quick))
            {
                shortcuts++;
                Assert.True((quick & mask) == expected && one.ControlAfter == one.ControlBefore,
                    $"{operation.Name} fast path a={one.A:x} b={one.B:x} c={one.C:x} mxcsr={one.ControlBefore:x}: "
                    + $"host {expected:x} mxcsr {one.ControlAfter:x}, ours {quick:x} (seed {seed})");
            }
        }
        return shortcuts;
    }

    private static bool Fast64<TOp>(in SseCase x, uint mxcsr, out ulong result) where TOp : struct, IFloatOperation
        => FastFloat.Try64<TOp>(x.A, x.B, mxcsr, out result);

    private static bool Fast32<TOp>(in SseCase x, uint mxcsr, out ulong result) where TOp : struct, IFloatOperation
    {
        bool yes = FastFloat.Try32<TOp>((uint)x.A, (uint)x.B, mxcsr, out uint low);
        result = low;
        return yes;
    }

    private static Definition Rounding64(FpRounding rounding, bool suppress)
        => (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary64>.RoundToIntegral(x.A, rounding, suppress, c, ref r);

    private static Definition Rounding32(FpRounding rounding, bool suppress)
        => (in SseCase x, Mxcsr c, ref FpExceptions r) => SoftFloat<Binary32>.RoundToIntegral(x.A, rounding, suppress, c, ref r);

    private static Definition Half(FpRounding rounding)
        => (in SseCase x, Mxcsr c, ref FpExceptions r)
            => SoftFloat<Binary32>.ConvertTo<Binary16>(x.A, c.WithRounding(rounding).WithoutFlushToZero(), ref r);
}
