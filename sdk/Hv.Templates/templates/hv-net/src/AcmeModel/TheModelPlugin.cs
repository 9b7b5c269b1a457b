using System.Globalization;
using Hv.Sdk;
using Hv.Sdk.Net;

namespace AcmeModel;

/// <summary>A network of one host: found by its name, which users type.</summary>
[NetBackend("the-model", Title = "One host that sends frames for it back")]
public sealed class TheModelPlugin : INetBackend
{
    /// <inheritdoc/>
    public OptionSchema Options => TheModelOptions.Schema;

    /// <inheritdoc/>
    public INetEndpoint Open(INetLink link, OptionValues options)
    {
        string[] octets = TheModelOptions.Bind(options).Address.Split(':');
        byte[] address = new byte[TheModelEndpoint.AddressBytes];
        for (int i = 0; i < address.Length; i++)
        {
            bool isOctet = octets.Length == address.Length
                && byte.TryParse(
                    octets[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address[i]);
            if (!isOctet)
            {
                throw new ConfigurationException("the address is six octets, as in 52:54:00:00:00:02")
                {
                    Option = "address",
                };
            }
        }

        return new TheModelEndpoint(link, address);
    }
}

/// <summary>What users may set: <c>--net the-model,address=…</c>.</summary>
[Options]
public sealed partial record TheModelOptions
{
    /// <summary>The host's Ethernet address.</summary>
    [Option("Ethernet address of the host")]
    public string Address { get; init; } = "52:54:00:00:00:02";
}
