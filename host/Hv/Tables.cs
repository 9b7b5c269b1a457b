using Spectre.Console;

namespace Hv;

/// <summary>Tables for people: plain columns, cut by no width when nobody watches.</summary>
internal static class Tables
{
    /// <summary>An empty table.</summary>
    public static Table New(params string[] headings)
    {
        Table table = new Table().NoBorder();
        foreach (string heading in headings)
        {
            table.AddColumn(new TableColumn(heading) { Padding = new Padding(0, 0, 2, 0) });
        }

        return table;
    }

    /// <summary>A row's cells, taken as they are.</summary>
    public static Text[] Cells(params string[] texts) => [.. texts.Select(t => new Text(t))];

    /// <summary>Writes to standard output.</summary>
    public static void Write(Table table)
    {
        if (!Console.IsOutputRedirected)
        {
            AnsiConsole.Write(table);
            return;
        }

        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 10_000;
        console.Write(table);
        foreach (string line in text.ToString().TrimEnd().Split('\n'))
        {
            Console.Out.WriteLine(line.TrimEnd());
        }
    }
}
