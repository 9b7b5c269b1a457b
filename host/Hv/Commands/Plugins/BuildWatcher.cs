using System.Threading.Channels;

namespace Hv.Commands.Plugins;

/// <summary>Tells when a build has changed a folder: after its files have been left alone for a moment, since a build
/// writes many.</summary>
internal sealed class BuildWatcher : IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);

    private readonly Channel<bool> changes =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly FileSystemWatcher watcher;

    /// <summary>Watches a folder.</summary>
    /// <exception cref="IOException">It is not there.</exception>
    public BuildWatcher(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"there is no folder '{folder}' to watch");
        }

        watcher = new FileSystemWatcher(folder)
        {
            NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.FileName | NotifyFilters.Size,
            IncludeSubdirectories = true,
        };
        foreach (string pattern in (string[])["*.dll", "*.json", "*.so"])
        {
            watcher.Filters.Add(pattern);
        }

        watcher.Changed += (_, _) => changes.Writer.TryWrite(true);
        watcher.Created += (_, _) => changes.Writer.TryWrite(true);
        watcher.Renamed += (_, _) => changes.Writer.TryWrite(true);
        watcher.EnableRaisingEvents = true;
    }

    /// <summary>Waits for the next build to be over.</summary>
    public async Task NextBuildAsync(CancellationToken cancel)
    {
        await changes.Reader.ReadAsync(cancel).ConfigureAwait(false);
        while (true)
        {
            await Task.Delay(Quiet, cancel).ConfigureAwait(false);
            if (!changes.Reader.TryRead(out _))
            {
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => watcher.Dispose();
}
