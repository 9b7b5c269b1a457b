using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hv.Sdk.Generators;

/// <summary>Writes <c>Save</c> and <c>Load</c> for types marked <c>[DeviceState]</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class StateGenerator : IIncrementalGenerator
{
    internal const string StateAttribute = "Hv.Sdk.State.DeviceStateAttribute";
    private const string FieldAttribute = "Hv.Sdk.State.FieldAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<Generated> files = context.SyntaxProvider.ForAttributeWithMetadataName(
            StateAttribute, static (node, _) => node is TypeDeclarationSyntax, static (c, _) => Generate(c));
        context.RegisterSourceOutput(files, static (output, file) => file.Report(output));
    }

    private static Generated Generate(GeneratorAttributeSyntaxContext context)
    {
        INamedTypeSymbol type = (INamedTypeSymbol)context.TargetSymbol;
        Generated result = new(Emitter.HintName(type, "State"));
        if (!Emitter.IsPartial(context.TargetNode))
        {
            result.Add(Diagnostics.NotPartial, type, type.Name);
            return result;
        }
        (string id, ushort version, ushort readsFrom) = Layout(context.Attributes[0]);
        List<StateMember> members = Members(type, result);
        if (result.HasErrors) return result;

        Emitter e = new(type);
        e.Line("/// <summary>Names the layout of this state.</summary>");
        e.Line($"public const string StateId = {Emitter.Literal(id)};");
        e.Line("/// <summary>The version that Save writes.</summary>");
        e.Line($"public const ushort StateVersion = {version};");
        e.Line("/// <summary>The oldest version that Load reads.</summary>");
        e.Line($"public const ushort OldestStateVersion = {readsFrom};");
        e.Line("/// <summary>Writes every field under its tag.</summary>");
        e.Open("public void Save(global::Hv.Sdk.State.StateWriter writer)");
        foreach (StateMember m in members) m.EmitSave(e);
        e.Close();
        e.Line("/// <summary>Reads every field; one that is not there keeps its initial value.</summary>");
        e.Line("/// <exception cref=\"global::Hv.Sdk.State.StateException\">A field is damaged or out of bounds.</exception>");
        e.Open($"public static {type.Name} Load(global::Hv.Sdk.State.StateReader reader)");
        e.Open("if (reader.Version < OldestStateVersion)");
        e.Line("throw new global::Hv.Sdk.State.StateException($\"{StateId} state has version {reader.Version}; " +
            "this plugin reads {OldestStateVersion} and later\");");
        e.Close();
        e.Line($"{type.Name} state = new();");
        foreach (StateMember m in members) m.EmitLoad(e);
        e.Line("return state;");
        e.Close();
        result.Source = e.Finish();
        return result;
    }

    /// <summary>A layout's name, its version and the oldest that is read.</summary>
    internal static (string Id, ushort Version, ushort ReadsFrom) Layout(AttributeData attribute)
    {
        string id = (string?)attribute.ConstructorArguments[0].Value ?? "";
        ushort version = attribute.ConstructorArguments[1].Value is ushort v ? v : (ushort)1;
        ushort readsFrom = 1;
        foreach (KeyValuePair<string, TypedConstant> named in attribute.NamedArguments)
        {
            if (named.Key == "ReadsFrom" && named.Value.Value is ushort from && from != 0) readsFrom = from;
        }
        return (id, version, readsFrom);
    }

    internal static List<StateMember> Members(INamedTypeSymbol type, Generated result)
    {
        List<StateMember> members = [];
        Dictionary<int, string> taken = [];
        foreach (ISymbol symbol in type.GetMembers())
        {
            AttributeData? field = symbol.GetAttributes()
                .FirstOrDefault(a => a.AttributeClass?.ToDisplayString() == FieldAttribute);
            if (field is null)
            {
                if (symbol is IFieldSymbol { IsStatic: false, IsReadOnly: false, IsConst: false,
                    IsImplicitlyDeclared: false })
                    result.Add(Diagnostics.Unassigned, symbol, symbol.Name);
                continue;
            }
            ITypeSymbol memberType = symbol is IFieldSymbol f ? f.Type : ((IPropertySymbol)symbol).Type;
            int tag = field.ConstructorArguments[0].Value is int t ? t : 0;
            if (tag < 1) result.Add(Diagnostics.BadTag, symbol, symbol.Name);
            if (taken.TryGetValue(tag, out string? other))
                result.Add(Diagnostics.DuplicateTag, symbol, tag.ToString(), other, symbol.Name);
            taken[tag] = symbol.Name;
            int maxLength = 0;
            ulong maximum = 0;
            foreach (KeyValuePair<string, TypedConstant> named in field.NamedArguments)
            {
                if (named.Key == "MaxLength" && named.Value.Value is int n) maxLength = n;
                if (named.Key == "Maximum" && named.Value.Value is ulong u) maximum = u;
            }
            StateMember? member = StateMember.Create(symbol.Name, memberType, tag, maxLength, maximum);
            if (member is null) result.Add(Diagnostics.BadFieldType, symbol, symbol.Name, memberType.ToDisplayString());
            else members.Add(member);
        }
        return members;
    }

    internal static bool IsState(ITypeSymbol type) =>
        type.GetAttributes().Any(a => a.AttributeClass?.ToDisplayString() == StateAttribute);
}

/// <summary>One generated file with what was found wrong on the way.</summary>
internal sealed class Generated(string hintName)
{
    private readonly ImmutableArray<Diagnostic>.Builder diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();

    public string? Source { get; set; }

    public bool HasErrors => diagnostics.Count > 0;

    public void Add(DiagnosticDescriptor descriptor, ISymbol at, params object[] arguments) =>
        diagnostics.Add(Diagnostic.Create(descriptor, at.Locations.FirstOrDefault(), arguments));

    public void Report(SourceProductionContext output)
    {
        foreach (Diagnostic d in diagnostics) output.ReportDiagnostic(d);
        if (Source is not null) output.AddSource(hintName, Source);
    }
}
