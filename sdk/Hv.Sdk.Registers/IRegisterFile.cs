namespace Hv.Sdk.Registers;

/// <summary>A device's registers as <see cref="RegisterMap{TId}"/> reaches them: always whole ones. On the device's
/// strand.</summary>
/// <typeparam name="TId">The device's own enumeration of its registers.</typeparam>
public interface IRegisterFile<TId> where TId : struct, Enum
{
    /// <summary>The value that a read would give now. Changes nothing: debuggers and narrow writes use it.</summary>
    /// <param name="register">Which.</param>
    /// <param name="index">Which of a run; 0 for single registers.</param>
    ulong Peek(TId register, int index);

    /// <summary>A read by the guest, with its side effects.</summary>
    /// <param name="register">Which.</param>
    /// <param name="index">Which of a run; 0 for single registers.</param>
    ulong Read(TId register, int index) => Peek(register, index);

    /// <summary>A write by the guest.</summary>
    /// <param name="register">Which.</param>
    /// <param name="index">Which of a run; 0 for single registers.</param>
    /// <param name="value">The whole new value: a narrow write was completed as the row's access mode says.</param>
    void Write(TId register, int index, ulong value);
}
