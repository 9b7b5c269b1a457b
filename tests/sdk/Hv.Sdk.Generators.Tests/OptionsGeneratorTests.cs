namespace Hv.Sdk.Generators.Tests;

public sealed class OptionsGeneratorTests
{
    private static OptionInfo Info(string name) => SampleOptions.Schema.Options.Single(o => o.Name == name);

    [Fact]
    public void Schema_NamesTypesDefaultsAndBounds()
    {
        Assert.Equal(["base-port", "transport", "buffer", "patience", "loud", "file", "label"],
            SampleOptions.Schema.Options.Select(o => o.Name));
        Assert.Equal((OptionType.Number, "1016", 65535ul),
            (Info("base-port").Type, Info("base-port").Default, Info("base-port").Maximum));
        Assert.Equal(["pci", "virtio-mmio"], Info("transport").Choices);
        Assert.Equal("virtio-mmio", Info("transport").Default);
        Assert.Equal((OptionType.Size, "64K", 4096ul),
            (Info("buffer").Type, Info("buffer").Default, Info("buffer").Minimum));
        Assert.Equal((OptionType.Duration, "2ms"), (Info("patience").Type, Info("patience").Default));
        Assert.Equal((OptionType.Flag, "on"), (Info("loud").Type, Info("loud").Default));
        Assert.Equal((OptionType.Path, true, null), (Info("file").Type, Info("file").IsRequired, Info("file").Default));
        Assert.Null(Info("label").Default);
    }

    [Fact]
    public void Bind_TakesValuesOverAndFillsDefaults()
    {
        SampleOptions bound = SampleOptions.Bind(new OptionValues(new Dictionary<string, string>
        {
            ["base-port"] = "760", ["transport"] = "pci", ["loud"] = "0", ["file"] = "/x",
        }));
        Assert.Equal(new SampleOptions
        {
            BasePort = 760, Transport = Transport.Pci, Loud = false, File = "/x", Buffer = 65536, Patience = 2_000_000,
            Label = null,
        }, bound);
    }
}
