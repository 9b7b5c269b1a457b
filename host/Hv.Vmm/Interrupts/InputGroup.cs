namespace Hv.Vmm.Interrupts;

/// <summary>Inputs of one device under one name.</summary>
/// <param name="First">Index of the first in the fabric.</param>
/// <param name="Count">How many.</param>
internal readonly record struct InputGroup(int First, int Count);
