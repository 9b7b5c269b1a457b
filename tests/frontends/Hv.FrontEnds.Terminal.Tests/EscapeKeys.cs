using System.Text;

namespace Hv.FrontEnds.Terminal.Tests;

/// <summary>What is typed is parted into bytes for the guest and commands, however reads cut it.</summary>
public sealed class EscapeKeys
{
    [Theory]
    [InlineData("ls\r", "ls\r", "")]
    [InlineData("a\u001dq" + "b", "ab", "Quit")]
    [InlineData("\u001dp\u001dP", "", "Pause Pause")]
    [InlineData("\u001dr\u001ds\u001d?", "", "Reset Save Help")]
    [InlineData("\u001dz", "", "Help")]
    [InlineData("a\u001d\u001d" + "b", "a\u001d" + "b", "")]
    [InlineData("\u001d\u001dq", "\u001dq", "")]
    [InlineData("\u0003\u001a\u0000", "\u0003\u001a\u0000", "")]
    public void Next_WholeOrCutAnywhere_GivesTheSame(string typed, string forGuest, string commands)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(typed);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            var parser = new EscapeParser();
            var guest = new List<byte>();
            var found = new List<EscapeCommand>();
            Feed(parser, bytes.AsSpan(0, cut), guest, found);
            Feed(parser, bytes.AsSpan(cut), guest, found);

            Assert.Equal(forGuest, Encoding.Latin1.GetString([.. guest]));
            Assert.Equal(commands, string.Join(' ', found));
        }
    }

    private static void Feed(
        EscapeParser parser, ReadOnlySpan<byte> typed, List<byte> guest, List<EscapeCommand> commands)
    {
        while (typed.Length > 0)
        {
            typed = typed[parser.Next(typed, guest, out EscapeCommand command)..];
            if (command != EscapeCommand.None)
            {
                commands.Add(command);
            }
        }
    }
}
