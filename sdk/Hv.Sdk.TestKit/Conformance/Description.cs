using System.Reflection;
using System.Text.RegularExpressions;

namespace Hv.Sdk.TestKit.Conformance;

/// <summary>What every extension says about itself, whatever its kind.</summary>
public static partial class Description
{
    [GeneratedRegex("^[a-z][a-z0-9-]*$")]
    private static partial Regex Name();

    /// <summary>The name in the attribute, or the class's.</summary>
    public static string NameOf<TAttribute>(object extension) where TAttribute : ExtensionAttribute =>
        extension.GetType().GetCustomAttribute<TAttribute>()?.Name ?? extension.GetType().Name;

    /// <summary>The class has the attribute of its kind, and the name and all options read as command lines want
    /// them.</summary>
    /// <exception cref="ContractException">Something is missing.</exception>
    public static void RequireComplete<TAttribute>(object extension, OptionSchema options) where TAttribute
        : ExtensionAttribute
    {
        Type type = extension.GetType();
        string attributeName = typeof(TAttribute).Name.Replace("Attribute", "", StringComparison.Ordinal);
        TAttribute? attribute = type.GetCustomAttribute<TAttribute>();
        CheckRun.Require(attribute is not null, $"{type.Name} has no [{attributeName}(\"name\")]");
        CheckRun.Require(Name().IsMatch(attribute.Name),
            $"'{attribute.Name}' is not a name: lower case, words joined by '-'");
        foreach (OptionInfo option in options.Options)
        {
            CheckRun.Require(Name().IsMatch(option.Name),
                $"the option '{option.Name}' is not a name: lower case, words joined by '-'");
            CheckRun.Require(option.Summary.Length > 0, $"the option '{option.Name}' has no summary");
        }
    }
}
