using Hv.Sdk.Time;

namespace Hv.Sdk.TestKit.Fakes;

internal sealed class BenchTimer(string name, Action<VmTime> fired) : IVmTimer
{
    public string Name { get; } = name;
    public VmTime Due { get; set; } = VmTime.Never;
    public void Arm(VmTime due) => Due = due;
    public void Cancel() => Due = VmTime.Never;

    public void Fire()
    {
        VmTime due = Due;
        Due = VmTime.Never;
        fired(due);
    }
}
