using Hv.Sdk;
using Hv.Vmm.Description;

namespace Hv.Vmm;

/// <summary>Turns a description into a machine. Everything is checked before anything of the host is touched beyond opening files.</summary>
public sealed class MachineBuilder
{
    /// <summary>A builder that finds plugins in <paramref name="extensions"/> and whose machines report to <paramref name="log"/>.</summary>
    public MachineBuilder(IExtensions extensions, IMachineLog log)
    {
    }

    /// <summary>Builds a machine in the state <see cref="Hv.Sdk.Management.MachineState.Created"/>.</summary>
    /// <exception cref="ConfigurationException">The description is at fault: exit code 2.</exception>
    /// <exception cref="UnavailableException">Something asked for is not available here: exit code 5.</exception>
    /// <exception cref="PluginException">A plugin failed: exit code 4.</exception>
    /// <exception cref="Hv.Sdk.State.StateException">The snapshot of <see cref="MachineDescription.RestoreFrom"/> cannot be honoured: exit code 1.</exception>
    public Machine Build(MachineDescription description) => new(description);
}
