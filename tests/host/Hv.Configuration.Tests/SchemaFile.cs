using System.Reflection;
using System.Text.Json;

namespace Hv.Configuration.Tests;

/// <summary>sdk/schemas/vm.schema.json is what the table of keys says. After a change: <c>hv schema &gt;
/// sdk/schemas/vm.schema.json</c>.</summary>
public sealed class SchemaFile
{
    [Fact]
    public void ToJson_IsWhatIsCheckedIn()
    {
        string path = typeof(SchemaFile).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(
            a => a.Key == "SchemaFile").Value!;

        Assert.Equal(File.ReadAllText(path), DefinitionSchema.ToJson());
    }

    [Fact]
    public void ToJson_HasEveryKey()
    {
        using JsonDocument schema = JsonDocument.Parse(DefinitionSchema.ToJson());

        Assert.All(DefinitionKeys.All, key =>
            Assert.True(schema.RootElement.GetProperty("properties").TryGetProperty(key.NameInDefinition, out _)));
    }
}
