namespace Hv.Sdk.Conformance.Engine;

/// <summary>Machine code that the checks run, 64-bit unless it says otherwise.</summary>
internal static class Programs
{
    /// <summary>Works on registers, memory, the stack and XMM registers for a few thousand instructions, copies with
    /// REP, halts.</summary>
    public static ReadOnlySpan<byte> Mixed =>
    [
        0xbf, 0x00, 0x00, 0x09, 0x00,                   // mov edi, 90000h
        0xb9, 0xc8, 0x00, 0x00, 0x00,                   // mov ecx, 200
        0x48, 0x89, 0x07,                               // again: mov [rdi], rax
        0x48, 0xf7, 0xd0,                               // not rax
        0x48, 0x05, 0x67, 0x45, 0x23, 0x01,             // add rax, 1234567h
        0x48, 0xc1, 0xc0, 0x07,                         // rol rax, 7
        0x50,                                           // push rax
        0x5b,                                           // pop rbx
        0x66, 0x48, 0x0f, 0x6e, 0xc0,                   // movq xmm0, rax
        0x66, 0x0f, 0xd4, 0xc8,                         // paddq xmm1, xmm0
        0x48, 0x83, 0xd7, 0x08,                         // adc rdi, 8
        0xff, 0xc9,                                     // dec ecx
        0x75, 0xdd,                                     // jnz again
        0x66, 0x48, 0x0f, 0x7e, 0xca,                   // movq rdx, xmm1
        0xb9, 0x64, 0x00, 0x00, 0x00,                   // mov ecx, 100
        0xbe, 0x00, 0x00, 0x09, 0x00,                   // mov esi, 90000h
        0xbf, 0x00, 0x80, 0x09, 0x00,                   // mov edi, 98000h
        0xf3, 0x48, 0xa5,                               // rep movsq
        0xf4,                                           // hlt
    ];

    /// <summary>Stores and loads of every size to the bus, then ports.</summary>
    public static ReadOnlySpan<byte> Accesses =>
    [
        0xbf, 0x00, 0x00, 0x00, 0xd0,                   // mov edi, d0000000h
        0x88, 0x07,                                     // mov [rdi], al
        0x66, 0x89, 0x47, 0x02,                         // mov [rdi+2], ax
        0x89, 0x47, 0x04,                               // mov [rdi+4], eax
        0x48, 0x89, 0x47, 0x08,                         // mov [rdi+8], rax
        0x8a, 0x1f,                                     // mov bl, [rdi]
        0x66, 0x8b, 0x4f, 0x02,                         // mov cx, [rdi+2]
        0x8b, 0x77, 0x04,                               // mov esi, [rdi+4]
        0x4c, 0x8b, 0x47, 0x08,                         // mov r8, [rdi+8]
        0xe6, 0x80,                                     // out 80h, al
        0x66, 0xba, 0xf8, 0x03,                         // mov dx, 3f8h
        0x66, 0xef,                                     // out dx, ax
        0xef,                                           // out dx, eax
        0xec,                                           // in al, dx
        0x66, 0xed,                                     // in ax, dx
        0xed,                                           // in eax, dx
        0xf4,                                           // hlt
    ];

    /// <summary>Eight bytes across a page of the bus, there and back.</summary>
    public static ReadOnlySpan<byte> AcrossAPage =>
    [
        0xbf, 0xfd, 0x0f, 0x00, 0xd0,                   // mov edi, d0000ffdh
        0x48, 0x89, 0x07,                               // mov [rdi], rax
        0x48, 0x8b, 0x1f,                               // mov rbx, [rdi]
        0xf4,                                           // hlt
    ];

    /// <summary>One load from the bus.</summary>
    public static ReadOnlySpan<byte> OneLoad =>
    [
        0xbf, 0x00, 0x00, 0x00, 0xd0,                   // mov edi, d0000000h
        0x8b, 0x07,                                     // mov eax, [rdi]
        0xf4,                                           // hlt
    ];

    /// <summary>Calls code at 100000h and loads from 108000h.</summary>
    public static ReadOnlySpan<byte> CallAndLoad =>
    [
        0xb8, 0x00, 0x00, 0x10, 0x00,                   // mov eax, 100000h
        0xff, 0xd0,                                     // call rax
        0x44, 0x8b, 0x04, 0x25, 0x00, 0x80, 0x10, 0x00, // mov r8d, [108000h]
        0xf4,                                           // hlt
    ];

    /// <summary>Loads from 108000h.</summary>
    public static ReadOnlySpan<byte> LoadOnly => CallAndLoad[7..];

    /// <summary>Stores to 90000h, loads from 98000h.</summary>
    public static ReadOnlySpan<byte> StoreAndLoad =>
    [
        0x48, 0x89, 0x04, 0x25, 0x00, 0x00, 0x09, 0x00, // mov [90000h], rax
        0x48, 0x8b, 0x1c, 0x25, 0x00, 0x80, 0x09, 0x00, // mov rbx, [98000h]
        0xf4,                                           // hlt
    ];

    /// <summary>Changes the number in its own next instruction to 3.</summary>
    public static ReadOnlySpan<byte> ChangesItself =>
    [
        0xc6, 0x05, 0x01, 0x00, 0x00, 0x00, 0x03,       // mov byte [rip+1], 3
        0xbb, 0x01, 0x00, 0x00, 0x00,                   // mov ebx, 1
        0xf4,                                           // hlt
    ];

    /// <summary>Sixteen NOPs, STI, two NOPs, HLT.</summary>
    public static ReadOnlySpan<byte> OpensAWindow =>
    [
        0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
        0xfb,                                           // sti
        0x90, 0x90, 0xf4,
    ];

    /// <summary>STI, HLT, and when that was interrupted: move 77h into ebx, CLI, HLT.</summary>
    public static ReadOnlySpan<byte> SleepsOpen => [0xfb, 0xf4, 0xbb, 0x77, 0x00, 0x00, 0x00, 0xfa, 0xf4];

    /// <summary>A handler: counts in r9, returns.</summary>
    public static ReadOnlySpan<byte> CountAndReturn => [0x49, 0xff, 0xc1, 0x48, 0xcf];

    /// <summary>A handler: takes the interrupted address into r9, halts.</summary>
    public static ReadOnlySpan<byte> TakeAddressAndHalt => [0x4c, 0x8b, 0x0c, 0x24, 0xf4];

    /// <summary>Three NOPs, a store through rax, HLT.</summary>
    public static ReadOnlySpan<byte> StoresThroughRax => [0x90, 0x90, 0x90, 0x88, 0x08, 0xf4];

    /// <summary>Jumps to itself.</summary>
    public static ReadOnlySpan<byte> ForEver => [0xeb, 0xfe];

    /// <summary>OUT 80h, then jumps to itself.</summary>
    public static ReadOnlySpan<byte> SignsAndStays => [0xe6, 0x80, 0xeb, 0xfe];

    /// <summary>RDTSC, HLT.</summary>
    public static ReadOnlySpan<byte> ReadsTsc => [0x0f, 0x31, 0xf4];

    /// <summary>UD2.</summary>
    public static ReadOnlySpan<byte> Undefined => [0x0f, 0x0b];

    /// <summary>16-bit: mov ax, 1234h; hlt.</summary>
    public static ReadOnlySpan<byte> SixteenBit => [0xb8, 0x34, 0x12, 0xf4];

    /// <summary>Moves a number into ebx, returns.</summary>
    public static byte[] SetEbx(byte value, bool halts) => [0xbb, value, 0, 0, 0, (byte)(halts ? 0xf4 : 0xc3)];
}
