using Microsoft.Win32.SafeHandles;

namespace Hv.Interop.Tests;

public sealed class FileControlTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    private SafeFileHandle Open() => File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    [Fact]
    public void TryLock_TwoOpens_OneWriterOrManyReaders()
    {
        using SafeFileHandle reader = Open();
        Assert.True(FileControl.TryLock(reader, exclusive: false));
        using (SafeFileHandle other = Open())
        {
            Assert.True(FileControl.TryLock(other, exclusive: false));
            Assert.Equal(OperatingSystem.IsWindows(), FileControl.TryLock(other, exclusive: true));
        }
    }

    [Fact]
    public void PunchHoleAndZeroRange_RangeReadsAsZeroesAndTheLengthStays()
    {
        File.WriteAllBytes(path, Enumerable.Repeat((byte)7, 64 << 10).ToArray());
        using (SafeFileHandle file = Open())
        {
            Assert.Equal(64 << 10, FileControl.Length(file));
            Assert.Equal(512, FileControl.SectorBytes(file));
            Assert.Equal(OperatingSystem.IsLinux(), FileControl.PunchHole(file, 4096, 8192));
            _ = FileControl.ZeroRange(file, 32768, 4096);
            Assert.True(FileControl.SyncData(file));
            Assert.Equal(64 << 10, FileControl.Length(file));
        }
        byte[] bytes = File.ReadAllBytes(path);
        Assert.Equal(7, bytes[4095]);
        Assert.True(bytes.AsSpan(4096, 8192).IndexOfAnyExcept(OperatingSystem.IsLinux() ? (byte)0 : (byte)7) < 0);
        Assert.Equal(7, bytes[12288]);
    }
}
