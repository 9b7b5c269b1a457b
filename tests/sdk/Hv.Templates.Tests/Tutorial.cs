namespace Hv.Templates.Tests;

/// <summary>The page's promises that can be seen without building anything.</summary>
public sealed class TutorialText : IDisposable
{
    private const int MostLines = 120;

    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Fact]
    public void Tutorial_AsksForFewLinesOfCSharp() =>
        Assert.InRange(TutorialPage.CountCSharp(TutorialPage.Read(Workplace.Tutorial)), 60, MostLines);

    [Fact]
    public void Tutorial_ItsChanges_FitTheTemplate()
    {
        place.Run(0, Workplace.Hv, "plugin", "new", "pci-device", "Acme.Adder");
        Reader reader = new(place) { Folder = "Acme.Adder" };

        foreach (TutorialStep step in TutorialPage.Read(Workplace.Tutorial))
        {
            if (step.Kind is StepKind.Change or StepKind.NewFile) reader.Follow(step);
        }
    }
}

/// <summary>Somebody follows the tutorial to the letter, with the packages and an installation and nothing
/// else.</summary>
[Trait("tier", "nightly")]
[Collection(nameof(PackedSdk))]
public sealed class TutorialFollowed(PackedSdk sdk)
{
    [Fact]
    public void Tutorial_FollowedToTheLetter_Works()
    {
        Reader reader = new(sdk.Place);
        foreach (TutorialStep step in TutorialPage.Read(Workplace.Tutorial)) reader.Follow(step);
    }
}

/// <summary>Does what a page says, in one shell session.</summary>
internal sealed class Reader(Workplace place)
{
    private string output = "";

    /// <summary>Where the reader is, below the workplace.</summary>
    public string Folder { get; set; } = ".";

    public void Follow(TutorialStep step)
    {
        string here = Path.Combine(place.Root, Folder);
        switch (step.Kind)
        {
            case StepKind.Commands:
                output = place.Run(0, "bash", "-ec", $"cd '{here}'\n{step.Text}\npwd > '{place.Root}/where'");
                Folder = Path.GetRelativePath(place.Root, File.ReadAllText(Path.Combine(place.Root, "where")).Trim());
                break;
            case StepKind.Output:
                Assert.All(step.Text.Trim().Split('\n'), line => Assert.True(
                    output.Contains(line, StringComparison.Ordinal), $"line {step.Line}: '{line}' is not in:\n{output}"));
                break;
            case StepKind.Change:
                File.WriteAllText(Path.Combine(place.Root, "change.diff"), step.Text);
                place.Run(0, "bash", "-ec", $"cd '{here}' && git apply --unsafe-paths '{place.Root}/change.diff'");
                break;
            case StepKind.NewFile:
                File.WriteAllText(Path.Combine(here, step.File!), step.Text);
                break;
        }
    }
}
