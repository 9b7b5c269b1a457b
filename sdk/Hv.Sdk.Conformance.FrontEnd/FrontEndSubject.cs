using Hv.Sdk.Management;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.FrontEnd;

/// <summary>What a person presses, as bytes; null where the front-end has no such key.</summary>
public sealed class FrontEndKeys
{
    /// <summary>Ends the machine.</summary>
    public byte[]? Quit { get; init; }
    /// <summary>Pauses it, and goes on when pressed again.</summary>
    public byte[]? Pause { get; init; }
    /// <summary>Presses the reset button.</summary>
    public byte[]? Reset { get; init; }
    /// <summary>Saves it.</summary>
    public byte[]? Save { get; init; }
}

/// <summary>A front-end to be tried. The suite runs it in a process of its own, so it is named by its class.</summary>
public sealed class FrontEndSubject
{
    /// <summary>The front-end; only asked what it is.</summary>
    public required IFrontEnd FrontEnd { get; init; }

    /// <summary>Options as a user would type them.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it shows the console on standard output and takes input from standard input.</summary>
    public bool UsesStandardStreams { get; init; } = true;

    /// <summary>Its keys, which it hears on a terminal only; null when it has none.</summary>
    public FrontEndKeys? Keys { get; init; }

    /// <summary>The front-end's name.</summary>
    public string Name => Description.NameOf<FrontEndAttribute>(FrontEnd);

    /// <summary>A subject of which nothing is known but its class: it is tried once whether what the guest prints comes
    /// to standard output.</summary>
    public static FrontEndSubject Of(IFrontEnd frontEnd, IReadOnlyDictionary<string, string> options)
    {
        FrontEndSubject subject = new() { FrontEnd = frontEnd, Options = options };
        try
        {
            using Play play = Play.Begin(subject);
            play.Await("listening");
            play.Output("?"u8.ToArray());
            play.Await("shown");
            Patience.Until(() => play.Screen.Length > 0, "the output");
            return subject;
        }
        catch (ContractException)
        {
            return new FrontEndSubject { FrontEnd = frontEnd, Options = options, UsesStandardStreams = false };
        }
    }
}
