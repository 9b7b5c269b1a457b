namespace Hv.Sdk.TestKit;

/// <summary>The device broke a rule of the SDK; the message says which and after which steps.</summary>
public sealed class ContractException : Exception
{
    /// <summary>A broken rule.</summary>
    public ContractException(string message) : base(message) { }
    /// <summary>A broken rule that showed as an exception.</summary>
    public ContractException(string message, Exception inner) : base(message, inner) { }
}
