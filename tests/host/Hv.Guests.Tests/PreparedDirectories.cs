namespace Hv.Guests.Tests;

/// <summary>A directory of the cache is made once, whole or not at all.</summary>
public sealed class PreparedDirectories : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("hv-prepared-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Get_Twice_MakesItOnce()
    {
        int made = 0;
        var prepared = new PreparedDirectory(root);

        string first = prepared.Get("a", "1", Make(() => made++));
        string second = prepared.Get("a", "1", Make(() => made++));

        Assert.Equal((first, 1), (second, made));
        Assert.Equal("contents", File.ReadAllText(Path.Combine(first, "file")));
    }

    [Fact]
    public void Get_AnotherRecipe_MakesItAnew()
    {
        int made = 0;
        var prepared = new PreparedDirectory(root);
        prepared.Get("a", "1", Make(() => made++));

        prepared.Get("a", "2", Make(() => made++));

        Assert.Equal(2, made);
    }

    [Fact]
    public void Get_MakingFails_LeavesNothingBehind()
    {
        var prepared = new PreparedDirectory(root);

        Assert.Throws<InvalidDataException>(() => prepared.Get("a", "1", directory =>
        {
            File.WriteAllText(Path.Combine(directory, "half"), "");
            throw new InvalidDataException();
        }));

        Assert.Empty(Directory.GetDirectories(root));
    }

    [Fact]
    public void Get_ManyAtOnce_MakesItOnce()
    {
        int made = 0;

        Parallel.For(0, 8, _ => new PreparedDirectory(root).Get("a", "1", Make(() => Interlocked.Increment(ref made))));

        Assert.Equal(1, made);
    }

    private static Func<string, string> Make(Action count) => directory =>
    {
        count();
        File.WriteAllText(Path.Combine(directory, "file"), "contents");
        return "a test";
    };
}
