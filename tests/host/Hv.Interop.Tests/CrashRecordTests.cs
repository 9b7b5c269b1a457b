namespace Hv.Interop.Tests;

public sealed class CrashRecordTests
{
    [Fact]
    public void Underway_NotedAndTakenBack_NamesEachOnce()
    {
        using CrashRecord record = new();
        record.Name(1, "disk0");
        record.Name(2, "serial0");
        CallNote first = record.AddCaller(), second = record.AddCaller();
        first.Set(1);
        second.Set(1);
        Assert.Equal(["disk0"], record.Underway());

        second.Set(2);
        Assert.Equal(["disk0", "serial0"], record.Underway());

        first.Set(0);
        Assert.Equal(["serial0"], record.Underway());
    }

    [Fact]
    public void Underway_UsualAndOther_TheUsualComeLast()
    {
        using CrashRecord record = new();
        record.Name(1, "engine", isUsual: true);
        record.Name(2, "disk0");
        record.AddCaller().Set(1);
        record.AddCaller().Set(2);
        Assert.Equal(["disk0", "engine"], record.Underway());
    }

    [Fact]
    public void Underway_NumbersWithoutName_AreNobody()
    {
        using CrashRecord record = new();
        record.Name(CrashRecord.MaxNames, "the last");
        record.Name(CrashRecord.MaxNames + 1, "one more");
        foreach (int number in (int[])[-1, 7, CrashRecord.MaxNames, CrashRecord.MaxNames + 1, int.MaxValue])
            record.AddCaller().Set(number);
        Assert.Equal(["the last"], record.Underway());
    }

    [Fact]
    public void AddCaller_MoreThanFit_StillNotes()
    {
        using CrashRecord record = new();
        record.Name(1, "late");
        CallNote last = default;
        for (int i = 0; i < 2 * CrashRecord.MaxCallers; i++) last = record.AddCaller();
        last.Set(1);
        Assert.Equal(["late"], record.Underway());
    }

    [Fact]
    public void RemoveCaller_OfAll_MakesRoomForAsMany()
    {
        using CrashRecord record = new();
        for (int round = 0; round < 3; round++)
        {
            CallNote[] notes = [.. Enumerable.Range(0, CrashRecord.MaxCallers).Select(_ => record.AddCaller())];
            for (int i = 0; i < notes.Length; i++)
            {
                record.Name(i + 1, $"{i}");
                notes[i].Set(i + 1);
            }
            Assert.Equal(CrashRecord.MaxCallers, record.Underway().Count);
            foreach (CallNote note in notes) record.RemoveCaller(note);
            Assert.Empty(record.Underway());
        }
    }

    [Fact]
    public void Name_Long_IsCutBetweenCharacters()
    {
        using CrashRecord record = new();
        record.Name(1, new string('ä', 1000));
        record.AddCaller().Set(1);
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
