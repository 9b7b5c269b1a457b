namespace Hv.Guests;

/// <summary>A stock kernel, unpacked.</summary>
public sealed class GuestKernel
{
    internal GuestKernel(string directory)
    {
        Image = Path.Combine(directory, "vmlinuz");
        ModulesDirectory = Directory.GetDirectories(Path.Combine(directory, "modules"))[0];
    }

    /// <summary>The bzImage.</summary>
    public string Image { get; }
    /// <summary>Where its modules are, as in <c>/lib/modules/VERSION</c>.</summary>
    public string ModulesDirectory { get; }
    /// <summary>Its version, for example <c>6.1.0-31-cloud-amd64</c>.</summary>
    public string Version => Path.GetFileName(ModulesDirectory);
    /// <summary>Its modules.</summary>
    public KernelModules Modules => new(ModulesDirectory);
}
