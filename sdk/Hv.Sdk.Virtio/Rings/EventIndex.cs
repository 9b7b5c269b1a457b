namespace Hv.Sdk.Virtio.Rings;

/// <summary>Arithmetic of VIRTIO_F_EVENT_IDX (virtio 1.2, 2.7.10).</summary>
internal static class EventIndex
{
    /// <summary>Whether going from <paramref name="old"/> to <paramref name="now"/> went past <paramref name="wish"/>,
    /// modulo 65536.</summary>
    public static bool IsPassed(ushort wish, ushort now, ushort old) => (ushort)(now - wish - 1) < (ushort)(now - old);
}
