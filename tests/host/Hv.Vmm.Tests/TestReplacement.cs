using Hv.Sdk;
using Hv.Vmm.Reload;

namespace Hv.Vmm.Tests;

/// <summary>New code of a plugin, made of lambdas.</summary>
internal sealed class TestReplacement(string plugin) : IPluginReplacement
{
    private readonly Dictionary<string, DeviceModel> models = [];

    public string Plugin => plugin;
    public string Version => "2.0";

    /// <summary>Every instance that was made, rehearsals included.</summary>
    public List<LambdaDevice> Made { get; } = [];

    public TestReplacement Device(string model, Func<IDevice> make, Threading threading = Threading.Serialized)
    {
        models[model] = new DeviceModel
        {
            Name = model,
            Plugin = plugin,
            PluginVersion = Version,
            Factory = new LambdaFactory(make),
            Threading = threading,
        };
        return this;
    }

    public TestReplacement Device(
        string model, Action<LambdaDevice, IDeviceContext> attach, Action<LambdaDevice>? prepare = null) =>
        Device(model, () =>
        {
            LambdaDevice device = new(attach);
            prepare?.Invoke(device);
            Made.Add(device);
            return device;
        });

    DeviceModel? IPluginReplacement.Device(string model) => models.GetValueOrDefault(model);
}
