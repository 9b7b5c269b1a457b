namespace Hv.Vmm.Snapshots;
internal static class SnapshotWriter { public static void Write(string path, Hardware hardware) => throw new NotSupportedException(path + hardware.BoardName); }
internal static class SnapshotReader { public static void Restore(string path, Hardware hardware) => throw new NotSupportedException(path + hardware.BoardName); }
