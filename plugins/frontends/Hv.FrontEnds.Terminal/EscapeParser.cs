namespace Hv.FrontEnds.Terminal;

/// <summary>What the key after the escape asks for.</summary>
internal enum EscapeCommand : byte
{
    /// <summary>Nothing: bytes for the guest.</summary>
    None,
    /// <summary>End the machine.</summary>
    Quit,
    /// <summary>Pause it, or go on.</summary>
    Pause,
    /// <summary>Press the reset button.</summary>
    Reset,
    /// <summary>Save it to a file.</summary>
    Save,
    /// <summary>Say which keys there are.</summary>
    Help,
}

/// <summary>Parts what is typed into bytes for the guest and commands: Ctrl-], then a letter; Ctrl-] twice is one
/// Ctrl-] for the guest. An escape may be split over two reads.</summary>
internal sealed class EscapeParser
{
    /// <summary>Ctrl-], as telnet has it.</summary>
    internal const byte Escape = 0x1D;

    private bool isPending;

    /// <summary>Takes the next bytes: those before the next command are for the guest, in
    /// <paramref name="forGuest"/>.</summary>
    /// <returns>How many bytes of the input were taken; go on with the rest.</returns>
    public int Next(ReadOnlySpan<byte> typed, List<byte> forGuest, out EscapeCommand command)
    {
        command = EscapeCommand.None;
        for (int i = 0; i < typed.Length; i++)
        {
            byte key = typed[i];
            if (!isPending)
            {
                if (key == Escape)
                {
                    isPending = true;
                }
                else
                {
                    forGuest.Add(key);
                }

                continue;
            }

            isPending = false;
            switch (key)
            {
                case Escape:
                    forGuest.Add(Escape);
                    continue;
                case (byte)'q' or (byte)'Q':
                    command = EscapeCommand.Quit;
                    break;
                case (byte)'p' or (byte)'P':
                    command = EscapeCommand.Pause;
                    break;
                case (byte)'r' or (byte)'R':
                    command = EscapeCommand.Reset;
                    break;
                case (byte)'s' or (byte)'S':
                    command = EscapeCommand.Save;
                    break;
                default:
                    command = EscapeCommand.Help;
                    break;
            }

            return i + 1;
        }

        return typed.Length;
    }
}
