using System.Globalization;
using Hv.Sdk;
using Hv.Vmm;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace Hv;

/// <summary>Messages of one machine: to standard error for people, at the level they asked for, and all that is worth
/// keeping as JSON lines to <c>hv.log</c> in the VM's state directory. The logger is made with the first message, so
/// that a silent start pays nothing.</summary>
internal sealed class MachineLog : IMachineLog, IDisposable
{
    private const LogLevel FileLevel = LogLevel.Info;
    private const long FileLimitBytes = 10 << 20;

    private readonly Lock gate = new();
    private readonly string vmName;
    private readonly LogLevel consoleLevel;
    private Logger? logger;

    public MachineLog(string vmName, LogLevel consoleLevel)
    {
        this.vmName = vmName;
        this.consoleLevel = consoleLevel;
    }

    /// <inheritdoc/>
    public bool IsEnabled(string source, LogLevel level) => level >= consoleLevel || level >= FileLevel;

    /// <inheritdoc/>
    public void Write(string source, LogLevel level, string message, Exception? exception)
    {
        if (IsEnabled(source, level))
        {
            Logger().ForContext("Source", source).Write(ToSerilog(level), exception, "{Message:l}", message);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => logger?.Dispose();

    private Logger Logger()
    {
        lock (gate)
        {
            return logger ??= new LoggerConfiguration()
                .MinimumLevel.Verbose()
                .Enrich.WithProperty("Vm", vmName)
                .WriteTo.Console(
                    ToSerilog(consoleLevel), "hv: {Level:w} {Source}: {Message:l}{NewLine}{Exception}",
                    CultureInfo.InvariantCulture,
                    standardErrorFromLevel: LogEventLevel.Verbose,
                        theme: Serilog.Sinks.SystemConsole.Themes.ConsoleTheme.None)
                .WriteTo.File(
                    new JsonFormatter(renderMessage: false), LogFile(vmName), ToSerilog(FileLevel),
                    fileSizeLimitBytes: FileLimitBytes, rollOnFileSizeLimit: true, retainedFileCountLimit: 3)
                .CreateLogger();
        }
    }

    private static string LogFile(string vmName)
    {
        string safe = string.Concat(
            vmName.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_')).TrimStart('.');
        return Path.Combine(Installation.StateDirectory, "vms", safe.Length == 0 ? "vm" : safe, "hv.log");
    }

    private static LogEventLevel ToSerilog(LogLevel level) => level switch
    {
        LogLevel.Trace => LogEventLevel.Verbose,
        LogLevel.Debug => LogEventLevel.Debug,
        LogLevel.Info => LogEventLevel.Information,
        LogLevel.Warn => LogEventLevel.Warning,
        _ => LogEventLevel.Error,
    };
}
