using System.Text;
using Microsoft.CodeAnalysis;

namespace Hv.SdkReference;

/// <summary>The reference as Markdown: an index and one page for each namespace.</summary>
public static class ReferencePages
{
    private const string Origin =
        "<!-- Written from the XML documentation by tools/update-sdk-reference.sh; change it there. -->\n";

    private static readonly SymbolDisplayFormat TypeFormat = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameOnly,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters
            | SymbolDisplayGenericsOptions.IncludeTypeConstraints,
        kindOptions: SymbolDisplayKindOptions.IncludeTypeKeyword,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    private static readonly SymbolDisplayFormat MemberFormat = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameOnly,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters
            | SymbolDisplayGenericsOptions.IncludeTypeConstraints,
        memberOptions: SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeModifiers
            | SymbolDisplayMemberOptions.IncludeRef | SymbolDisplayMemberOptions.IncludeConstantValue,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeParamsRefOut
            | SymbolDisplayParameterOptions.IncludeDefaultValue,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>Pages by file name.</summary>
    public static IReadOnlyDictionary<string, string> Write(IReadOnlyList<IAssemblySymbol> assemblies)
    {
        SortedDictionary<string, List<INamedTypeSymbol>> spaces = new(StringComparer.Ordinal);
        foreach (INamedTypeSymbol type in assemblies.SelectMany(a => PublicTypes(a.GlobalNamespace)))
        {
            string space = type.ContainingNamespace.ToDisplayString();
            if (!spaces.TryGetValue(space, out List<INamedTypeSymbol>? types)) spaces[space] = types = [];
            types.Add(type);
        }
        Dictionary<string, string> pages = [];
        StringBuilder index = new(Origin + "\n# Reference\n\nPublic types of the SDK by namespace. How they work together: [docs/sdk](../README.md).\n\n| namespace | package | types |\n|---|---|---|\n");
        foreach ((string space, List<INamedTypeSymbol> types) in spaces)
        {
            types.Sort((a, b) => string.CompareOrdinal(a.ToDisplayString(), b.ToDisplayString()));
            pages[space + ".md"] = Page(space, types);
            string packages = string.Join(
                ", ", types.Select(t => t.ContainingAssembly.Name).Distinct().Order(StringComparer.Ordinal));
            string names = string.Join(
                ", ", types.Where(t => t.ContainingType is null).Select(t => $"`{t.Name}`").Distinct());
            index.Append($"| [{space}]({space}.md) | {packages} | {names} |\n");
        }
        pages["README.md"] = index.ToString();
        return pages;
    }

    private static IEnumerable<INamedTypeSymbol> PublicTypes(INamespaceOrTypeSymbol container)
    {
        foreach (ISymbol member in container.GetMembers())
        {
            if (member is INamespaceSymbol space)
            {
                foreach (INamedTypeSymbol inner in PublicTypes(space)) yield return inner;
            }
            else if (member is INamedTypeSymbol { DeclaredAccessibility: Accessibility.Public,
                IsImplicitlyDeclared: false } type)
            {
                yield return type;
                foreach (INamedTypeSymbol inner in PublicTypes(type)) yield return inner;
            }
        }
    }

    private static string Page(string space, List<INamedTypeSymbol> types)
    {
        StringBuilder page = new($"{Origin}\n# {space}\n");
        foreach (INamedTypeSymbol type in types) AppendType(page, type);
        return page.ToString();
    }

    private static void AppendType(StringBuilder page, INamedTypeSymbol type)
    {
        DocumentationText text = DocumentationText.Of(type);
        string name = type.ContainingType is null ? type.Name : $"{type.ContainingType.Name}.{type.Name}";
        page.Append($"\n## {name}\n\n`{Declaration(type)}`\n");
        if (Marks(type) is { Length: > 0 } marks) page.Append($"\n*{marks}*\n");
        page.Append($"\n{Block(text.Summary)}\n");
        foreach ((string parameter, string meaning) in text.Parameters) page.Append(
            $"\n- `{parameter}`: {Line(meaning)}");
        if (text.Parameters.Any()) page.Append('\n');
        ISymbol[] members = [.. type.GetMembers().Where(m => IsShown(m, type))];
        if (members.Length == 0) return;
        page.Append("\n| member | |\n|---|---|\n");
        foreach (ISymbol member in members) page.Append($"| `{Signature(member)}` | {Meaning(member)} |\n");
    }

    private static string Declaration(INamedTypeSymbol type)
    {
        string text = type.ToDisplayString(TypeFormat);
        if (type.TypeKind == TypeKind.Delegate) return type.DelegateInvokeMethod!.ToDisplayString(MemberFormat).Replace(
            " Invoke(", $" {type.Name}(", StringComparison.Ordinal);
        IEnumerable<string> bases =
            type.Interfaces.Where(i => !i.Name.StartsWith("IEquatable", StringComparison.Ordinal))
            .Select(i => i.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat));
        if (type is { TypeKind: TypeKind.Class, BaseType: { SpecialType: SpecialType.None } super }) bases =
            bases.Prepend(super.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat));
        if (type is { TypeKind: TypeKind.Enum, EnumUnderlyingType: INamedTypeSymbol underlying }) bases =
            [underlying.ToDisplayString()];
        string[] list = [.. bases];
        int constraint = text.IndexOf(" where ", StringComparison.Ordinal);
        string head = constraint < 0 ? text : text[..constraint];
        string prefix = type.IsStatic ? "static " : "";
        string tail = list.Length > 0 ? " : " + string.Join(", ", list) : "";
        return Cell(prefix + head + tail + (constraint < 0 ? "" : text[constraint..]));
    }

    /// <summary>What the freeze rules say of a type (docs/sdk/versioning.md).</summary>
    private static string Marks(INamedTypeSymbol type)
    {
        List<string> marks = [];
        foreach (AttributeData attribute in type.GetAttributes())
        {
            if (attribute.AttributeClass?.Name == "ExperimentalAttribute") marks.Add(
                $"Experimental ({attribute.ConstructorArguments[0].Value}): may change in any version.");
            if (attribute.AttributeClass?.Name == "HostImplementedAttribute") marks.Add(
                "Implemented by the host alone: may gain members.");
        }
        return string.Join(' ', marks);
    }

    private static bool IsShown(ISymbol member, INamedTypeSymbol type)
    {
        bool isVisible = member.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected
            && !member.IsImplicitlyDeclared && member is not INamedTypeSymbol;
        if (!isVisible || type.TypeKind == TypeKind.Delegate) return false;
        // What the compiler writes for records and enumerations has nothing to say.
        if (type.TypeKind == TypeKind.Enum) return member is IFieldSymbol { HasConstantValue: true };
        if (member is IMethodSymbol { MethodKind: MethodKind.PropertyGet or MethodKind.PropertySet
            or MethodKind.EventAdd or MethodKind.EventRemove }) return false;
        if (DocumentationText.Of(member).Summary.Length > 0) return true;
        return member is IMethodSymbol { MethodKind: MethodKind.Constructor, Parameters.Length: > 0 } && !type.IsRecord;
    }

    private static string Signature(ISymbol member) => Cell(
        member is IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum } value
            ? $"{value.Name} = {value.ConstantValue}" : member.ToDisplayString(MemberFormat));

    private static string Meaning(ISymbol member)
    {
        DocumentationText text = DocumentationText.Of(member);
        StringBuilder cell = new(Line(text.Summary));
        foreach ((string name, string meaning) in text.Parameters) cell.Append($"<br>`{name}`: {Line(meaning)}");
        if (text.Returns.Length > 0) cell.Append($"<br>Gives: {Line(text.Returns)}");
        foreach ((string type, string when) in text.Exceptions) cell.Append($"<br>Throws `{type}`: {Line(when)}");
        return cell.ToString();
    }

    private static string Line(string text) =>
        text.Replace("\n- ", "<br>• ", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal);

    /// <summary>Lists stand apart from the text around them.</summary>
    private static string Block(string text)
    {
        string[] lines = text.Split('\n');
        bool StartsOrEndsList(int i) => lines[i].Length > 0 && IsItem(lines[i]) != IsItem(lines[i - 1]);
        return string.Join('\n', lines.Select((line, i) => i > 0 && StartsOrEndsList(i) ? "\n" + line : line));
    }

    private static bool IsItem(string line) => line.StartsWith("- ", StringComparison.Ordinal);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
