using Microsoft.CodeAnalysis;

namespace Hv.Sdk.Analyzers;

/// <summary>One row of what guest-facing code may not touch: members of a type (empty: all of them), the rule, and what
/// to use instead.</summary>
internal sealed class HostAccess(string typeName, string members, DiagnosticDescriptor rule, string replacement)
{
    private const string Clock = "IDeviceContext.Clock (IVmClock.Now)";
    private const string Calendar = "IVmClock.EpochUnixNs + IVmClock.Now";
    private const string Entropy = "IDeviceContext.Entropy (IEntropy.Fill)";
    private const string Timer = "IDeviceContext.CreateTimer";
    private const string Post = "IStrand.Post";
    private const string Log = "IDeviceContext.Log";
    private const string Option = "an option of the device ([Options])";
    private const string Backend = "a backend plugin, reached by IDeviceContext.Backend";
    private const string Fields = "a number computed from the fields";

    private readonly HashSet<string> members = [.. members.Split([' '], StringSplitOptions.RemoveEmptyEntries)];

    public string TypeName => typeName;
    public DiagnosticDescriptor Rule => rule;
    public string Replacement => replacement;

    public bool Covers(string member) => members.Count == 0 || members.Contains(member);

    public static readonly HostAccess[] Table =
    [
        new("System.DateTime",                                    "Now UtcNow Today",          Rules.HostClock,    Calendar),
        new("System.DateTimeOffset",                              "Now UtcNow",                Rules.HostClock,    Calendar),
        new("System.Environment",                                 "TickCount TickCount64",     Rules.HostClock,    Clock),
        new("System.Diagnostics.Stopwatch",                       "",                          Rules.HostClock,    Clock),
        new("System.TimeProvider",                                "",                          Rules.HostClock,    Clock),

        new("System.Random",                                      "",                          Rules.Randomness,   Entropy),
        new("System.Security.Cryptography.RandomNumberGenerator", "",                          Rules.Randomness,   Entropy),
        new("System.Guid",                                        "NewGuid CreateVersion7",    Rules.Randomness,   Entropy),
        new("System.HashCode",                                    "",                          Rules.Randomness,   Fields),
        new("System.String",                                      "GetHashCode",               Rules.Randomness,   Fields),
        new("System.Runtime.CompilerServices.RuntimeHelpers",     "GetHashCode",               Rules.Randomness,   Fields),

        new("System.Threading.Thread",                            "",                          Rules.Threads,      Post),
        new("System.Threading.ThreadPool",                        "",                          Rules.Threads,      Post),
        new("System.Threading.Timer",                             "",                          Rules.Threads,      Timer),
        new("System.Timers.Timer",                                "",                          Rules.Threads,      Timer),
        new("System.Threading.PeriodicTimer",                     "",                          Rules.Threads,      Timer),
        new("System.Threading.CancellationTokenSource",           "CancelAfter",               Rules.Threads,      Timer),
        new("System.Threading.Tasks.Task",                        "Run Wait WaitAll WaitAny",  Rules.Threads,      Post),
        new("System.Threading.Tasks.Task",                        "Delay",                     Rules.Threads,      Timer),
        new("System.Threading.Tasks.TaskFactory",                 "StartNew",                  Rules.Threads,      Post),
        new("System.Threading.Tasks.Parallel",                    "",                          Rules.Threads,      "a plain loop"),
        new("System.Linq.ParallelEnumerable",                     "",                          Rules.Threads,      "a plain loop"),

        new("System.Console",                                     "",                          Rules.Surroundings, Log),
        new("System.Environment",                                 "GetEnvironmentVariable GetEnvironmentVariables MachineName UserName "
                                                                  + "ProcessorCount CurrentDirectory CommandLine",
                                                                  Rules.Surroundings, Option),
        new("System.Environment",                                 "Exit FailFast",             Rules.Surroundings, "IDeviceContext.Machine"),
        new("System.Diagnostics.Process",                         "",                          Rules.Surroundings, Backend),
        new("System.Net.Sockets.Socket",                          "",                          Rules.Surroundings, Backend),
        new("System.Net.Http.HttpClient",                         "",                          Rules.Surroundings, Backend),
    ];
}
