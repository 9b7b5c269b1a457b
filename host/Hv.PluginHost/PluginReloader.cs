using Hv.Diagnostics;
using Hv.Vmm;
using Hv.Vmm.Reload;

namespace Hv.PluginHost;

/// <summary>Replaces a plugin's code under a running machine: loads the new code, lets it take over, and lets go of
/// the old. Any thread.</summary>
/// <param name="machine">The machine, started with <c>reloadable</c>.</param>
/// <param name="catalog">Its plugins.</param>
public sealed class PluginReloader(Machine machine, PluginCatalog catalog)
{
    /// <summary>The runtime frees replaced code when it collects garbage, which a machine at work hardly makes: with
    /// this many contexts waiting it is told to.</summary>
    public const int MostWaitingContexts = 8;

    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>Replaces; all or nothing.</summary>
    /// <param name="plugin">The plugin's id.</param>
    /// <param name="folder">Where the new code is; null for where the plugin is installed.</param>
    /// <exception cref="DiagnosticException">The new code is broken or cannot take over; the code that ran goes
    /// on.</exception>
    public async Task<ReloadReport> ReloadAsync(string plugin, string? folder)
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!machine.Description.IsReloadable)
            {
                throw Refusal(plugin, $"the VM '{machine.Name}' was not started for replacing plugins", "start it with --reloadable");
            }

            using PluginReplacement replacement = catalog.Prepare(plugin, folder);
            ReloadReport report = await machine.ReloadAsync(replacement).ConfigureAwait(false);
            replacement.Commit();
            return report;
        }
        catch (ReloadRefusedException e)
        {
            throw Refusal(plugin, e.Problem, e.Remedy);
        }
        finally
        {
            turn.Release();
            if (catalog.RetiredContexts(mustCollect: false).InMemory >= MostWaitingContexts)
            {
                GC.Collect();
            }
        }
    }

    // Without the exception of the new code, which would lead to it and keep it in memory.
    private static DiagnosticException Refusal(string plugin, string problem, string remedy) =>
        new(new Diagnostic(Codes.NotReplaceable, Place.Of(plugin), problem, remedy));
}
