using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe partial class FusedMultiplyAdd
{
    public static void Register(OpTable table)
    {
        Register132(table);
        Register213(table);
        Register231(table);
    }

    private static void Register132(OpTable table)
    {
        table.Add([
            Code.VEX_Vfmadd132ps_xmm_xmm_xmmm128, Code.VEX_Vfmadd132ps_ymm_ymm_ymmm256,
            Code.VEX_Vfmsub132ps_xmm_xmm_xmmm128, Code.VEX_Vfmsub132ps_ymm_ymm_ymmm256,
            Code.VEX_Vfnmadd132ps_xmm_xmm_xmmm128, Code.VEX_Vfnmadd132ps_ymm_ymm_ymmm256,
            Code.VEX_Vfnmsub132ps_xmm_xmm_xmmm128, Code.VEX_Vfnmsub132ps_ymm_ymm_ymmm256,
            Code.VEX_Vfmaddsub132ps_xmm_xmm_xmmm128, Code.VEX_Vfmaddsub132ps_ymm_ymm_ymmm256,
            Code.VEX_Vfmsubadd132ps_xmm_xmm_xmmm128, Code.VEX_Vfmsubadd132ps_ymm_ymm_ymmm256], &Build<Binary32, Order132>);
        table.Add([
            Code.VEX_Vfmadd132pd_xmm_xmm_xmmm128, Code.VEX_Vfmadd132pd_ymm_ymm_ymmm256,
            Code.VEX_Vfmsub132pd_xmm_xmm_xmmm128, Code.VEX_Vfmsub132pd_ymm_ymm_ymmm256,
            Code.VEX_Vfnmadd132pd_xmm_xmm_xmmm128, Code.VEX_Vfnmadd132pd_ymm_ymm_ymmm256,
            Code.VEX_Vfnmsub132pd_xmm_xmm_xmmm128, Code.VEX_Vfnmsub132pd_ymm_ymm_ymmm256,
            Code.VEX_Vfmaddsub132pd_xmm_xmm_xmmm128, Code.VEX_Vfmaddsub132pd_ymm_ymm_ymmm256,
            Code.VEX_Vfmsubadd132pd_xmm_xmm_xmmm128, Code.VEX_Vfmsubadd132pd_ymm_ymm_ymmm256], &Build<Binary64, Order132>);
        table.Add([
            Code.VEX_Vfmadd132ss_xmm_xmm_xmmm32, Code.VEX_Vfmsub132ss_xmm_xmm_xmmm32,
            Code.VEX_Vfnmadd132ss_xmm_xmm_xmmm32, Code.VEX_Vfnmsub132ss_xmm_xmm_xmmm32], &BuildScalar<Binary32, Order132>);
        table.Add([
            Code.VEX_Vfmadd132sd_xmm_xmm_xmmm64, Code.VEX_Vfmsub132sd_xmm_xmm_xmmm64,
            Code.VEX_Vfnmadd132sd_xmm_xmm_xmmm64, Code.VEX_Vfnmsub132sd_xmm_xmm_xmmm64], &BuildScalar<Binary64, Order132>);
    }

    private static void Register213(OpTable table)
    {
        table.Add([
            Code.VEX_Vfmadd213ps_xmm_xmm_xmmm128, Code.VEX_Vfmadd213ps_ymm_ymm_ymmm256,
            Code.VEX_Vfmsub213ps_xmm_xmm_xmmm128, Code.VEX_Vfmsub213ps_ymm_ymm_ymmm256,
            Code.VEX_Vfnmadd213ps_xmm_xmm_xmmm128, Code.VEX_Vfnmadd213ps_ymm_ymm_ymmm256,
            Code.VEX_Vfnmsub213ps_xmm_xmm_xmmm128, Code.VEX_Vfnmsub213ps_ymm_ymm_ymmm256,
            Code.VEX_Vfmaddsub213ps_xmm_xmm_xmmm128, Code.VEX_Vfmaddsub213ps_ymm_ymm_ymmm256,
            Code.VEX_Vfmsubadd213ps_xmm_xmm_xmmm128, Code.VEX_Vfmsubadd213ps_ymm_ymm_ymmm256], &Build<Binary32, Order213>);
        table.Add([
            Code.VEX_Vfmadd213pd_xmm_xmm_xmmm128, Code.VEX_Vfmadd213pd_ymm_ymm_ymmm256,
            Code.VEX_Vfmsub213pd_xmm_xmm_xmmm128, Code.VEX_Vfmsub213pd_ymm_ymm_ymmm256,
            Code.VEX_Vfnmadd213pd_xmm_xmm_xmmm128, Code.VEX_Vfnmadd213pd_ymm_ymm_ymmm256,
            Code.VEX_Vfnmsub213pd_xmm_xmm_xmmm128, Code.VEX_Vfnmsub213pd_ymm_ymm_ymmm256,
            Code.VEX_Vfmaddsub213pd_xmm_xmm_xmmm128, Code.VEX_Vfmaddsub213pd_ymm_ymm_ymmm256,
            Code.VEX_Vfmsubadd213pd_xmm_xmm_xmmm128, Code.VEX_Vfmsubadd213pd_ymm_ymm_ymmm256], &Build<Binary64, Order213>);
        table.Add([
            Code.VEX_Vfmadd213ss_xmm_xmm_xmmm32, Code.VEX_Vfmsub213ss_xmm_xmm_xmmm32,
            Code.VEX_Vfnmadd213ss_xmm_xmm_xmmm32, Code.VEX_Vfnmsub213ss_xmm_xmm_xmmm32], &BuildScalar<Binary32, Order213>);
        table.Add([
            Code.VEX_Vfmadd213sd_xmm_xmm_xmmm64, Code.VEX_Vfmsub213sd_xmm_xmm_xmmm64,
            Code.VEX_Vfnmadd213sd_xmm_xmm_xmmm64, Code.VEX_Vfnmsub213sd_xmm_xmm_xmmm64], &BuildScalar<Binary64, Order213>);
    }

    private static void Register231(OpTable table)
    {
        table.Add([
            Code.VEX_Vfmadd231ps_xmm_xmm_xmmm128, Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256,
            Code.VEX_Vfmsub231ps_xmm_xmm_xmmm128, Code.VEX_Vfmsub231ps_ymm_ymm_ymmm256,
            Code.VEX_Vfnmadd231ps_xmm_xmm_xmmm128, Code.VEX_Vfnmadd231ps_ymm_ymm_ymmm256,
            Code.VEX_Vfnmsub231ps_xmm_xmm_xmmm128, Code.VEX_Vfnmsub231ps_ymm_ymm_ymmm256,
            Code.VEX_Vfmaddsub231ps_xmm_xmm_xmmm128, Code.VEX_Vfmaddsub231ps_ymm_ymm_ymmm256,
            Code.VEX_Vfmsubadd231ps_xmm_xmm_xmmm128, Code.VEX_Vfmsubadd231ps_ymm_ymm_ymmm256], &Build<Binary32, Order231>);
        table.Add([
            Code.VEX_Vfmadd231pd_xmm_xmm_xmmm128, Code.VEX_Vfmadd231pd_ymm_ymm_ymmm256,
            Code.VEX_Vfmsub231pd_xmm_xmm_xmmm128, Code.VEX_Vfmsub231pd_ymm_ymm_ymmm256,
            Code.VEX_Vfnmadd231pd_xmm_xmm_xmmm128, Code.VEX_Vfnmadd231pd_ymm_ymm_ymmm256,
            Code.VEX_Vfnmsub231pd_xmm_xmm_xmmm128, Code.VEX_Vfnmsub231pd_ymm_ymm_ymmm256,
            Code.VEX_Vfmaddsub231pd_xmm_xmm_xmmm128, Code.VEX_Vfmaddsub231pd_ymm_ymm_ymmm256,
            Code.VEX_Vfmsubadd231pd_xmm_xmm_xmmm128, Code.VEX_Vfmsubadd231pd_ymm_ymm_ymmm256], &Build<Binary64, Order231>);
        table.Add([
            Code.VEX_Vfmadd231ss_xmm_xmm_xmmm32, Code.VEX_Vfmsub231ss_xmm_xmm_xmmm32,
            Code.VEX_Vfnmadd231ss_xmm_xmm_xmmm32, Code.VEX_Vfnmsub231ss_xmm_xmm_xmmm32], &BuildScalar<Binary32, Order231>);
        table.Add([
            Code.VEX_Vfmadd231sd_xmm_xmm_xmmm64, Code.VEX_Vfmsub231sd_xmm_xmm_xmmm64,
            Code.VEX_Vfnmadd231sd_xmm_xmm_xmmm64, Code.VEX_Vfnmsub231sd_xmm_xmm_xmmm64], &BuildScalar<Binary64, Order231>);
    }
}
