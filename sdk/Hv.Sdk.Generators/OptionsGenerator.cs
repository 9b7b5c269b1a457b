using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hv.Sdk.Generators;

/// <summary>Writes <c>Schema</c> and <c>Bind</c> for records marked <c>[Options]</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class OptionsGenerator : IIncrementalGenerator
{
    private const string OptionsAttribute = "Hv.Sdk.OptionsAttribute";
    private const string OptionAttribute = "Hv.Sdk.OptionAttribute";

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
            AttributeData? option = property.GetAttributes()
                .FirstOrDefault(a => a.AttributeClass?.ToDisplayString() == OptionAttribute);
            if (option is null) continue;
            OptionMember? member = OptionMember.Create(property, option, context.SemanticModel, result);
            if (member is not null) members.Add(member);
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
    public string InfoText { get; private set; } = "";
    public string BindText { get; private set; } = "";

    public static OptionMember? Create(
        IPropertySymbol property, AttributeData option, SemanticModel model, Generated result)
    {
        string name = KebabCase(property.Name);
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
        List<string> info =
        [
            $"Name = {Emitter.Literal(name)}", $"Summary = {Emitter.Literal(summary)}",
            $"IsRequired = {(property.IsRequired ? "true" : "false")}",
        ];
        string quoted = Emitter.Literal(name);
        if (property.Type.SpecialType == SpecialType.System_String)
        {
            info.Add(kind == 6 ? "Type = global::Hv.Sdk.OptionType.Path" : "Type = global::Hv.Sdk.OptionType.Text");
            string? text = constant as string;
            if (text is not null) info.Add($"Default = {Emitter.Literal(text)}");
            bool nullable = property.NullableAnnotation == NullableAnnotation.Annotated;
            member.BindText = $"{property.Name} = values.Text({quoted}) ?? {(text is not null ? Emitter.Literal(text) : nullable ? "null" : "\"\"")}";
        }
        else if (property.Type.SpecialType == SpecialType.System_Boolean)
        {
            bool on = constant is true;
            info.Add("Type = global::Hv.Sdk.OptionType.Flag");
            info.Add($"Default = \"{(on ? "on" : "off")}\"");
            member.BindText = $"{property.Name} = values.Flag({quoted}, {(on ? "true" : "false")})";
        }
        else if (property.Type.TypeKind == TypeKind.Enum)
        {
            List<IFieldSymbol> choices =
                [.. property.Type.GetMembers().OfType<IFieldSymbol>().Where(f => f.HasConstantValue)];
            IFieldSymbol? chosen = choices.FirstOrDefault(f => Equals(f.ConstantValue, constant))
                ?? choices.FirstOrDefault();
            info.Add("Type = global::Hv.Sdk.OptionType.Choice");
            info.Add($"Choices = [{string.Join(", ", choices.Select(c => Emitter.Literal(KebabCase(c.Name))))}]");
            if (chosen is not null && !property.IsRequired) info.Add(
                $"Default = {Emitter.Literal(KebabCase(chosen.Name))}");
            StringBuilder bind = new($"{property.Name} = values.Text({quoted}) switch {{ ");
            foreach (IFieldSymbol c in choices) bind.Append(
                $"{Emitter.Literal(KebabCase(c.Name))} => {typeName}.{c.Name}, ");
            bind.Append($"_ => {typeName}.{chosen?.Name} }}");
            member.BindText = bind.ToString();
        }
        else if (Scalar.Of(property.Type) is Scalar scalar)
        {
            string shown = kind switch { 3 => "Size", 4 => "Duration", _ => "Number" };
            info.Add($"Type = global::Hv.Sdk.OptionType.{shown}");
            ulong number = constant is null ? 0 : System.Convert.ToUInt64(constant, CultureInfo.InvariantCulture);
            if (hasDefault) info.Add($"Default = \"{Format(number, kind)}\"");
            if (minimum != 0) info.Add($"Minimum = {minimum}UL");
            info.Add($"Maximum = {(maximum is ulong m ? m + "UL" : scalar.MaxText)}");
            member.BindText = $"{property.Name} = ({typeName})values.Number({quoted}, {number}UL)";
        }
        else
        {
            result.Add(Diagnostics.BadOptionType, property, property.Name, property.Type.ToDisplayString());
            return null;
        }
        member.InfoText = "new() { " + string.Join(", ", info) + " }";
        return member;
    }

    private static object? Default(IPropertySymbol property, SemanticModel model, Generated result, out bool hasDefault)
    {
        hasDefault = !property.IsRequired;
        SyntaxNode? node = property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax();
        if (node is not PropertyDeclarationSyntax { Initializer: EqualsValueClauseSyntax initializer }) return null;
        Optional<object?> value = model.GetConstantValue(initializer.Value);
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

    private static string KebabCase(string name)
    {
        StringBuilder text = new();
        for (int i = 0; i < name.Length; i++)
        {
            bool starts = char.IsUpper(name[i]) && i > 0
                && (char.IsLower(name[i - 1]) || char.IsDigit(name[i - 1])
                    || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (starts) text.Append('-');
            text.Append(char.ToLowerInvariant(name[i]));
        }
        return text.ToString();
    }
}
