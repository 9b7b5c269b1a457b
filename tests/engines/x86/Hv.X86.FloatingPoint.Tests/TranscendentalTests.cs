using Xunit.Abstractions;

namespace Hv.X86.FloatingPoint.Tests;

/// <summary>The transcendental x87 instructions against the host's processor. Vendors' results differ from each other in the last
/// place, so results may differ by one unit and C1 and (at the edge of the range) UE are not compared.</summary>
public sealed class TranscendentalTests(ITestOutputHelper output)
{
    private const int BatchCases = 2048;
    private const int Batches = 12;

    private delegate Float80 Definition(in X87Case x, X87Control c, ref FpExceptions raised);

    private sealed record Function(string Name, string Code, int Low, int High, Definition Define, bool Binary = false);

    private static readonly Function[] Functions =
    [
        new("fsin", "d9fe", -70, 62, (in X87Case x, X87Control c, ref FpExceptions r) => { _ = X87.Sine(x.A.Value, c, ref r, out Float80 v); return v; }),
        new("fcos", "d9ff", -70, 62, (in X87Case x, X87Control c, ref FpExceptions r) => { _ = X87.Cosine(x.A.Value, c, ref r, out Float80 v); return v; }),
        new("fptan", "d9f2ddd8", -70, 62, (in X87Case x, X87Control c, ref FpExceptions r) => { _ = X87.Tangent(x.A.Value, c, ref r, out Float80 v); return v; }),
        new("fpatan", "d9f3", -90, 90, (in X87Case x, X87Control c, ref FpExceptions r) => X87.ArcTangent(x.B.Value, x.A.Value, c, ref r), true),
        new("f2xm1", "d9f0", -80, -1, (in X87Case x, X87Control c, ref FpExceptions r) => X87.ExponentialMinusOne(x.A.Value, c, ref r)),
        new("fyl2x", "d9f1", -80, 80, (in X87Case x, X87Control c, ref FpExceptions r) => X87.Logarithm(x.B.Value, x.A.Value, c, ref r), true),
        new("fyl2xp1", "d9f9", -80, -3, (in X87Case x, X87Control c, ref FpExceptions r) => X87.LogarithmPlusOne(x.B.Value, x.A.Value, c, ref r), true),
        new("fldpi", "d9eb", 0, 1, (in X87Case x, X87Control c, ref FpExceptions r) => X87.Constant(X87Constant.Pi, c)),
        new("fldl2e", "d9ea", 0, 1, (in X87Case x, X87Control c, ref FpExceptions r) => X87.Constant(X87Constant.Log2E, c)),
        new("fldl2t", "d9e9", 0, 1, (in X87Case x, X87Control c, ref FpExceptions r) => X87.Constant(X87Constant.Log2Ten, c)),
        new("fldlg2", "d9ec", 0, 1, (in X87Case x, X87Control c, ref FpExceptions r) => X87.Constant(X87Constant.Log10Two, c)),
        new("fldln2", "d9ed", 0, 1, (in X87Case x, X87Control c, ref FpExceptions r) => X87.Constant(X87Constant.Ln2, c)),
    ];

    public static TheoryData<string> Names => [.. Functions.Select(function => function.Name)];

    [HostTheory]
    [MemberData(nameof(Names))]
    public void Result_RandomOperands_IsWithinOneUnitOfTheHost(string name)
    {
        Function function = Functions.Single(candidate => candidate.Name == name);
        bool constant = function.High == 1;
        Dice dice = new(name);
        output.WriteLine($"seed {dice.Seed}");
        using HostCode code = X87Case.Compile(function.Code);
        X87Case[] cases = new X87Case[BatchCases];
        int different = 0;
        for (int batch = 0; batch < Batches; batch++)
        {
            foreach (ref X87Case one in cases.AsSpan())
            {
                one = new X87Case { Quiet = 0x037F, Control = (ushort)(0x037F | (dice.Below(4) << 10)) };
                one.A = dice.Below(8) == 0
                    ? Special(dice, function)
                    : Value(dice, function.Low, function.High);
                one.B = dice.Below(8) == 0 ? X87AgainstHostTests.RandomValue(dice, false) : Value(dice, -80, 80);
            }
            X87Case[] before = [.. cases];
            code.Run<X87Case>(cases);
            for (int index = 0; index < cases.Length; index++)
            {
                X87Case one = before[index];
                FpExceptions raised = FpExceptions.None;
                Float80 ours = function.Define(one, new X87Control(one.Control), ref raised);
                int flags = (int)(raised & FpExceptions.All);
                bool near = Near(ours, cases[index].Result.Value, constant ? 0ul : 1ul);
                different += ours == cases[index].Result.Value ? 0 : 1;
                int mask = (flags & 0x10) != 0 || (cases[index].Status & 0x10) != 0 ? 0x2F : 0x3F;
                if (!near || (flags & mask) != (cases[index].Status & mask))
                {
                    Assert.Fail($"{name} a={one.A} b={one.B} cw={one.Control:x}: host {cases[index].Result} sw {cases[index].Status & 0x3F:x}, "
                        + $"ours {(TenBytes)ours} sw {flags:x} (seed {dice.Seed})");
                }
            }
        }
        output.WriteLine($"{Batches * BatchCases} cases, {different} differ by one unit");
    }

    private static TenBytes Value(Dice dice, int low, int high) => new()
    {
        Significand = (1UL << 63) | dice.Fraction(63),
        SignExponent = (ushort)(Float80.Bias + low + dice.Below(high - low + 1) | (dice.Below(2) << 15)),
    };

    private static TenBytes Special(Dice dice, Function function)
    {
        TenBytes value = X87AgainstHostTests.RandomValue(dice, false);
        int exponent = value.Value.Exponent - Float80.Bias;
        // Where the manual leaves results undefined; FPTAN pushes nothing when its operand is out of range.
        bool restricted = function.Name is "f2xm1" or "fyl2xp1" or "fptan";
        return restricted && value.Value.Exponent != Float80.TopExponent && exponent > function.High ? Value(dice, function.Low, function.High)
            : value;
    }

    private static bool Near(Float80 a, Float80 b, ulong units)
    {
        if (a == b)
        {
            return true;
        }
        if (a.IsNaN || b.IsNaN || a.IsNegative != b.IsNegative)
        {
            return false;
        }
        UInt128 left = new((ulong)a.Exponent, a.Significand << 1), right = new((ulong)b.Exponent, b.Significand << 1);
        return (left > right ? left - right : right - left) <= units * 2;
    }
}
