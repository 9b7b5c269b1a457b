using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.State;
using Hv.Sdk.Time;
using Hv.Vmm.Backends;
using Hv.Vmm.Description;
using Hv.Vmm.Devices;
using Hv.Vmm.Time;
using Hv.Vmm.Vcpus;
using K4os.Compression.LZ4;

namespace Hv.Vmm.Snapshots;

/// <summary>Takes a saved machine over into a freshly reset one of the same description. Whatever cannot be honoured is
/// a
/// <see cref="StateException"/> that names it; the machine is not to be run afterwards.</summary>
internal sealed class SnapshotReader
{
    private readonly Stream input;
    private readonly Hardware hardware;
    private readonly HashSet<string> taken = [];
    private byte[] buffer = new byte[1 << 16];
    private int sections;

    private SnapshotReader(Stream input, Hardware hardware)
    {
        this.input = input;
        this.hardware = hardware;
    }

    /// <summary>Restores.</summary>
    /// <exception cref="StateException">The file is no snapshot, damaged, or of another machine.</exception>
    public static void Restore(string path, Hardware hardware)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
            new SnapshotReader(file, hardware).ReadAll();
        }
        catch (StateException e)
        {
            throw new StateException($"cannot restore '{path}': {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateException(
                $"cannot restore '{path}': {(e is FileNotFoundException ? "there is no such file" : e.Message)}");
        }
    }

    private void ReadAll()
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.HeaderBytes];
        if (input.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length
            || !header[..8].SequenceEqual(SnapshotFormat.Magic)) throw new StateException("it is not a snapshot");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version != SnapshotFormat.FormatVersion)
            throw new StateException(
                $"its format is version {version}, this Hv reads version {SnapshotFormat.FormatVersion}");
        while (ReadSection())
        {
        }
        CheckComplete();
        hardware.Memory.InvalidateAllCode();
        hardware.Processors!.Update();
    }

    private bool ReadSection()
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.SectionHeaderBytes];
        Fill(header);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header);
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(header[2..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (nameLength > SnapshotFormat.MaxNameBytes || length > SnapshotFormat.MaxPayloadBytes) throw Damaged();
        int total = nameLength + (int)length + sizeof(ulong);
        if (buffer.Length < total) buffer = new byte[total * 2];
        Fill(buffer.AsSpan(0, total));
        ReadOnlySpan<byte> nameBytes = buffer.AsSpan(0, nameLength);
        ReadOnlyMemory<byte> payload = buffer.AsMemory(nameLength, (int)length);
        ulong checksum = BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(nameLength + (int)length));
        if (checksum != SnapshotFormat.Checksum(version, nameBytes, payload.Span)) throw Damaged();

        string name = Encoding.UTF8.GetString(nameBytes);
        if (name == SnapshotFormat.End)
        {
            if (new StateReader(payload, version).UInt(1, 0, int.MaxValue) != (ulong)sections) throw Damaged();
            return false;
        }
        if (sections == 0 && name != SnapshotFormat.Machine) throw Damaged();
        sections++;
        Take(name, version, payload);
        return true;
    }

    private void Take(string name, ushort version, ReadOnlyMemory<byte> payload)
    {
        if (name == SnapshotFormat.Ram)
        {
            TakeRam(payload.Span);
            return;
        }
        if (!taken.Add(name)) throw Damaged();
        if (name.StartsWith(SnapshotFormat.Vcpu, StringComparison.Ordinal))
        {
            TakeVcpu(name, version, payload.Span);
            return;
        }
        StateReader reader = new(payload, version);
        if (name == SnapshotFormat.Machine) TakeMachine(reader);
        else if (name == SnapshotFormat.Lines)
            hardware.Fabric.Restore(reader.Groups(1, SnapshotFormat.MaxLines).Select(g => g.Text(1, 512)));
        else if (name == SnapshotFormat.Timers) TakeTimers(reader);
        else if (name == SnapshotFormat.Entropy) TakeEntropy(reader);
        else if (name == SnapshotFormat.Faults) hardware.Faults.Load(reader);
        else if (name.StartsWith(SnapshotFormat.Reads, StringComparison.Ordinal))
            Vcpu(name, SnapshotFormat.Reads).Bus.Load(reader);
        else if (name.StartsWith(SnapshotFormat.Backend, StringComparison.Ordinal)) TakeBackend(name, reader);
        else if (name.StartsWith(SnapshotFormat.Device, StringComparison.Ordinal)) TakeDevice(name, version, reader);
        else throw new StateException($"it has a part '{name}' that this Hv does not know");
    }

    private void TakeMachine(StateReader r)
    {
        MachineDescription here = hardware.Description;
        Same("board", r.Text(3, 256), hardware.BoardName);
        Same("bytes of memory", r.UInt(4, 0, ulong.MaxValue), hardware.Memory.LengthBytes);
        Same("number of vCPUs", r.UInt(5, 0, ulong.MaxValue), (ulong)here.VcpuCount);
        Same("CPU model", r.Text(6, 256), here.CpuModel);
        Same("time mode", (TimeMode)r.UInt(7, 0, 255), here.Time);
        Same("frequency of the time-stamp counter", r.UInt(8, 0, ulong.MaxValue), here.TscHz);
        hardware.Seed = r.UInt(9, 0, ulong.MaxValue);
        hardware.Clock.Set(VmTime.FromNs(r.Int(11, 0)), r.Int(10, 0));
        if (hardware.Runner is DeterministicRunner runner)
        {
            runner.Current = (int)r.UInt(13, 0, (ulong)here.VcpuCount - 1);
            runner.TurnLeft = r.UInt(14, 0, ulong.MaxValue);
            runner.TotalRetired = r.UInt(15, 0, ulong.MaxValue);
        }
        Dictionary<string, DeviceNode> nodes = hardware.Devices.ToDictionary(d => d.Path, d => d.Node);
        foreach (StateReader group in r.Groups(20, SnapshotFormat.MaxDevices))
        {
            string path = group.Text(1, 256);
            string model = group.Text(2, 256);
            if (!nodes.Remove(path, out DeviceNode? node))
                throw new StateException($"this machine has no device {path} ({model})");
            Same($"model of the device {path}", model, node.Model.Name);
        }
        if (nodes.Count > 0) throw new StateException($"the saved machine had no device {nodes.Keys.First()}");
    }

    private static void Same<T>(string what, T saved, T here)
    {
        if (!EqualityComparer<T>.Default.Equals(saved, here))
            throw new StateException($"the {what} was {saved} and is {here} here");
    }

    private void TakeTimers(StateReader r)
    {
        Dictionary<string, VmTimer> timers = hardware.Timers.All
            .Where(t => !t.Owner.KeepsItsTimers).ToDictionary(t => t.FullName);
        hardware.Timers.CancelAll();
        foreach (StateReader group in r.Groups(1, SnapshotFormat.MaxTimers))
        {
            string name = group.Text(1, 512);
            if (!timers.TryGetValue(name, out VmTimer? timer))
                throw new StateException($"this machine has no timer {name}");
            timer.Arm(VmTime.FromNs(group.Int(2, 0)));
        }
    }

    private void TakeEntropy(StateReader r)
    {
        Dictionary<string, DeviceEntropy> entropies = hardware.Entropies.ToDictionary(e => e.Path);
        foreach (StateReader group in r.Groups(1, SnapshotFormat.MaxDevices))
        {
            string path = group.Text(1, 512);
            if (!entropies.TryGetValue(path, out DeviceEntropy? entropy))
                throw new StateException($"this machine has no randomness for {path}");
            entropy.Restore(hardware.Seed, group.UInt(2, 0, ulong.MaxValue));
        }
    }

    private void TakeBackend(string name, StateReader r)
    {
        string place = name[SnapshotFormat.Backend.Length..];
        int slash = place.LastIndexOf('/');
        string path = slash < 0 ? place : place[..slash];
        // The host's side may be another one now, as long as it is of the same kind.
        if (hardware.Backend(path, place[(slash + 1)..]) is not { } port)
            throw new StateException($"nothing is connected to {place} here");
        Same($"kind of backend of {place}", r.Text(1, 64), port.StateId);
        port.Load(r.Groups(2, 1)[0]);
    }

    private void TakeDevice(string name, ushort version, StateReader r)
    {
        string path = name[SnapshotFormat.Device.Length..];
        DeviceNode? node = hardware.Devices.Find(d => d.Path == path)?.Node;
        if (node?.State is not { } state) throw new StateException($"the device {path} takes no state here");
        string who = $"the state of the device {path} ({node.Model.Name}, plugin {node.Model.Plugin} {node.Model.PluginVersion})";
        string id = r.Text(1, 128);
        if (id != state.StateId) throw new StateException($"{who} has the layout {id}; {state.StateId} is read");
        ushort oldest = state.OldestStateVersion == 0 ? (ushort)1 : state.OldestStateVersion;
        if (version > state.StateVersion || version < oldest)
            throw new StateException($"{who} has version {version}; {oldest} to {state.StateVersion} are read");
        using StrandScope scope = node.Strand.Enter();
        try
        {
            state.Load(r.Groups(2, 1)[0]);
        }
        catch (Exception e)
        {
            throw new StateException($"{who} is not accepted: {e.Message}");
        }
    }

    private void TakeVcpu(string name, ushort version, ReadOnlySpan<byte> payload)
    {
        VcpuNode vcpu = Vcpu(name, SnapshotFormat.Vcpu);
        if (version > VcpuState.CurrentVersion || payload.Length > Unsafe.SizeOf<VcpuState>())
            throw new StateException(
                $"{name} has a state of version {version} with {payload.Length} bytes, which this Hv cannot read");
        VcpuState state = default; // fields are only ever appended: what an older layout lacks is zero
        payload.CopyTo(MemoryMarshal.AsBytes(new Span<VcpuState>(ref state)));
        vcpu.WriteState(state);
    }

    private VcpuNode Vcpu(string name, string kind) =>
        int.TryParse(name.AsSpan(kind.Length), out int index) && (uint)index < (uint)hardware.Vcpus.Count
            ? hardware.Vcpus[index] : throw new StateException($"this machine has no vCPU for the part '{name}'");

    private void TakeRam(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < SnapshotFormat.RamHeaderBytes) throw Damaged();
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(payload);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]);
        ReadOnlySpan<byte> body = payload[SnapshotFormat.RamHeaderBytes..];
        if (length > SnapshotFormat.RamPieceBytes || offset > hardware.Memory.LengthBytes
            || length > hardware.Memory.LengthBytes - offset)
            throw Damaged();
        Span<byte> to = hardware.Memory.Span(offset, (int)length);
        bool isRight = payload[12] switch
        {
            SnapshotFormat.CodecPlain => body.Length == length && body.TryCopyTo(to),
            SnapshotFormat.CodecLz4 => LZ4Codec.Decode(body, to) == length,
            _ => false,
        };
        if (!isRight) throw Damaged();
        hardware.Memory.Dirty.Mark(offset, length);
    }

    private void CheckComplete()
    {
        List<string> wanted = [SnapshotFormat.Lines, SnapshotFormat.Timers, SnapshotFormat.Entropy];
        wanted.AddRange(
            hardware.Devices.Where(d => d.Node.State is not null).Select(d => SnapshotFormat.Device + d.Path));
        wanted.AddRange(hardware.Vcpus.Select(v => $"{SnapshotFormat.Vcpu}{v.Index}"));
        foreach (string name in wanted)
        {
            if (!taken.Contains(name)) throw new StateException($"it lacks the part '{name}'");
        }
    }

    private void Fill(Span<byte> to)
    {
        if (input.ReadAtLeast(to, to.Length, throwOnEndOfStream: false) < to.Length)
            throw new StateException("it ends too early: it was not written completely, or was cut");
    }

    private static StateException Damaged() => new("it is damaged: a checksum or a length is wrong");
}
