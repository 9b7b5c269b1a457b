namespace Hv.Sdk;

/// <summary>Marks a contract that the host alone implements: it may gain members in a minor version, so plugins never
/// implement it (the analyzer HVA0010 sees to it) and tests use the fakes of <c>Hv.Sdk.TestKit</c>. Contracts without
/// the mark are frozen once they are released: docs/sdk/versioning.md.</summary>
[AttributeUsage(AttributeTargets.Interface, Inherited = false)]
public sealed class HostImplementedAttribute : Attribute;
