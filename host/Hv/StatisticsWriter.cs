using System.Globalization;
using System.Text.Json;
using Hv.Sdk;

namespace Hv;

/// <summary>Shows what parts of a machine counted, indented.</summary>
internal sealed class StatisticsWriter(TextWriter to) : IInspector
{
    private int depth;

    /// <inheritdoc/>
    public void Field(string name, ulong value) => Field(name, value.ToString("N0", CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public void Field(string name, string value) => to.WriteLine($"{new string(' ', depth * 2)}{name}: {value}");

    /// <inheritdoc/>
    public void Child(string name, IInspectable child)
    {
        to.WriteLine($"{new string(' ', depth * 2)}{name}");
        depth++;
        child.Inspect(this);
        depth--;
    }
}

/// <summary>The same as members of a JSON object.</summary>
internal sealed class JsonStatistics(Utf8JsonWriter json) : IInspector
{
    /// <inheritdoc/>
    public void Field(string name, ulong value) => json.WriteNumber(name, value);

    /// <inheritdoc/>
    public void Field(string name, string value) => json.WriteString(name, value);

    /// <inheritdoc/>
    public void Child(string name, IInspectable child)
    {
        json.WriteStartObject(name);
        child.Inspect(this);
        json.WriteEndObject();
    }
}
