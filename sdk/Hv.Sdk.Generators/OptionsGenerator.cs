using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hv.Sdk.Generators;

/// <summary>Writes <c>Schema</c> and <c>Bind</c> for records marked <c>[Options]</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class OptionsGenerator : IIncrementalGenerator
{
    internal const string OptionsAttribute = "Hv.Sdk.OptionsAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<Generated> files = context.SyntaxProvider.ForAttributeWithMetadataName(
            OptionsAttribute, static (node, _) => node is TypeDeclarationSyntax, static (c, _) => Generate(c));
        context.RegisterSourceOutput(files, static (output, file) => file.Report(output));
    }

    private static Generated Generate(GeneratorAttributeSyntaxContext context)
    {
        INamedTypeSymbol type = (INamedTypeSymbol)context.TargetSymbol;
        Generated result = new(Emitter.HintName(type, "Options"));
        if (!Emitter.IsPartial(context.TargetNode))
        {
            result.Add(Diagnostics.NotPartial, type, type.Name);
            return result;
        }
        List<OptionMember> members = [];
        foreach (IPropertySymbol property in type.GetMembers().OfType<IPropertySymbol>())
        {
            if (OptionMember.Create(property, context.SemanticModel, result) is OptionMember member)
                members.Add(member);
        }
        if (result.HasErrors) return result;

        Emitter e = new(type);
        e.Line("/// <summary>The options with their types, defaults and bounds.</summary>");
        e.Line("public static global::Hv.Sdk.OptionSchema Schema { get; } = new(");
        e.Line("[");
        foreach (OptionMember m in members) e.Line("    " + m.InfoText + ",");
        e.Line("]);");
        e.Line("/// <summary>Takes validated values over.</summary>");
        e.Line($"public static {type.Name} Bind(global::Hv.Sdk.OptionValues values) => new()");
        e.Line("{");
        foreach (OptionMember m in members) e.Line("    " + m.BindText + ",");
        e.Line("};");
        result.Source = e.Finish();
        return result;
    }
}

/// <summary>One option property.</summary>
internal sealed class OptionMember
{
    /// <summary>The option as the manifest describes it.</summary>
    public Json Json { get; } = new();
    public string InfoText { get; private set; } = "";
    public string BindText { get; private set; } = "";

    /// <summary>The option that a property is; null when it has no attribute, or a type that no option has.</summary>
    public static OptionMember? Create(IPropertySymbol property, SemanticModel model, Generated result)
    {
        AttributeData? option = property.GetAttributes()
            .FirstOrDefault(a => a.AttributeClass?.ToDisplayString() == OptionAttribute);
        if (option is null) return null;
        string name = Names.KebabCase(property.Name);
        string summary = (string?)option.ConstructorArguments[0].Value ?? "";
        int kind = 0;
        ulong minimum = 0;
        ulong? maximum = null;
        foreach (KeyValuePair<string, TypedConstant> named in option.NamedArguments)
        {
            switch (named.Key)
            {
                case "Type" when named.Value.Value is byte b: kind = b; break;
                case "Minimum" when named.Value.Value is ulong u: minimum = u; break;
                case "Maximum" when named.Value.Value is ulong u: maximum = u; break;
            }
        }
        string typeName = property.Type.WithNullableAnnotation(NullableAnnotation.NotAnnotated)
            .ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
        object? constant = Default(property, model, result, out bool hasDefault);
        OptionMember member = new();
        string quoted = Emitter.Literal(name);
        string type;
        string? fallback = null;
        List<string> bounds = [];
        string[] choices = [];
        if (property.Type.SpecialType == SpecialType.System_String)
        {
            type = kind == 6 ? "Path" : "Text";
            fallback = constant as string;
            bool nullable = property.NullableAnnotation == NullableAnnotation.Annotated;
            member.BindText = $"{property.Name} = values.Text({quoted}) ?? {(fallback is not null ? Emitter.Literal(fallback) : nullable ? "null" : "\"\"")}";
        }
        else if (property.Type.SpecialType == SpecialType.System_Boolean)
        {
            bool on = constant is true;
            type = "Flag";
            fallback = on ? "on" : "off";
            member.BindText = $"{property.Name} = values.Flag({quoted}, {(on ? "true" : "false")})";
        }
        else if (property.Type.TypeKind == TypeKind.Enum)
        {
            List<IFieldSymbol> fields =
                [.. property.Type.GetMembers().OfType<IFieldSymbol>().Where(f => f.HasConstantValue)];
            IFieldSymbol? chosen = fields.FirstOrDefault(f => Equals(f.ConstantValue, constant))
                ?? fields.FirstOrDefault();
            type = "Choice";
            choices = [.. fields.Select(c => Names.KebabCase(c.Name))];
            bounds.Add($"Choices = [{string.Join(", ", choices.Select(Emitter.Literal))}]");
            if (chosen is not null && !property.IsRequired) fallback = Names.KebabCase(chosen.Name);
            StringBuilder bind = new($"{property.Name} = values.Text({quoted}) switch {{ ");
            foreach (IFieldSymbol c in fields) bind.Append($"{Emitter.Literal(Names.KebabCase(c.Name))} => {typeName}.{c.Name}, ");
            bind.Append($"_ => {typeName}.{chosen?.Name} }}");
            member.BindText = bind.ToString();
        }
        else if (Scalar.Of(property.Type) is Scalar scalar)
        {
            type = kind switch { 3 => "Size", 4 => "Duration", _ => "Number" };
            ulong number = constant is null ? 0 : System.Convert.ToUInt64(constant, CultureInfo.InvariantCulture);
            if (hasDefault) fallback = Format(number, kind);
            if (minimum != 0) bounds.Add($"Minimum = {minimum}UL");
            bounds.Add($"Maximum = {maximum ?? scalar.Max}UL");
            member.BindText = $"{property.Name} = ({typeName})values.Number({quoted}, {number}UL)";
            maximum ??= scalar.Max;
        }
        else
        {
            result.Add(Diagnostics.BadOptionType, property, property.Name, property.Type.ToDisplayString());
            return null;
        }
        List<string> info =
        [
            $"Name = {quoted}", $"Summary = {Emitter.Literal(summary)}", $"IsRequired = {(property.IsRequired ? "true" : "false")}",
            $"Type = global::Hv.Sdk.OptionType.{type}", .. bounds,
        ];
        if (fallback is not null) info.Add($"Default = {Emitter.Literal(fallback)}");
        member.InfoText = "new() { " + string.Join(", ", info) + " }";
        member.Json.Text("name", name).Text("type", Names.KebabCase(type)).Text("summary", summary);
        if (fallback is not null) member.Json.Text("default", fallback);
        if (property.IsRequired) member.Json.Flag("required", true);
        if (minimum != 0) member.Json.Number("minimum", minimum);
        if (type is "Number" or "Size" or "Duration" && maximum is ulong most && most != ulong.MaxValue) member.Json.Number("maximum", most);
        if (choices.Length > 0) member.Json.Texts("choices", choices);
        return member;
    }

    private const string OptionAttribute = "Hv.Sdk.OptionAttribute";

    private static object? Default(IPropertySymbol property, SemanticModel model, Generated result, out bool hasDefault)
    {
        hasDefault = !property.IsRequired;
        SyntaxNode? node = property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax();
        if (node is not PropertyDeclarationSyntax { Initializer: EqualsValueClauseSyntax initializer }) return null;
        // The property may stand in another file than what asks for it.
        Optional<object?> value =
            model.Compilation.GetSemanticModel(node.SyntaxTree).GetConstantValue(initializer.Value);
        if (value.HasValue) return value.Value;
        result.Add(Diagnostics.NotConstant, property, property.Name);
        return null;
    }

    private static string Format(ulong value, int kind)
    {
        if (kind == 3)
        {
            foreach ((int shift, char unit) in new[] { (40, 'T'), (30, 'G'), (20, 'M'), (10, 'K') })
            {
                if (value != 0 && value % (1UL << shift) == 0) return (value >> shift).ToString(
                    CultureInfo.InvariantCulture) + unit;
            }
        }
        if (kind == 4)
        {
            foreach ((ulong ns, string unit) in new[] { (1_000_000_000UL, "s"), (1_000_000UL, "ms"), (1_000UL, "us") })
            {
                if (value != 0 && value % ns == 0) return (value / ns).ToString(CultureInfo.InvariantCulture) + unit;
            }
            return value.ToString(CultureInfo.InvariantCulture) + "ns";
        }
        return value.ToString(CultureInfo.InvariantCulture);
    }
}
