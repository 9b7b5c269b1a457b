using Hv.Fixtures;

namespace Hv.Tests;

/// <summary>On a real terminal (a pseudo-terminal that <c>script</c> makes): keys, and the mode that is left
/// behind.</summary>
public sealed class TerminalHandling : IDisposable
{
    private readonly HvProcess hv = new();

    public TerminalHandling() => File.WriteAllBytes(Path.Combine(hv.Root, "kernel.elf"), StubKernel.Print("READY\n"));

    public void Dispose() => hv.Dispose();

    [Fact]
    public void CtrlBracketQ_QuitsAndRestoresTheMode() =>
        AssertRestored("""printf '\035q'""", expectedCode: null);

    [Fact]
    public void CtrlBracketQuestionMark_ShowsTheKeys() =>
        Assert.Contains("p pause or go on",
            AssertRestored("""printf '\035?'; sleep 1; printf '\035q'""", expectedCode: null));

    [Fact]
    public void StopAndContinue_RestoresTheModeForTheTimeBetween()
    {
        AssertRestored("""
            mode() { stty -g < "$tty"; }
            raw=$(mode)
            kill -TSTP $(cat pid)
            for i in $(seq 100); do grep -q '^State:.T' /proc/$(cat pid)/status && break; sleep 0.1; done
            mode > stopped
            kill -CONT $(cat pid)
            for i in $(seq 100); do [ "$(mode)" = "$raw" ] && break; sleep 0.1; done
            mode > continued
            printf '\035q'
            """, expectedCode: null);

        Assert.Equal(Read("before"), Read("stopped"));
        Assert.Equal(Read("during"), Read("continued"));
    }

    [Theory]
    [InlineData("INT", "130")]
    [InlineData("HUP", "130")]
    [InlineData("KILL", "137")]
    public void Signal_RestoresTheMode(string signal, string expectedCode) =>
        AssertRestored($"kill -{signal} $(cat pid) >/dev/null", expectedCode);

    [Fact]
    public void Tab_InAnInteractiveBash_CompletesCommandsAndValues()
    {
        // Each key waits for what the one before it made: readline takes what is typed while it completes.
        hv.Write("outside.sh", $$"""
            shows() { for i in $(seq 600); do grep -qF -- "$1" typescript 2>/dev/null && return; sleep 0.1; done; }
            ( printf '%s\n' 'PATH="{{Path.GetDirectoryName(HvProcess.Executable)}}:$PATH"; PS1="> "' \
                'source <(hv completion bash); echo LOADED-$?'
              shows LOADED-0
              printf 'hv ru\t'
              shows 'hv run '
              printf -- '--board mi\t'
              shows 'hv run --board microvm '
              printf '\025exit\n' ) | script -qefc 'bash --norc --noprofile -i' typescript > /dev/null
            cat typescript
            """);

        string output = hv.RunProgram("bash", "outside.sh").Output;

        Assert.Contains("hv run --board microvm ", output);
    }

    /// <summary>Runs hv on a terminal, does something once the guest is ready, and compares the modes before and
    /// after.</summary>
    private string AssertRestored(string keys, string? expectedCode)
    {
        hv.Write("inside.sh", $"""
            stty -g > before
            sh -c 'echo $$ > pid; exec "{HvProcess.Executable}" run --kernel kernel.elf --memory 64M --timeout 120s'
            echo $? > code
            # The guard that outlives a killed hv needs a moment.
            for i in 1 2 3 4 5 6 7 8 9 10; do
              stty -g > after
              cmp -s before after && break
              sleep 1
            done
            """);
        hv.Write("outside.sh", $$"""
            ( while ! grep -q READY typescript 2>/dev/null; do sleep 0.2; done
              tty=$(readlink /proc/$(cat pid)/fd/0)
              stty -g < "$tty" > during
              {{keys}}
              sleep 2 ) | script -qefc 'sh inside.sh' typescript > /dev/null
            cat typescript
            """);

        string output = hv.RunProgram("bash", "outside.sh").Output;

        string before = Read("before");
        Assert.NotEqual(before, Read("during"));
        Assert.Equal(before, Read("after"));
        Assert.DoesNotContain("\u001b[?1h", output);
        if (expectedCode is not null)
        {
            Assert.Equal(expectedCode, Read("code"));
        }

        return output;
    }

    private string Read(string file) => File.ReadAllText(Path.Combine(hv.Root, file)).Trim();
}
