using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Hv.Interop;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.State;
using Hv.Vmm.Backends;
using Hv.Vmm.Devices;
using Hv.Vmm.Time;
using Hv.Vmm.Vcpus;
using K4os.Compression.LZ4;

namespace Hv.Vmm.Snapshots;

/// <summary>Writes a whole machine to a file while nothing of it runs. The file appears under its name only when it is
/// complete and on the disk.</summary>
internal sealed class SnapshotWriter
{
    private readonly Stream output;
    private readonly ArrayBufferWriter<byte> payload = new(1 << 16);
    private int sections;

    private SnapshotWriter(Stream output) => this.output = output;

    /// <summary>Saves the machine.</summary>
    /// <exception cref="IOException">The host cannot write the file; an older file of the name is
    /// untouched.</exception>
    /// <exception cref="InvalidOperationException">A device failed while it was saved; named.</exception>
    public static void Write(string path, Hardware hardware)
    {
        string temporary = $"{path}.{Environment.ProcessId}.partial";
        try
        {
            using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            {
                new SnapshotWriter(file).WriteAll(hardware);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
            FileControl.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private void WriteAll(Hardware hardware)
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.HeaderBytes];
        header.Clear();
        SnapshotFormat.Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], SnapshotFormat.FormatVersion);
        output.Write(header);

        Section(SnapshotFormat.Machine, 1, w => WriteMachine(hardware, w));
        Section(SnapshotFormat.Lines, 1, w =>
        {
            foreach (string line in hardware.Fabric.HighOutputs()) w.Group(1, g => g.Text(1, line));
        });
        Section(SnapshotFormat.Timers, 1, w => WriteTimers(hardware, w));
        Section(SnapshotFormat.Entropy, 1, w => WriteEntropy(hardware, w));
        if (hardware.Faults.Rules.Count > 0) Section(SnapshotFormat.Faults, 1, hardware.Faults.Save);
        foreach (((string path, string slot), IBackendPort port) in hardware.Backends)
        {
            Section($"{SnapshotFormat.Backend}{path}/{slot}", 1, w =>
            {
                w.Text(1, port.StateId);
                w.Group(2, port.Save);
            });
        }
        foreach (DeviceContext device in hardware.Devices) WriteDevice(device.Node);
        foreach (VcpuNode vcpu in hardware.Vcpus) WriteVcpu(vcpu);
        WriteRam(hardware);
        int before = sections;
        Section(SnapshotFormat.End, 1, w => w.UInt(1, (ulong)before));
    }

    private static void WriteMachine(Hardware hardware, StateWriter w)
    {
        w.Text(1, typeof(Machine).Assembly.GetName().Version?.ToString() ?? "");
        w.Text(2, hardware.Description.Name);
        w.Text(3, hardware.BoardName);
        w.UInt(4, hardware.Memory.LengthBytes);
        w.UInt(5, (ulong)hardware.Description.VcpuCount);
        w.Text(6, hardware.Description.CpuModel);
        w.UInt(7, (ulong)hardware.Description.Time);
        w.UInt(8, hardware.Description.TscHz);
        w.UInt(9, hardware.Seed);
        w.Int(10, hardware.Clock.EpochUnixNs);
        w.Int(11, hardware.Clock.Now.Nanoseconds);
        w.Text(12, hardware.EngineName);
        if (hardware.Runner is DeterministicRunner runner)
        {
            w.UInt(13, (ulong)runner.Current);
            w.UInt(14, runner.TurnLeft);
            w.UInt(15, runner.TotalRetired);
        }
        foreach (DeviceNode node in hardware.Devices.Select(d => d.Node))
        {
            w.Group(20, g =>
            {
                g.Text(1, node.Path);
                g.Text(2, node.Model.Name);
                g.Text(3, node.Model.Plugin);
                g.Text(4, node.Model.PluginVersion);
            });
        }
    }

    private static void WriteTimers(Hardware hardware, StateWriter w)
    {
        // In the order in which they were armed, so that equal deadlines fire in the same order again.
        foreach (VmTimer timer in hardware.Timers.All
            .Where(t => t.DueNs != long.MaxValue && !t.Owner.KeepsItsTimers).OrderBy(t => t.Sequence))
        {
            w.Group(1, g =>
            {
                g.Text(1, timer.FullName);
                g.Int(2, timer.DueNs);
            });
        }
    }

    private static void WriteEntropy(Hardware hardware, StateWriter w)
    {
        foreach (DeviceEntropy entropy in hardware.Entropies)
        {
            w.Group(1, g =>
            {
                g.Text(1, entropy.Path);
                g.UInt(2, entropy.Position);
            });
        }
    }

    private void WriteDevice(DeviceNode node)
    {
        if (node.State is not { } state) return;
        if (node.IsFailed)
            throw new InvalidOperationException($"the device {node.Path} has failed and cannot be saved");
        using StrandScope scope = node.Strand.Enter();
        try
        {
            Section(SnapshotFormat.Device + node.Path, state.StateVersion, w =>
            {
                w.Text(1, state.StateId);
                w.Group(2, state.Save);
            });
        }
        catch (Exception e) when (e is not IOException)
        {
            throw new InvalidOperationException(
                $"the device {node.Path} (plugin {node.Model.Plugin}) cannot be saved: {e.Message}", e);
        }
    }

    private void WriteVcpu(VcpuNode vcpu)
    {
        VcpuState state = default;
        vcpu.ReadState(ref state);
        payload.ResetWrittenCount();
        payload.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<VcpuState>(in state)));
        Emit($"{SnapshotFormat.Vcpu}{vcpu.Index}", (ushort)VcpuState.CurrentVersion, payload.WrittenSpan);
        if (vcpu.Bus.IsBetweenExecutions) Section($"{SnapshotFormat.Reads}{vcpu.Index}", 1, vcpu.Bus.Save);
    }

    private void WriteRam(Hardware hardware)
    {
        int bodyBytes = LZ4Codec.MaximumOutputSize(SnapshotFormat.RamPieceBytes);
        byte[] buffer = new byte[SnapshotFormat.RamHeaderBytes + bodyBytes];
        Span<byte> body = buffer.AsSpan(SnapshotFormat.RamHeaderBytes);
        for (ulong at = 0; at < hardware.Memory.LengthBytes; at += SnapshotFormat.RamPieceBytes)
        {
            int length = (int)Math.Min(SnapshotFormat.RamPieceBytes, hardware.Memory.LengthBytes - at);
            ReadOnlySpan<byte> bytes = hardware.Memory.Span(at, length);
            if (!bytes.ContainsAnyExcept((byte)0)) continue;
            int packed = LZ4Codec.Encode(bytes, body, LZ4Level.L00_FAST);
            bool isPlain = packed <= 0 || packed >= length;
            if (isPlain)
            {
                bytes.CopyTo(body);
                packed = length;
            }
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, at);
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(8), (uint)length);
            buffer[12] = isPlain ? SnapshotFormat.CodecPlain : SnapshotFormat.CodecLz4;
            Emit(SnapshotFormat.Ram, 1, buffer.AsSpan(0, SnapshotFormat.RamHeaderBytes + packed));
        }
    }

    private void Section(string name, ushort version, Action<StateWriter> write)
    {
        payload.ResetWrittenCount();
        write(new StateWriter(payload));
        Emit(name, version, payload.WrittenSpan);
    }

    private void Emit(string name, ushort version, ReadOnlySpan<byte> bytes)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        if (nameBytes.Length > SnapshotFormat.MaxNameBytes || bytes.Length > SnapshotFormat.MaxPayloadBytes)
            throw new InvalidOperationException(
                $"the section {name} has {bytes.Length} bytes, more than a snapshot takes");
        Span<byte> header = stackalloc byte[SnapshotFormat.SectionHeaderBytes];
        BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)nameBytes.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)bytes.Length);
        output.Write(header);
        output.Write(nameBytes);
        output.Write(bytes);
        Span<byte> checksum = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(checksum, SnapshotFormat.Checksum(version, nameBytes, bytes));
        output.Write(checksum);
        sections++;
    }
}
