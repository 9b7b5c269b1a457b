using System.Text;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace Hv.SdkReference;

/// <summary>The XML documentation of one symbol as Markdown.</summary>
internal sealed class DocumentationText
{
    private readonly XElement root;

    private DocumentationText(XElement root) => this.root = root;

    /// <summary>Of a symbol; what it inherits where it says so.</summary>
    public static DocumentationText Of(ISymbol symbol)
    {
        string? xml = symbol.GetDocumentationCommentXml(expandIncludes: true);
        XElement root = string.IsNullOrWhiteSpace(xml)
            ? new XElement("member") : XElement.Parse(xml.StartsWith('<') ? xml : $"<member>{xml}</member>");
        if (root.Element("inheritdoc") is null || Inherited(symbol) is not ISymbol from) return new DocumentationText(
            root);
        return Of(from);
    }

    public string Summary => Text(root.Element("summary"));

    public IEnumerable<(string Name, string Text)> Parameters =>
        root.Elements("param").Concat(root.Elements("typeparam"))
        .Select(e => ((string?)e.Attribute("name") ?? "", Text(e)));

    public string Returns => Text(root.Element("returns"));

    public IEnumerable<(string Type, string Text)> Exceptions =>
        root.Elements("exception").Select(e => (Reference((string?)e.Attribute("cref") ?? ""), Text(e)));

    private static ISymbol? Inherited(ISymbol symbol) => symbol switch
    {
        IMethodSymbol { OverriddenMethod: IMethodSymbol overridden } => overridden,
        IPropertySymbol { OverriddenProperty: IPropertySymbol overridden } => overridden,
        _ => symbol.ContainingType?.AllInterfaces.SelectMany(i => i.GetMembers())
            .FirstOrDefault(m => SymbolEqualityComparer.Default.Equals(
                symbol.ContainingType.FindImplementationForInterfaceMember(m), symbol)),
    };

    private static string Text(XElement? element)
    {
        if (element is null) return "";
        StringBuilder text = new();
        foreach (XNode node in element.Nodes()) Append(text, node);
        return string.Join('\n', text.ToString().Split('\n').Select(
            l => string.Join(' ', l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))).Trim();
    }

    private static void Append(StringBuilder text, XNode node)
    {
        if (node is XText plain)
        {
            text.Append(plain.Value.Replace('\n', ' ').Replace("|", "\\|", StringComparison.Ordinal).Replace(
                "<", "&lt;", StringComparison.Ordinal));
            return;
        }
        if (node is not XElement element) return;
        switch (element.Name.LocalName)
        {
            case "see" or "seealso":
                text.Append('`').Append(
                    (string?)element.Attribute("langword")
                        ?? Reference((string?)element.Attribute("cref") ?? "")).Append('`');
                break;
            case "paramref" or "typeparamref":
                text.Append('`').Append((string?)element.Attribute("name")).Append('`');
                break;
            case "c":
                text.Append('`').Append(element.Value.Replace("|", "\\|", StringComparison.Ordinal)).Append('`');
                break;
            case "list":
                foreach (XElement item in element.Elements("item"))
                {
                    string[] parts = [.. item.Elements().Select(e => Text(e)).Where(t => t.Length > 0)];
                    text.Append("\n- ").Append(parts.Length > 0 ? string.Join(": ", parts) : Text(item));
                }
                text.Append('\n');
                break;
            case "para":
                text.Append('\n').Append(Text(element)).Append('\n');
                break;
            default:
                foreach (XNode inner in element.Nodes()) Append(text, inner);
                break;
        }
    }

    /// <summary><c>M:Hv.Sdk.IDevice.Attach(Hv.Sdk.IDeviceContext)</c> becomes <c>IDevice.Attach</c>.</summary>
    private static string Reference(string cref)
    {
        char kind = cref.Length > 1 && cref[1] == ':' ? cref[0] : 'T';
        string name = cref.Length > 1 && cref[1] == ':' ? cref[2..] : cref;
        int parameters = name.IndexOf('(', StringComparison.Ordinal);
        if (parameters >= 0) name = name[..parameters];
        string[] parts = [.. name.Split('.').Select(
            p => p.Contains('`', StringComparison.Ordinal) ? p[..p.IndexOf('`', StringComparison.Ordinal)] : p)];
        return string.Join('.', parts[Math.Max(0, parts.Length - (kind == 'T' ? 1 : 2))..]);
    }
}
