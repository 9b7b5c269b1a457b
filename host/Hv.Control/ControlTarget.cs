using Hv.Diagnostics;
using StreamJsonRpc;

namespace Hv.Control;

/// <summary>The methods as JSON-RPC calls them: each passes to <see cref="ControlService"/>, and what is refused
/// becomes an error with the problems as its data.</summary>
public sealed class ControlTarget(ControlService service)
{
    /// <summary><see cref="Methods.Info"/>.</summary>
    [JsonRpcMethod(Methods.Info)]
    public MachineInfo Info() => service.Info();

    /// <summary><see cref="Methods.Pause"/>.</summary>
    [JsonRpcMethod(Methods.Pause)]
    public Task Pause() => Refusable(service.PauseAsync);

    /// <summary><see cref="Methods.Resume"/>.</summary>
    [JsonRpcMethod(Methods.Resume)]
    public Task Resume() => Refusable(service.ResumeAsync);

    /// <summary><see cref="Methods.Reset"/>.</summary>
    [JsonRpcMethod(Methods.Reset)]
    public Task Reset() => Refusable(service.ResetAsync);

    /// <summary><see cref="Methods.PowerButton"/>.</summary>
    [JsonRpcMethod(Methods.PowerButton)]
    public void PowerButton() => service.PressPowerButton();

    /// <summary><see cref="Methods.Quit"/>.</summary>
    [JsonRpcMethod(Methods.Quit)]
    public void Quit() => service.Quit();

    /// <summary><see cref="Methods.Plugins"/>.</summary>
    [JsonRpcMethod(Methods.Plugins, UseSingleObjectParameterDeserialization = true)]
    public PluginsInfo Plugins(PluginsRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return service.Plugins(request.Collect);
    }

    /// <summary><see cref="Methods.ReloadPlugin"/>.</summary>
    [JsonRpcMethod(Methods.ReloadPlugin, UseSingleObjectParameterDeserialization = true)]
    public async Task<ReloadInfo> ReloadPlugin(ReloadRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ReloadInfo? done = null;
        await Refusable(async () => done = await service.ReloadAsync(request).ConfigureAwait(false)).ConfigureAwait(
            false);
        return done!;
    }

    private static async Task Refusable(Func<Task> call)
    {
        IReadOnlyList<Diagnostic> why;
        try
        {
            await call().ConfigureAwait(false);
            return;
        }
        catch (DiagnosticException e)
        {
            why = e.Diagnostics;
        }

        // Thrown outside the catch: the exception of a plugin leads to its code, and must not travel with this one.
        throw new LocalRpcException(why[0].Problem)
        {
            ErrorCode = Methods.RefusedError,
            ErrorData = why.Select(
                d => new Problem(d.Code, d.Place.Source, d.Place.Line, d.Place.Column, d.Problem, d.Remedy)).ToArray(),
        };
    }
}
