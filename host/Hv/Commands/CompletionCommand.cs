using System.CommandLine;
using System.Text;

namespace Hv.Commands;

/// <summary><c>hv completion bash</c>.</summary>
internal static class CompletionCommand
{
    /// <summary>The words come from hv itself, so the script never ages. Parts after '=' and ',' are left to the user;
    /// ':' begins a new word for bash and is put back.</summary>
    private const string Bash = """
        # bash completion for hv. Use it with:  source <(hv completion bash)
        _hv() {
            local cur words
            cur="${COMP_WORDS[COMP_CWORD]}"
            local IFS=$'\n'
            words=$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" </dev/null 2>/dev/null) || return
            COMPREPLY=($(compgen -W "${words}" -- "${cur}"))
        }
        complete -o default -o bashdefault -F _hv hv
        """;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var bash = new Command(
            "bash", "For bash: source <(hv completion bash), or put it where bash-completion looks.");
        bash.SetAction(_ =>
        {
            // Not Console.Out, which switches the cursor keys of a terminal on standard input.
            using Stream output = Console.OpenStandardOutput();
            output.Write(Encoding.UTF8.GetBytes(Bash + "\n"));
        });
        return new Command("completion", "Writes a script that completes hv's commands, flags and names.") { bash };
    }
}
