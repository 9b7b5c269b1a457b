using Microsoft.CodeAnalysis;

namespace Hv.Sdk.Generators;

/// <summary>How one field of a state type is written and read.</summary>
internal abstract class StateMember(string name, int tag)
{
    public string Name { get; } = name;
    public int Tag { get; } = tag;

    /// <summary>What the manifest calls the type: a scalar's name, <c>text</c>, <c>time</c>, <c>state</c>, and
    /// <c>[]</c> for many.</summary>
    public abstract string TypeText { get; }

    public abstract void EmitSave(Emitter e);
    public abstract void EmitLoad(Emitter e);

    public static StateMember? Create(string name, ITypeSymbol type, int tag, int maxLength, ulong maximum)
    {
        if (Scalar.Of(type) is Scalar scalar) return new ScalarMember(name, tag, scalar, maximum);
        if (type.SpecialType == SpecialType.System_String) return new TextMember(
            name, tag, maxLength == 0 ? 256 : maxLength);
        if (type.ToDisplayString() == "Hv.Sdk.Time.VmTime") return new TimeMember(name, tag);
        if (StateGenerator.IsState(type)) return new StateTypeMember(
            name, tag, type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat));
        if (type is IArrayTypeSymbol { Rank: 1 } array)
        {
            if (Scalar.Of(array.ElementType) is Scalar element) return new ArrayMember(name, tag, element, maxLength);
            if (StateGenerator.IsState(array.ElementType))
                return new StateArrayMember(
                    name, tag, array.ElementType.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat), maxLength);
        }
        if (InlineArray(type) is (int length, Scalar inline)) return new InlineArrayMember(name, tag, inline, length);
        return null;
    }

    private static (int, Scalar)? InlineArray(ITypeSymbol type)
    {
        AttributeData? attribute = type.GetAttributes()
            .FirstOrDefault(a => a.AttributeClass?.Name == "InlineArrayAttribute");
        IFieldSymbol? field = type.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(f => !f.IsStatic);
        if (attribute?.ConstructorArguments[0].Value is not int length || field is null) return null;
        return Scalar.Of(field.Type) is Scalar scalar ? (length, scalar) : null;
    }

    private sealed class ScalarMember(string name, int tag, Scalar scalar, ulong maximum) : StateMember(name, tag)
    {
        public override string TypeText => scalar.Name;

        public override void EmitSave(Emitter e) => e.Line(scalar.Kind switch
        {
            ScalarKind.Flag => $"writer.Flag({Tag}, {Name});",
            ScalarKind.Signed => $"writer.Int({Tag}, (long){Name});",
            _ => $"writer.UInt({Tag}, (ulong){Name});",
        });

        public override void EmitLoad(Emitter e)
        {
            switch (scalar.Kind)
            {
                case ScalarKind.Flag:
                    e.Line($"state.{Name} = reader.Flag({Tag}, state.{Name});");
                    break;
                case ScalarKind.Signed:
                    e.Line($"long value{Tag} = reader.Int({Tag}, (long)state.{Name});");
                    e.Open($"if (value{Tag} < {scalar.MinText} || value{Tag} > {(maximum != 0 ? maximum + "L" : scalar.MaxText)})");
                    e.Line($"throw new global::Hv.Sdk.State.StateException(\"field {Tag} ({Name}) is out of range\");");
                    e.Close();
                    e.Line($"state.{Name} = ({scalar.TypeName})value{Tag};");
                    break;
                default:
                    string bound = maximum != 0 ? maximum + "UL" : scalar.MaxText;
                    e.Line($"state.{Name} = ({scalar.TypeName})reader.UInt({Tag}, (ulong)state.{Name}, {bound});");
                    break;
            }
        }
    }

    private sealed class TextMember(string name, int tag, int maxLength) : StateMember(name, tag)
    {
        public override string TypeText => "text";

        public override void EmitSave(Emitter e) => e.Line($"writer.Text({Tag}, {Name});");
        public override void EmitLoad(Emitter e) =>
            e.Line($"if (reader.Has({Tag})) state.{Name} = reader.Text({Tag}, {maxLength});");
    }

    private sealed class TimeMember(string name, int tag) : StateMember(name, tag)
    {
        public override string TypeText => "time";

        public override void EmitSave(Emitter e) => e.Line($"writer.Int({Tag}, {Name}.Nanoseconds);");
        public override void EmitLoad(Emitter e) => e.Line(
            $"state.{Name} = global::Hv.Sdk.Time.VmTime.FromNs(reader.Int({Tag}, state.{Name}.Nanoseconds));");
    }

    private sealed class StateTypeMember(string name, int tag, string typeName) : StateMember(name, tag)
    {
        public override string TypeText => "state";

        public override void EmitSave(Emitter e) => e.Line($"writer.Group({Tag}, {Name}.Save);");

        public override void EmitLoad(Emitter e)
        {
            e.Open($"foreach (var group in reader.Groups({Tag}, 1))");
            e.Line($"state.{Name} = {typeName}.Load(group);");
            e.Close();
        }
    }

    private sealed class StateArrayMember(string name, int tag, string typeName, int maxLength) : StateMember(name, tag)
    {
        public override string TypeText => "state[]";

        public override void EmitSave(Emitter e)
        {
            e.Open($"foreach (var item in {Name})");
            e.Line($"writer.Group({Tag}, item.Save);");
            e.Close();
        }

        public override void EmitLoad(Emitter e)
        {
            e.Open("");
            string most = maxLength > 0 ? maxLength.ToString() : $"state.{Name}.Length";
            e.Line($"var groups = reader.Groups({Tag}, {most});");
            if (maxLength > 0)
            {
                e.Line($"if (groups.Count > 0 || state.{Name} is null) state.{Name} = new {typeName}[groups.Count];");
            }
            e.Line($"for (int i = 0; i < groups.Count; i++) state.{Name}[i] = {typeName}.Load(groups[i]);");
            e.Close();
        }
    }

    /// <summary>Arrays are written as bytes, little-endian, at the element's own width.</summary>
    private sealed class ArrayMember(string name, int tag, Scalar element, int maxLength) : StateMember(name, tag)
    {
        public override string TypeText => element.Name + "[]";

        public override void EmitSave(Emitter e) => EmitSaveElements(e, Name, $"{Name}.Length", Tag, element);

        public override void EmitLoad(Emitter e)
        {
            e.Open($"if (reader.Has({Tag}))");
            string most = maxLength > 0 ? maxLength.ToString() : $"state.{Name}.Length";
            e.Line($"var bytes = reader.Bytes({Tag}, checked({most} * {element.Bytes})).Span;");
            if (maxLength > 0) e.Line($"state.{Name} = new {element.TypeName}[bytes.Length / {element.Bytes}];");
            e.Line($"for (int i = 0; i < bytes.Length / {element.Bytes}; i++) state.{Name}[i] = {element.ReadText("bytes", "i")};");
            e.Close();
        }
    }

    private sealed class InlineArrayMember(string name, int tag, Scalar element, int length) : StateMember(name, tag)
    {
        public override string TypeText => element.Name + "[]";

        public override void EmitSave(Emitter e) => EmitSaveElements(e, Name, length.ToString(), Tag, element);

        public override void EmitLoad(Emitter e)
        {
            e.Open($"if (reader.Has({Tag}))");
            e.Line($"var bytes = reader.Bytes({Tag}, {length * element.Bytes}).Span;");
            e.Line($"for (int i = 0; i < bytes.Length / {element.Bytes}; i++) state.{Name}[i] = {element.ReadText("bytes", "i")};");
            e.Close();
        }
    }

    private static void EmitSaveElements(Emitter e, string name, string length, int tag, Scalar element)
    {
        e.Open("");
        e.Line($"byte[] bytes = new byte[{length} * {element.Bytes}];");
        e.Line($"for (int i = 0; i < {length}; i++) {element.WriteText("bytes", "i", name + "[i]")};");
        e.Line($"writer.Bytes({tag}, bytes);");
        e.Close();
    }
}
