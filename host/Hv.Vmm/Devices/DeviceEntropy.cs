using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Hv.Sdk;

namespace Hv.Vmm.Devices;

/// <summary>Randomness of one device: the ChaCha20 stream (RFC 8439, 2.3) under a key made from the machine's seed and
/// the device's path. Its position is all the state there is.</summary>
internal sealed class DeviceEntropy : IEntropy
{
    private const int BlockBytes = 64;

    private readonly Lock gate = new(); // vCPU threads share the engine's stream
    private readonly uint[] key = new uint[8];
    private readonly byte[] block = new byte[BlockBytes];
    private ulong blockNumber = ulong.MaxValue;

    public DeviceEntropy(ulong seed, string path)
    {
        Path = path;
        Restore(seed, 0);
    }

    public string Path { get; }

    /// <summary>Bytes given out so far.</summary>
    public ulong Position { get; private set; }

    /// <summary>Goes to a position of the stream of a seed.</summary>
    public void Restore(ulong seed, ulong position)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"hv entropy {seed:x16} {Path}"));
        for (int i = 0; i < key.Length; i++) key[i] = BinaryPrimitives.ReadUInt32LittleEndian(hash.AsSpan(i * 4));
        blockNumber = ulong.MaxValue;
        Position = position;
    }

    /// <summary>Hot path.</summary>
    public void Fill(Span<byte> destination)
    {
        lock (gate)
        {
            while (destination.Length > 0)
            {
                ulong number = Position / BlockBytes;
                int from = (int)(Position % BlockBytes);
                if (number != blockNumber) Generate(number);
                int length = Math.Min(BlockBytes - from, destination.Length);
                block.AsSpan(from, length).CopyTo(destination);
                destination = destination[length..];
                Position += (ulong)length;
            }
        }
    }

    private void Generate(ulong number)
    {
        Span<uint> start =
        [
            0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
            key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7],
            (uint)number, (uint)(number >> 32), 0, 0,
        ];
        Span<uint> x = stackalloc uint[16];
        start.CopyTo(x);
        for (int round = 0; round < 20; round += 2)
        {
            Quarter(x, 0, 4, 8, 12);
            Quarter(x, 1, 5, 9, 13);
            Quarter(x, 2, 6, 10, 14);
            Quarter(x, 3, 7, 11, 15);
            Quarter(x, 0, 5, 10, 15);
            Quarter(x, 1, 6, 11, 12);
            Quarter(x, 2, 7, 8, 13);
            Quarter(x, 3, 4, 9, 14);
        }
        for (int i = 0; i < 16; i++) BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(i * 4), x[i] + start[i]);
        blockNumber = number;
    }

    private static void Quarter(Span<uint> x, int a, int b, int c, int d)
    {
        x[a] += x[b];
        x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 16);
        x[c] += x[d];
        x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 12);
        x[a] += x[b];
        x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 8);
        x[c] += x[d];
        x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 7);
    }
}
