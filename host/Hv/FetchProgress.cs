using Hv.Guests;
using Spectre.Console;

namespace Hv;

/// <summary>Shows how a guest is made: bars when standard error is a terminal, nothing when it is not.</summary>
internal static class FetchProgress
{
    /// <summary>Makes a guest under its progress.</summary>
    public static T Show<T>(Func<IGuestProgress, T> make)
    {
        if (Console.IsErrorRedirected)
        {
            return make(NoProgress.Instance);
        }

        // Nothing is drawn while there is nothing to do: the second start is silent.
        IAnsiConsole console =
            AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        var bars = new Bars(console);
        try
        {
            return make(bars);
        }
        finally
        {
            bars.Finish();
        }
    }

    /// <summary>Starts to draw with the first step.</summary>
    private sealed class Bars(IAnsiConsole console) : IGuestProgress
    {
        private readonly Lock gate = new();
        private readonly ManualResetEventSlim finished = new();
        private Task? drawing;
        private ProgressContext? context;
        private ProgressTask? current;

        public void Begin(string step)
        {
            lock (gate)
            {
                StartDrawing();
                Complete();
                current = context!.AddTask(Markup.Escape(step), maxValue: 1);
                current.IsIndeterminate = true;
            }
        }

        public void Advance(double fraction)
        {
            lock (gate)
            {
                if (current is not null)
                {
                    current.IsIndeterminate = false;
                    current.Value = fraction;
                }
            }
        }

        public void Finish()
        {
            lock (gate)
            {
                Complete();
            }

            finished.Set();
            if (drawing is not null)
            {
                drawing.Wait();

                // Asking for the cursor's place switched the terminal to application mode: back to the usual one.
                console.Write(new ControlCode("\u001b[?1l\u001b>"));
            }
        }

        private void Complete()
        {
            if (current is not null)
            {
                current.IsIndeterminate = false;
                current.Value = 1;
                current = null;
            }
        }

        private void StartDrawing()
        {
            if (drawing is not null)
            {
                return;
            }

            using var started = new ManualResetEventSlim();
            drawing = Task.Run(() => console.Progress()
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(),
                    new SpinnerColumn())
                .Start(progress =>
                {
                    context = progress;
                    started.Set();
                    finished.Wait();
                }));
            started.Wait();
        }
    }
}
