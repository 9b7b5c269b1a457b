namespace Hv.Sdk;

/// <summary>Something that was asked for explicitly cannot be had on this host: an engine, a CPU model, a mode. The
/// host ends with exit code 5 and prints the message, which says what is missing and what to do.</summary>
public sealed class UnavailableException(string message) : Exception(message);
