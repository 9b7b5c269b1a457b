namespace Hv.Templates.Tests;

/// <summary>The packages, made by the one command, and the templates of them installed.</summary>
public sealed class PackedSdk : IDisposable
{
    public PackedSdk()
    {
        using (var packing = new Workplace())
        {
            packing.Run(0, "dotnet", "pack", "-c", "Release", Workplace.SdkSources);
        }

        // Added to the feeds that the machine has anyway.
        File.WriteAllText(Path.Combine(Place.Root, "nuget.config"), $"""
            <configuration><packageSources><add key="hv" value="{Workplace.Packages}" /></packageSources></configuration>
            """);
        Place.Run(0, "dotnet", "new", "install",
            Directory.EnumerateFiles(Workplace.Packages, "Hv.Templates.*.nupkg").Single());
    }

    internal Workplace Place { get; } = new();

    public void Dispose() => Place.Dispose();
}

/// <summary>The packages are made once for all tests that use them.</summary>
[CollectionDefinition(nameof(PackedSdk))]
public sealed class PackedSdkCollection : ICollectionFixture<PackedSdk>;
