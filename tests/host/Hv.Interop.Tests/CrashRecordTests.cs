namespace Hv.Interop.Tests;

public sealed class CrashRecordTests
{
    [Fact]
    public void Underway_NotedAndTakenBack_NamesEachOnce()
    {
        using CrashRecord record = new();
        CallNote first = record.AddCaller(), second = record.AddCaller();
        first.Set(record.Register("disk0"));
        second.Set(record.Register("disk0"));
        Assert.Equal(["disk0"], record.Underway());

        second.Set(record.Register("serial0"));
        Assert.Equal(["disk0", "serial0"], record.Underway());

        first.Set(0);
        Assert.Equal(["serial0"], record.Underway());
    }

    [Fact]
    public void Register_MoreThanFit_IsNobody()
    {
        using CrashRecord record = new();
        for (int i = 1; i <= CrashRecord.MaxNames; i++) Assert.Equal(i, record.Register($"device{i}"));

        Assert.Equal(0, record.Register("one more"));
        Assert.Equal(7, record.Register("device7"));
    }

    [Fact]
    public void AddCaller_MoreThanFit_StillNotes()
    {
        using CrashRecord record = new();
        CallNote last = default;
        for (int i = 0; i < 2 * CrashRecord.MaxCallers; i++) last = record.AddCaller();
        last.Set(record.Register("late"));
        Assert.Equal(["late"], record.Underway());
    }

    [Fact]
    public void Register_LongName_IsCutBetweenCharacters()
    {
        using CrashRecord record = new();
        record.AddCaller().Set(record.Register(new string('ä', 1000)));
        Assert.Matches("^ä{10,}$", record.Underway().Single());
    }

    [Fact]
    public void Adopt_OfTheSameMemory_SeesWhatWasWritten()
    {
        if (!OperatingSystem.IsLinux()) return; // elsewhere there is no descriptor to hand on, and no supervisor
        using CrashRecord writer = new();
        using CrashRecord reader = CrashRecord.Adopt(Duplicate($"/proc/self/fd/{writer.FileDescriptor}"));
        writer.Facts = "facts";
        writer.IsComplete = true;
        Assert.Equal(("facts", true, false), (reader.Facts, reader.IsComplete, reader.IsListening));
    }

    // Opening the link gives the same memory under another descriptor, which the reader then owns.
    private static int Duplicate(string link)
    {
        Microsoft.Win32.SafeHandles.SafeFileHandle handle =
            File.OpenHandle(link, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        int descriptor = (int)handle.DangerousGetHandle();
        handle.SetHandleAsInvalid();
        return descriptor;
    }
}
