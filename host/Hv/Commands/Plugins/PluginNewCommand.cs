using System.CommandLine;
using System.Security;
using System.Text.RegularExpressions;
using Hv.Diagnostics;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin new</c>: a plugin to start from, with tests and a VM to debug it in.</summary>
internal static partial class PluginNewCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var kind = new Argument<string>("KIND") { Description = string.Join(", ", PluginTemplate.Kinds) };
        kind.CompletionSources.Add([.. PluginTemplate.Kinds]);
        var name = new Argument<string>("NAME") { Description = "name of the plugin, its namespace, for example Acme.Gpio" };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "the folder for it, NAME when not given",
            HelpName = "FOLDER",
        };
        var packages = new Option<string?>("--packages")
        {
            Description = "where the SDK's packages are, when no configured feed has them",
            HelpName = "FOLDER",
        };
        var command = new Command("new", "Makes a plugin to start from: it builds, has tests, and runs in a VM.")
        {
            kind, name, output, packages,
        };
        command.SetAction(parsed =>
        {
            string project = parsed.GetRequiredValue(name);
            string folder = Path.GetFullPath(parsed.GetValue(output) ?? project);
            Check(parsed.GetRequiredValue(kind), project, folder);
            PluginTemplate.Open(Installation.TemplateDirectory, parsed.GetRequiredValue(kind))
                .Render(folder, project, new Dictionary<string, string> { ["hv"] = OwnCommand() });
            if (PackagesFor(parsed.GetValue(packages)) is { } source)
            {
                WriteNuGetConfig(folder, source);
            }

            Report(folder, parsed.GetValue(global.Json));
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Check(string kind, string name, string folder)
    {
        var bag = new DiagnosticBag();
        if (!PluginTemplate.Kinds.Contains(kind))
        {
            bag.Error(Codes.NotAChoice, Place.Of("KIND"), $"there is no template for '{kind}'",
                Suggestion.Remedy(kind, [.. PluginTemplate.Kinds]));
        }

        if (!NamespaceName().IsMatch(name))
        {
            bag.Error(Codes.BadValue, Place.Of("NAME"), $"'{name}' cannot be a namespace",
                "a name has letters, digits and '_', with '.' between parts, as in Acme.Gpio");
        }

        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            bag.Error(Codes.BadUsage, Place.Of(folder), "the folder is not empty", "name another with --output");
        }

        if (bag.HasErrors)
        {
            throw new DiagnosticException(bag.Items);
        }
    }

    /// <summary>How debuggers start this hv: by its name when the shell would find it by that.</summary>
    private static string OwnCommand()
    {
        string own = Environment.ProcessPath ?? "hv";
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(directory => Path.Combine(directory, Path.GetFileName(own))).FirstOrDefault(File.Exists);
        return found is not null && RealPath(found) == RealPath(own) ? "hv" : own;
    }

    private static string RealPath(string path) =>
        File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);

    private static string? PackagesFor(string? asked) => asked is not null ? Path.GetFullPath(asked)
        : Directory.Exists(Installation.PackageDirectory) ? Installation.PackageDirectory : null;

    private static void WriteNuGetConfig(string folder, string source) => File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
        <configuration>
          <packageSources>
            <add key="hv" value="{SecurityElement.Escape(source)}" />
          </packageSources>
        </configuration>

        """);

    private static void Report(string folder, bool isJson)
    {
        if (!isJson)
        {
            Console.Out.WriteLine($"made {folder}: dotnet test there runs its tests; README.md leads on");
            return;
        }

        JsonOutput.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("folder", folder);
            json.WriteEndObject();
        });
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")]
    private static partial Regex NamespaceName();
}
