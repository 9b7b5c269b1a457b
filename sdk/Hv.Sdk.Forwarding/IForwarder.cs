namespace Hv.Sdk.Forwarding;

/// <summary>Stands before a contract and passes everything on.</summary>
public interface IForwarder<T> where T : class
{
    /// <summary>What is forwarded to. Replaced only while nothing of the machine runs; whoever listens is carried
    /// over.</summary>
    T Inner { get; set; }
}
