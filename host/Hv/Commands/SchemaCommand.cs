using System.CommandLine;
using Hv.Configuration;

namespace Hv.Commands;

/// <summary><c>hv schema</c>: the JSON schema of a VM definition, for editors.</summary>
internal static class SchemaCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("schema", "Writes the JSON schema of a VM definition.");
        command.SetAction(_ => Console.Out.Write(DefinitionSchema.ToJson()));
        return command;
    }
}
