using System.Text;

namespace Hv.Sdk.Generators;

/// <summary>Text of one JSON object; this assembly may reference nothing that writes JSON.</summary>
internal sealed class Json
{
    private readonly StringBuilder members = new();

    public Json Text(string key, string value) => Raw(key, Quote(value));

    public Json Number(string key, ulong value) =>
        Raw(key, value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public Json Flag(string key, bool value) => Raw(key, value ? "true" : "false");

    public Json Texts(string key, IEnumerable<string> values) => Raw(key, "[" + string.Join(",", values.Select(Quote)) + "]");

    public Json Objects(string key, IEnumerable<Json> values) => Raw(key, "[" + string.Join(",", values) + "]");

    public override string ToString() => "{" + members + "}";

    private Json Raw(string key, string value)
    {
        members.Append(members.Length > 0 ? "," : "").Append(Quote(key)).Append(':').Append(value);
        return this;
    }

    private static string Quote(string value)
    {
        StringBuilder text = new("\"");
        foreach (char c in value)
        {
            if (c is '"' or '\\') text.Append('\\').Append(c);
            else if (c < ' ') text.Append("\\u").Append(((int)c).ToString("x4"));
            else text.Append(c);
        }
        return text.Append('"').ToString();
    }
}
