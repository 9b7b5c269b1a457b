using System.Text;

namespace Hv.Sdk.Generators;

/// <summary>From names of C# to names that people type.</summary>
internal static class Names
{
    /// <summary>Lower case with '-' between words: <c>BasePort</c> is <c>base-port</c>, <c>X86Board</c> is
    /// <c>x86-board</c>.</summary>
    public static string KebabCase(string name)
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
