using Hv.Sdk.Signals;

namespace Hv.Sdk.TestKit.Fakes;

internal sealed class BenchInputs(string name, int count, IIrqHandler handler) : IIrqLevels
{
    private readonly bool[] levels = new bool[count];

    public string Name { get; } = name;
    public int Count => levels.Length;
    public bool Level(int pin) => levels[pin];

    public void Drive(int pin, bool level)
    {
        if (levels[pin] == level) return;
        levels[pin] = level;
        handler.PinChanged(pin, level);
    }

    public void CopyFrom(BenchInputs other) => other.levels.CopyTo(levels, 0);
}
