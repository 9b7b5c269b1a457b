using Microsoft.CodeAnalysis;

namespace Hv.Sdk.Generators;

/// <summary>What the generators refuse, each with its remedy.</summary>
internal static class Diagnostics
{
    public static readonly DiagnosticDescriptor NotPartial = Error("HVG001", "Type must be partial",
        "'{0}' must be declared partial so that its code can be generated");

    public static readonly DiagnosticDescriptor DuplicateTag = Error("HVG002", "State tag used twice",
        "Tag {0} is already taken by '{1}': give '{2}' a tag that was never used");

    public static readonly DiagnosticDescriptor BadTag = Error("HVG003", "State tag out of range",
        "The tag of '{0}' must be 1 or more");

    public static readonly DiagnosticDescriptor BadFieldType = Error("HVG004", "State field type not supported",
        "'{0}' has the type {1}, which has no codec: use an integer, bool, enum, string, VmTime, an array or inline array of integers, " +
        "or a DeviceState type");

    public static readonly DiagnosticDescriptor BadOptionType = Error("HVG005", "Option type not supported",
        "'{0}' has the type {1}: use string, bool, an unsigned integer, int, long or an enum");

    public static readonly DiagnosticDescriptor NotConstant = Error("HVG006", "Option default is not constant",
        "The default of '{0}' must be a constant expression, since help and the schema print it");

    public static readonly DiagnosticDescriptor Unassigned = Error("HVG007", "State field without a tag",
        "'{0}' is a field of a DeviceState type without [Field]: give it a tag, or make it readonly or a property without storage");

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "Hv.Sdk", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
