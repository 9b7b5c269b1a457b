using System.Text.Encodings.Web;
using System.Text.Json;
using Hv.Diagnostics;

namespace Hv;

/// <summary>Writes what <c>--json</c> asks for.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes one document and a line feed.</summary>
    public static void Write(Stream to, Action<Utf8JsonWriter> write)
    {
        using (var json = new Utf8JsonWriter(to, Options))
        {
            write(json);
        }

        to.WriteByte((byte)'\n');
        to.Flush();
    }

    /// <summary>Writes to standard output.</summary>
    public static void Write(Action<Utf8JsonWriter> write) => Write(StandardStreams.Output, write);

    /// <summary>A list of mistakes.</summary>
    public static void WriteDiagnostics(Utf8JsonWriter json, IEnumerable<Diagnostic> diagnostics)
    {
        json.WriteStartArray();
        foreach (Diagnostic d in diagnostics)
        {
            json.WriteStartObject();
            json.WriteString("code", d.Code);
            json.WriteString("source", d.Place.Source);
            if (d.Place.Line > 0)
            {
                json.WriteNumber("line", d.Place.Line);
                json.WriteNumber("column", d.Place.Column);
            }

            json.WriteString("problem", d.Problem);
            json.WriteString("remedy", d.Remedy);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
