using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Interrupt, trap, task and call gates, and the ways back (SDM vol. 3, 5.8 and 6.12; vol. 2, INT n, CALL, RET, IRET).</summary>
public sealed class GateTests
{
    [Fact]
    public void Int_SamePrivilege32_PushesThreeDwords()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        state.Rflags |= Rflags.If;
        VcpuState after = world.Run(state, 32, a => a.@int(0x40));
        Assert.Equal(0x40, SystemWorld.Vector(after));
        ulong esp = after.Gpr[4];
        Assert.Equal(SystemWorld.KernelStack - 0x1000 - 12, esp);
        Assert.Equal((uint)SystemWorld.Code + 2, world.Dword(esp));
        Assert.Equal(SystemWorld.KernelCode, world.Dword(esp + 4));
        Assert.Equal(0x202u, world.Dword(esp + 8));
        Assert.Equal(0ul, after.Rflags & Rflags.If);
    }

    [Fact]
    public void Int_TrapGate_KeepsInterruptsOn()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        world.SetGates32(SystemDescriptorType.TrapGate);
        state.Rflags |= Rflags.If;
        VcpuState after = world.Run(state, 32, a => a.@int(0x40));
        Assert.NotEqual(0ul, after.Rflags & Rflags.If);
    }

    [Fact]
    public void Int_FromUser32_SwitchesToTheStackOfTheTss()
    {
        using SystemWorld world = new();
        VcpuState after = world.Run(world.Protected(cpl: 3), 32, a => a.@int(0x40));
        ulong esp = after.Gpr[4];
        Assert.Equal(SystemWorld.KernelStack - 20, esp);
        Assert.Equal((uint)SystemWorld.Code + 2, world.Dword(esp));
        Assert.Equal(SystemWorld.UserCode, world.Dword(esp + 4));
        Assert.Equal((uint)SystemWorld.UserStack, world.Dword(esp + 12));
        Assert.Equal(SystemWorld.UserData, world.Dword(esp + 16));
        Assert.Equal(SystemWorld.KernelData, after.Segments[2].Selector);
        Assert.Equal(SystemWorld.KernelCode, after.Segments[1].Selector);
    }

    [Fact]
    public void Int_16BitGate_PushesWords()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        world.Machine.SetQword(SystemWorld.Idt + 0x40 * 8,
            SystemWorld.Gate(SystemDescriptorType.InterruptGate16, SystemWorld.KernelCode, 0x8000, dpl: 3));
        world.Machine.Ram[0x8000] = 0xF4;
        VcpuState after = world.Run(state, 32, a => a.@int(0x40));
        Assert.Equal(0x8001ul, after.Rip);
        Assert.Equal(SystemWorld.KernelStack - 0x1000 - 6, after.Gpr[4]);
        Assert.Equal(unchecked((ushort)(SystemWorld.Code + 2)), world.Word(after.Gpr[4]));
    }

    [Fact]
    public void Int_GateOfLowerDpl_IsGeneralProtectionWithTheVector()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected(cpl: 3);
        world.Machine.SetQword(SystemWorld.Idt + 0x40 * 8,
            SystemWorld.Gate(SystemDescriptorType.InterruptGate, SystemWorld.KernelCode, 0x8000, dpl: 0));
        VcpuState after = world.Run(state, 32, a => a.@int(0x40));
        Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
        Assert.Equal(0x40u * 8 + 2, world.Dword(after.Gpr[4]));
        Assert.Equal((uint)SystemWorld.Code, world.Dword(after.Gpr[4] + 4));
    }

    [Fact]
    public void Exception_GateOfLowerDpl_IsDelivered()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected(cpl: 3);
        world.Machine.SetQword(SystemWorld.Idt + Fault.Ud * 8,
            SystemWorld.Gate(SystemDescriptorType.InterruptGate, SystemWorld.KernelCode, SystemWorld.Handlers + 6 * 16, dpl: 0));
        VcpuState after = world.Run(state, 32, a => a.ud2());
        Assert.Equal(Fault.Ud, SystemWorld.Vector(after));
        Assert.Equal((uint)SystemWorld.Code, world.Dword(after.Gpr[4]));
        // A fault's frame carries RF (SDM vol. 3, 17.3.1.1).
        Assert.Equal(0x10002u, world.Dword(after.Gpr[4] + 8));
    }

    [Fact]
    public void Int_GateNotPresent_IsSegmentNotPresent()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        world.Machine.SetQword(SystemWorld.Idt + 0x40 * 8,
            SystemWorld.Gate(SystemDescriptorType.InterruptGate, SystemWorld.KernelCode, 0x8000, dpl: 3) & ~(0x80UL << 40));
        VcpuState after = world.Run(state, 32, a => a.@int(0x40));
        Assert.Equal(Fault.Np, SystemWorld.Vector(after));
        Assert.Equal(0x40u * 8 + 2, world.Dword(after.Gpr[4]));
    }

    [Fact]
    public void Int_LongMode_AlignsTheStackAndPushesFive()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        state.Gpr[4] -= 8;
        VcpuState after = world.Run(state, 64, a => a.@int(0x40));
        Assert.Equal(0x40, SystemWorld.Vector(after));
        ulong rsp = after.Gpr[4];
        Assert.Equal(SystemWorld.KernelStack - 0x1010 - 40, rsp);
        Assert.Equal(SystemWorld.Code + 2, world.Qword(rsp));
        Assert.Equal(SystemWorld.KernelCode64, world.Qword(rsp + 8));
        Assert.Equal(2ul, world.Qword(rsp + 16));
        Assert.Equal(SystemWorld.KernelStack - 0x1008, world.Qword(rsp + 24));
        Assert.Equal(SystemWorld.KernelData, world.Qword(rsp + 32));
    }

    [Theory]
    [InlineData(0, SystemWorld.KernelStack)]
    [InlineData(1, SystemWorld.InterruptStack)]
    public void Int_LongModeFromUser_TakesTheRightStack(int interruptStack, ulong top)
    {
        using SystemWorld world = new();
        VcpuState after = world.Run(world.Long(cpl: 3, interruptStack), 64, a => a.@int(0x40));
        Assert.Equal(top - 40, after.Gpr[4]);
        Assert.Equal(SystemWorld.UserCode64, world.Qword(after.Gpr[4] + 8));
        Assert.Equal(SystemWorld.UserStack, world.Qword(after.Gpr[4] + 24));
        Assert.Equal(SystemWorld.UserData64, world.Qword(after.Gpr[4] + 32));
        // A change of privilege loads SS with a null selector of the new RPL.
        Assert.Equal(0, after.Segments[2].Selector);
    }

    [Fact]
    public void Iretq_ToUser_RestoresEverything()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        ulong frame = SystemWorld.KernelStack - 0x200;
        world.Machine.SetQword(frame, SystemWorld.Code2);
        world.Machine.SetQword(frame + 8, SystemWorld.UserCode64);
        world.Machine.SetQword(frame + 16, 0x3202 | Rflags.Zf | Rflags.Id);
        world.Machine.SetQword(frame + 24, SystemWorld.UserStack);
        world.Machine.SetQword(frame + 32, SystemWorld.UserData64);
        state.Gpr[4] = frame;
        world.Machine.Load(a => a.ud2(), at: SystemWorld.Code2);
        VcpuState after = world.Run(state, 64, a => a.iretq());
        Assert.Equal(Fault.Ud, SystemWorld.Vector(after));
        ulong rsp = after.Gpr[4];
        Assert.Equal(SystemWorld.Code2, world.Qword(rsp));
        Assert.Equal(SystemWorld.UserCode64, world.Qword(rsp + 8));
        Assert.Equal(0x3202 | Rflags.Zf | Rflags.Id | Rflags.Rf, world.Qword(rsp + 16));
        Assert.Equal(SystemWorld.UserStack, world.Qword(rsp + 24));
        Assert.Equal(SystemWorld.UserData64, world.Qword(rsp + 32));
    }

    [Fact]
    public void Iretd_ToCompatibilityMode_Runs32BitCode()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        ulong frame = SystemWorld.KernelStack - 0x200;
        world.Machine.SetQword(frame, SystemWorld.Code2);
        world.Machine.SetQword(frame + 8, SystemWorld.UserCode);
        world.Machine.SetQword(frame + 16, 0x202);
        world.Machine.SetQword(frame + 24, SystemWorld.UserStack);
        world.Machine.SetQword(frame + 32, SystemWorld.UserData);
        state.Gpr[4] = frame;
        world.Machine.Load(a => { a.mov(eax, 0x1234); a.@int(0x41); }, bitness: 32, at: SystemWorld.Code2);
        VcpuState after = world.Run(state, 64, a => a.iretq());
        Assert.Equal(0x41, SystemWorld.Vector(after));
        Assert.Equal(0x1234ul, after.Gpr[0]);
        Assert.Equal(SystemWorld.UserCode, world.Qword(after.Gpr[4] + 8));
        Assert.Equal(SystemWorld.Code2 + 7, world.Qword(after.Gpr[4]));
    }

    [Theory]
    [InlineData(SystemWorld.UserCode64, SystemWorld.KernelData)]
    [InlineData(SystemWorld.UserCode64, (ushort)0)]
    [InlineData((ushort)0, SystemWorld.UserData64)]
    [InlineData(SystemWorld.UserData64, SystemWorld.UserData64)]
    public void Iretq_BadSelectors_AreGeneralProtection(ushort code, ushort stack)
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        ulong frame = SystemWorld.KernelStack - 0x200;
        world.Machine.SetQword(frame, SystemWorld.Code2);
        world.Machine.SetQword(frame + 8, code);
        world.Machine.SetQword(frame + 16, 2);
        world.Machine.SetQword(frame + 24, SystemWorld.UserStack);
        world.Machine.SetQword(frame + 32, stack);
        state.Gpr[4] = frame;
        VcpuState after = world.Run(state, 64, a => a.iretq());
        Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
        Assert.Equal(SystemWorld.Code, world.Qword(after.Gpr[4] + 8));
        ushort named = code is 0 or SystemWorld.UserData64 ? code : stack;
        Assert.Equal(named & 0xFFFCul, world.Qword(after.Gpr[4]));
    }

    [Fact]
    public void CallGate_ToInnerPrivilege_CopiesParametersAndReturns()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected(cpl: 3);
        world.SetDescriptor(SystemWorld.GateSelector,
            SystemWorld.Gate(SystemDescriptorType.CallGate, SystemWorld.KernelCode, 0x9000, dpl: 3, low: 2));
        world.Machine.Load(a => a.retf(8), 32, 0x9000);
        world.Machine.SetQword(SystemWorld.UserStack, 0x2222_2222_1111_1111);
        VcpuState after = world.Run(state, 32, a =>
        {
            a.call(SystemWorld.GateSelector | 3, 0);
            a.@int(0x42);
        });
        Assert.Equal(0x42, SystemWorld.Vector(after));
        // The user's stack lost its parameters on the way back.
        Assert.Equal((uint)SystemWorld.UserStack + 8, world.Dword(after.Gpr[4] + 12));
        // The gate's frame had six dwords, the INT's five on the same stack: the lowest is still there.
        Assert.Equal((uint)SystemWorld.Code + 7, world.Dword(SystemWorld.KernelStack - 24));
    }

    [Fact]
    public void CallGate16_ToInnerPrivilege_PushesWordsAndParameters()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected(cpl: 3);
        world.SetDescriptor(SystemWorld.GateSelector,
            SystemWorld.Gate(SystemDescriptorType.CallGate16, SystemWorld.KernelCode, 0x9000, dpl: 3, low: 2));
        world.Machine.Ram[0x9000] = 0xF4;
        world.SetDword(SystemWorld.UserStack, 0x2222_1111);
        VcpuState after = world.Run(state, 32, a => a.call(SystemWorld.GateSelector | 3, 0));
        Assert.Equal(0x9001ul, after.Rip);
        ulong esp = after.Gpr[4];
        Assert.Equal(SystemWorld.KernelStack - 12, esp);
        Assert.Equal(unchecked((ushort)(SystemWorld.Code + 7)), world.Word(esp));
        Assert.Equal(SystemWorld.UserCode, world.Word(esp + 2));
        Assert.Equal(0x2222_1111u, world.Dword(esp + 4));
        Assert.Equal(unchecked((ushort)SystemWorld.UserStack), world.Word(esp + 8));
        Assert.Equal(SystemWorld.UserData, world.Word(esp + 10));
    }

    [Fact]
    public void CallGate_LongMode_PushesSixtyFourBitFrame()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long(cpl: 3);
        ulong gate = SystemWorld.Gate(SystemDescriptorType.CallGate, SystemWorld.KernelCode64, 0x9000, dpl: 3);
        world.SetDescriptor(SystemWorld.GateSelector, gate);
        world.Machine.SetQword(SystemWorld.Gdt + SystemWorld.GateSelector + 8, 0);
        world.Machine.Ram[0x9000] = 0xF4;
        world.Machine.SetQword(0xA000, (ulong)(SystemWorld.GateSelector | 3) << 32);
        VcpuState after = world.Run(state, 64, a => a.db(0xFF, 0x1C, 0x25, 0x00, 0xA0, 0x00, 0x00));
        Assert.Equal(0x9001ul, after.Rip);
        ulong rsp = after.Gpr[4];
        Assert.Equal(SystemWorld.KernelStack - 32, rsp);
        Assert.Equal(SystemWorld.Code + 7, world.Qword(rsp));
        Assert.Equal(SystemWorld.UserCode64, world.Qword(rsp + 8));
        Assert.Equal(SystemWorld.UserStack, world.Qword(rsp + 16));
        Assert.Equal(SystemWorld.UserData64, world.Qword(rsp + 24));
    }

    [Fact]
    public void FarJump_LongModeToCompatibility_AndBack()
    {
        using SystemWorld world = new();
        VcpuState state = world.Long();
        world.SetDword(0xA000, (uint)SystemWorld.Code2);
        world.SetWord(0xA004, SystemWorld.KernelCode);
        world.Machine.Load(a => a.jmp(SystemWorld.KernelCode64, 0x9000), 32, SystemWorld.Code2);
        world.Machine.Ram[0x9000] = 0xF4;
        VcpuState after = world.Run(state, 64, a => a.db(0xFF, 0x2C, 0x25, 0x00, 0xA0, 0x00, 0x00));
        Assert.Equal(0x9001ul, after.Rip);
        Assert.Equal(SystemWorld.KernelCode64, after.Segments[1].Selector);
    }

    [Theory]
    [InlineData(SystemWorld.UserCode, SystemWorld.UserCode)]
    [InlineData(SystemWorld.KernelData, SystemWorld.KernelData)]
    [InlineData((ushort)0x100, (ushort)0x100)]
    [InlineData((ushort)3, (ushort)0)]
    public void FarJump_BadTarget_IsGeneralProtection(ushort selector, ushort error)
    {
        using SystemWorld world = new();
        VcpuState after = world.Run(world.Protected(), 32, a => a.jmp(selector, 0));
        Assert.Equal(Fault.Gp, SystemWorld.Vector(after));
        Assert.Equal(error & 0xFFFCu, world.Dword(after.Gpr[4]));
        Assert.Equal((uint)SystemWorld.Code, world.Dword(after.Gpr[4] + 4));
    }

    [Fact]
    public void FarReturn_ToUser_DropsKernelSegments()
    {
        using SystemWorld world = new();
        VcpuState state = world.Protected();
        ulong esp = SystemWorld.KernelStack - 0x200;
        world.SetDword(esp, (uint)SystemWorld.Code2);
        world.SetDword(esp + 4, SystemWorld.UserCode);
        world.SetDword(esp + 8, (uint)SystemWorld.UserStack);
        world.SetDword(esp + 12, SystemWorld.UserData);
        state.Gpr[4] = esp;
        state.Segments[5] = new SegmentState { Selector = SystemWorld.UserData, Limit = uint.MaxValue, Attributes = 0xC0F3 };
        world.Machine.Load(a => a.@int(0x40), 32, SystemWorld.Code2);
        VcpuState after = world.Run(state, 32, a => a.retf());
        Assert.Equal(0x40, SystemWorld.Vector(after));
        Assert.Equal(0, after.Segments[3].Selector);
        Assert.NotEqual(0, after.Segments[3].Attributes & SegmentAttributes.Unusable);
        Assert.Equal(SystemWorld.UserData, after.Segments[5].Selector);
    }
}
