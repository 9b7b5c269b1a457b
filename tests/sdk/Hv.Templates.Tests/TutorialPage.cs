namespace Hv.Templates.Tests;

/// <summary>What a block of the tutorial asks of its reader.</summary>
internal enum StepKind
{
    /// <summary>To run commands.</summary>
    Commands,
    /// <summary>To see these lines in what the commands before wrote.</summary>
    Output,
    /// <summary>To change files.</summary>
    Change,
    /// <summary>To write a file.</summary>
    NewFile,
}

/// <summary>One block of the tutorial.</summary>
/// <param name="Kind">What it asks.</param>
/// <param name="Text">Its lines.</param>
/// <param name="File">The file to write.</param>
/// <param name="Line">Where it begins on the page.</param>
internal sealed record TutorialStep(StepKind Kind, string Text, string? File, int Line);

/// <summary>The tutorial as a reader works through it: block by block.</summary>
internal static class TutorialPage
{
    private const string Fence = "```";
    private const string FileMark = " file=";

    public static IReadOnlyList<TutorialStep> Read(string page)
    {
        List<TutorialStep> steps = [];
        string[] lines = File.ReadAllLines(page);
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal)) continue;
            int begin = i;
            string[] body = [.. lines.Skip(i + 1).TakeWhile(l => l != Fence)];
            i += body.Length + 1;
            steps.Add(StepOf(lines[begin][Fence.Length..], string.Join('\n', body) + "\n", begin + 1));
        }

        return steps;
    }

    /// <summary>Lines of C# that the reader has to write: what changes add, and whole files.</summary>
    public static int CountCSharp(IEnumerable<TutorialStep> steps) => steps.Sum(step => step.Kind switch
    {
        StepKind.NewFile when step.File!.EndsWith(".cs", StringComparison.Ordinal) => Lines(step).Length,
        StepKind.Change => CountAdded(Lines(step)),
        _ => 0,
    });

    private static string[] Lines(TutorialStep step) => step.Text.TrimEnd('\n').Split('\n');

    private static int CountAdded(string[] lines)
    {
        bool isCSharp = false;
        int count = 0;
        foreach (string line in lines)
        {
            if (line.StartsWith("+++ ", StringComparison.Ordinal)) isCSharp = line.EndsWith(".cs", StringComparison.Ordinal);
            else if (isCSharp && line.StartsWith('+')) count++;
        }

        return count;
    }

    private static TutorialStep StepOf(string info, string text, int line)
    {
        if (info.IndexOf(FileMark, StringComparison.Ordinal) is var mark and > 0)
        {
            return new TutorialStep(StepKind.NewFile, text, info[(mark + FileMark.Length)..], line);
        }

        StepKind kind = info switch
        {
            "sh" => StepKind.Commands,
            "text" => StepKind.Output,
            "diff" => StepKind.Change,
            _ => throw new InvalidDataException($"line {line}: a reader does not know what to do with '{info}'"),
        };
        return new TutorialStep(kind, text, null, line);
    }
}
