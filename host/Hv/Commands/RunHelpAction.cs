using System.CommandLine;
using System.CommandLine.Invocation;
using Hv.Configuration;

namespace Hv.Commands;

/// <summary><c>hv run --help</c>: the keys of a definition under their headings, and what people do with
/// them.</summary>
internal sealed class RunHelpAction : SynchronousCommandLineAction
{
    private const int SummaryColumn = 34;

    private const string Beginning = """
        Runs one VM in the foreground.

        usage: hv run [VM.json | linux] [flags] [-- words for the kernel's command line]

        Every flag is also a key of a VM definition (hv schema has its JSON schema); flags take the place of
        what the definition says, --disk, --cdrom, --floppy, --forward, --device and --fault add to it.

        """;

    private const string End = """

        Examples:
          hv run linux                              a stock Linux with a small root, fetched on the first run
          hv run linux --cpus 2 --memory 1G -- quiet
          hv run --kernel vmlinuz --initrd initrd.gz --append console=ttyS0
          hv run vm.json --disk data.img,format=raw,discard-writes
          hv run vm.json --serial file:boot.log --timeout 60s --result result.json
          hv run --restore machine.hvsave vm.json
          hv run vm.json --fault io-errors,where=disk0,operation=read,nth=3

        On a terminal, Ctrl-] then q quits, p pauses, r resets, s saves, ? helps.

        Ends with 0 when the guest powered off (or reset, with --no-reboot), 1 on a failure, 2 on a mistake in flags or
        definition, 3 when the guest crashed, 4 when the host or a plugin failed, 5 when something asked for cannot be had
        here, 6 when the run proves nothing (a fault never fired), 124 after --timeout, 130 when interrupted.
        """;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.Write(Beginning);
        foreach (IGrouping<string, DefinitionKey> group in DefinitionKeys.All.GroupBy(k => k.Group))
        {
            output.WriteLine($"\n{group.Key}:");
            foreach (DefinitionKey key in group)
            {
                string fallback = key.Value.Default is { } d ? $" [{d}]" : "";
                string choices = key.Value.Choices.Count > 0 ? $" ({string.Join(", ", key.Value.Choices)})" : "";
                WriteRow(output, $"{key.Flag} {key.Placeholder}", $"{key.Value.Summary}{choices}{fallback}");
            }
        }

        WriteRow(output, "--stats", "say at the end what the machine's parts counted");
        WriteRow(output, "--json", "write mistakes and the result as JSON");
        WriteRow(output, "--plugins F", "the list of plugins, instead of plugins.json beside hv");
        output.WriteLine(End);
        return ExitCodes.Success;
    }

    private static void WriteRow(TextWriter output, string flag, string summary)
    {
        string left = $"  {flag}".TrimEnd();
        output.WriteLine(left.Length < SummaryColumn - 1
            ? $"{left.PadRight(SummaryColumn)}{summary}"
            : $"{left}\n{new string(' ', SummaryColumn)}{summary}");
    }
}
