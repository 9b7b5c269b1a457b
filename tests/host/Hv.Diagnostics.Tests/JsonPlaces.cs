using System.Text;
using System.Text.Json;

namespace Hv.Diagnostics.Tests;

/// <summary>Every key and value knows where it stood, in characters.</summary>
public sealed class JsonPlaces
{
    [Fact]
    public void Parse_KeysAndValues_HaveTheirLineAndColumn()
    {
        JsonValue root = Parse("{\n  \"a\": 1,\n  \"b\": [ true,\n null ]\n}");

        Assert.Equal((2, 3), At(root.Members[0].Place));
        Assert.Equal((2, 8), At(root.Members[0].Value.Place));
        Assert.Equal((3, 10), At(root["b"]!.Items[0].Place));
        Assert.Equal((4, 2), At(root["b"]!.Items[1].Place));
    }

    [Fact]
    public void Parse_CharactersOfSeveralBytes_CountAsOneColumn()
    {
        JsonValue root = Parse("""{ "é": "ü", "x": 1 }""");

        Assert.Equal((1, 13), At(root.Members[1].Place));
    }

    [Fact]
    public void Parse_ByteOrderMark_IsNoColumn()
    {
        JsonValue root = JsonText.Parse("x", [.. Encoding.UTF8.Preamble, .. "{ \"a\": 1 }"u8], new DiagnosticBag())!;

        Assert.Equal((1, 3), At(root.Members[0].Place));
    }

    [Theory]
    [InlineData("{ \"a\" 1 }", 1, 7)]
    [InlineData("{\n\n  \"a\": tru }", 3, 11)]
    [InlineData("", 1, 1)]
    [InlineData("{ } x", 1, 5)]
    [InlineData("{ \"a\": \"unfinished", 1, 8)]
    public void Parse_MalformedText_IsReportedWhereItBreaks(string text, int line, int column)
    {
        var bag = new DiagnosticBag();

        Assert.Null(JsonText.Parse("x.json", Encoding.UTF8.GetBytes(text), bag));

        Diagnostic found = Assert.Single(bag.Items);
        Assert.Equal(Codes.MalformedJson, found.Code);
        Assert.Equal(line, found.Place.Line);
        Assert.InRange(found.Place.Column, column - 1, column + 12);
    }

    [Fact]
    public void Parse_BytesThatAreNoUtf8_AreAMistakeNotACrash()
    {
        var bag = new DiagnosticBag();

        Assert.Null(JsonText.Parse("x", [.. "{ \"a\": \""u8, 0xFF, 0xFE, .. "\" }"u8], bag));
        Assert.Equal(Codes.MalformedJson, Assert.Single(bag.Items).Code);
    }

    [Fact]
    public void Parse_NestedWithoutEnd_IsAMistakeNotAStackOverflow()
    {
        var bag = new DiagnosticBag();

        Assert.Null(JsonText.Parse("x", Encoding.UTF8.GetBytes(new string('[', 100_000)), bag));
        Assert.Single(bag.Items);
    }

    [Fact]
    public void Parse_KeyTwice_KeepsTheFirstAndNamesIt()
    {
        var bag = new DiagnosticBag();

        JsonValue root = JsonText.Parse("x", "{ \"a\": 1, \"a\": 2 }"u8, bag)!;

        Assert.Equal("1", root["a"]!.Text);
        Assert.Equal((1, 11), At(Assert.Single(bag.Items).Place));
        Assert.Equal(JsonValueKind.Number, root["a"]!.Kind);
    }

    private static JsonValue Parse(string text)
    {
        var bag = new DiagnosticBag();
        JsonValue? value = JsonText.Parse("x", Encoding.UTF8.GetBytes(text), bag);
        Assert.Empty(bag.Items);
        return value!;
    }

    private static (int Line, int Column) At(Place place) => (place.Line, place.Column);
}
