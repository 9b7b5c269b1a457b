using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using Hv.Sdk.Engines;
using Hv.Sdk.State;
using Hv.Vmm.Devices;
using Hv.Vmm.Time;
using Hv.Vmm.Vcpus;

namespace Hv.Vmm.Snapshots;

/// <summary>A hash over everything that a machine's future depends on: memory, vCPUs, devices, timers, lines, time. Two
/// runs that agree in it are the same run so far.</summary>
/// <param name="Instructions">Instructions that all vCPUs had retired.</param>
/// <param name="Hash">The hash.</param>
public sealed record StateHash(ulong Instructions, ulong Hash)
{
    private const int PieceBytes = 1 << 20;
    private const ulong Prime = 0x9e3779b97f4a7c15;

    internal static StateHash Of(Hardware hardware, ulong instructions)
    {
        ulong hash = Mix(instructions, (ulong)hardware.Clock.Now.Nanoseconds);
        for (ulong at = 0; at < hardware.Memory.LengthBytes; at += PieceBytes)
        {
            int length = (int)Math.Min(PieceBytes, hardware.Memory.LengthBytes - at);
            hash = Mix(hash, OfBytes(hardware.Memory.Span(at, length)));
        }
        foreach (VcpuNode vcpu in hardware.Vcpus)
        {
            VcpuState state = default;
            vcpu.ReadState(ref state);
            hash = Mix(hash, OfBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<VcpuState>(in state))));
        }
        foreach (DeviceContext device in hardware.Devices)
        {
            hash = Mix(hash, device.DeviceEntropy.Position);
            if (device.Node.State is not { } stateful || device.Node.IsFailed) continue;
            ArrayBufferWriter<byte> bytes = new();
            stateful.Save(new StateWriter(bytes));
            hash = Mix(hash, OfBytes(bytes.WrittenSpan));
        }
        if (hardware.Faults.Rules.Count > 0)
        {
            ArrayBufferWriter<byte> bytes = new();
            hardware.Faults.Save(new StateWriter(bytes));
            hash = Mix(hash, OfBytes(bytes.WrittenSpan));
        }
        foreach (VmTimer timer in hardware.Timers.All) hash = Mix(hash, (ulong)timer.DueNs);
        foreach (string line in hardware.Fabric.HighOutputs())
            hash = Mix(hash, OfBytes(MemoryMarshal.AsBytes(line.AsSpan())));
        return new StateHash(instructions, hash);
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        ulong high = Math.BigMul(hash ^ Prime, value ^ BitOperations.RotateLeft(Prime, 32), out ulong low);
        return BitOperations.RotateLeft(hash, 23) ^ high ^ low ^ value;
    }

    // Four lanes, so that memory speed and not the latency of the multiplication is the limit.
    internal static ulong OfBytes(ReadOnlySpan<byte> bytes)
    {
        ulong a = 1;
        ulong b = 2;
        ulong c = 3;
        ulong d = (ulong)bytes.Length;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        int i = 0;
        for (; i + 4 <= words.Length; i += 4)
        {
            a = BitOperations.RotateLeft(a ^ words[i], 29) * Prime;
            b = BitOperations.RotateLeft(b ^ words[i + 1], 31) * Prime;
            c = BitOperations.RotateLeft(c ^ words[i + 2], 33) * Prime;
            d = BitOperations.RotateLeft(d ^ words[i + 3], 37) * Prime;
        }
        for (; i < words.Length; i++) a = BitOperations.RotateLeft(a ^ words[i], 29) * Prime;
        foreach (byte rest in bytes[(words.Length * 8)..]) b = BitOperations.RotateLeft(b ^ rest, 31) * Prime;
        return Mix(Mix(a, b), Mix(c, d));
    }
}
