using System.Text.Json;
using Hv.Diagnostics;

namespace Hv.Configuration;

/// <summary>What a VM definition and the flags over it say, each value with its place; not looked into yet.</summary>
public sealed class DefinitionSettings
{
    private readonly Dictionary<DefinitionKey, List<JsonValue>> values = [];
    private readonly HashSet<DefinitionKey> fromFlags = [];

    /// <summary>The definition's file; null when there are only flags.</summary>
    public string? File { get; private set; }

    /// <summary>The values of a key, in their order; none when it is not set.</summary>
    public IReadOnlyList<JsonValue> this[DefinitionKey key] => values.TryGetValue(key, out List<JsonValue>? v) ? v : [];

    /// <summary>Reads a definition. Call it before flags are added.</summary>
    public void ReadFile(string path, DiagnosticBag bag)
    {
        File = path;
        if (JsonText.ReadFile(path, bag) is not { } root)
        {
            return;
        }

        if (root.Kind != JsonValueKind.Object)
        {
            bag.Error(Codes.WrongType, root.Place, $"a VM definition is an object, this is {root.KindName}",
                """for example { "kernel": "vmlinuz", "memory": "512M" }""");
            return;
        }

        foreach (JsonMember member in root.Members.Where(m => m.Key != "$schema"))
        {
            if (DefinitionKeys.FindInDefinition(member.Key) is not { } key)
            {
                bag.Error(Codes.UnknownKey, member.Place, $"there is no key '{member.Key}'",
                    Suggestion.Remedy(member.Key, [.. DefinitionKeys.All.Select(k => k.NameInDefinition)]));
                continue;
            }

            AddMember(key, member.Value, bag);
        }
    }

    /// <summary>Adds what a flag says.</summary>
    public void AddFlag(DefinitionKey key, string text) =>
        AddFlag(key, new JsonValue { Kind = JsonValueKind.String, Place = Place.Of(key.Flag), Text = text });

    /// <summary>Sets what neither the definition nor a flag says.</summary>
    public void AddDefault(DefinitionKey key, string text)
    {
        if (!values.ContainsKey(key))
        {
            values[key] = [new JsonValue { Kind = JsonValueKind.String, Place = Place.Of(key.Flag), Text = text }];
        }
    }

    /// <summary>Adds words to the end of the kernel's command line.</summary>
    public void AppendToCommandLine(IReadOnlyList<string> words)
    {
        DefinitionKey key = DefinitionKeys.Find("append")!;
        if (words.Count > 0)
        {
            string before = this[key] is [var value] ? $"{value.Text} " : "";
            AddFlag(key, before + string.Join(' ', words));
        }
    }

    private void AddFlag(DefinitionKey key, JsonValue value)
    {
        bool isFirst = fromFlags.Add(key);
        if (!values.TryGetValue(key, out List<JsonValue>? list) || (isFirst && !key.AddsToDefinition)
            || !key.IsRepeatable)
        {
            values[key] = list = [];
        }

        list.Add(value);
    }

    private void AddMember(DefinitionKey key, JsonValue value, DiagnosticBag bag)
    {
        if (value.Kind == JsonValueKind.Array && !key.IsRepeatable)
        {
            bag.Error(Codes.WrongType, value.Place, $"'{key.Name}' takes one value, this is a list");
            return;
        }

        IReadOnlyList<JsonValue> items = value.Kind == JsonValueKind.Array ? value.Items : [value];
        foreach (JsonValue item in items)
        {
            bool isFine = item.Kind switch
            {
                JsonValueKind.Object => key.Head is not null,
                JsonValueKind.Array or JsonValueKind.Null => false,
                _ => true,
            };
            if (!isFine)
            {
                string wanted = key.Head is null
                    ? "a text, a number, true or false" : $"a text or an object with '{key.Head}'";
                bag.Error(Codes.WrongType, item.Place, $"'{key.Name}' takes {wanted}, this is {item.KindName}");
            }
        }

        values[key] = [.. items.Where(i => i.Kind is not (JsonValueKind.Array or JsonValueKind.Null)
            && (i.Kind != JsonValueKind.Object || key.Head is not null))];
    }
}
