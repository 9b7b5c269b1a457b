using Hv.ReadyToRun;

// Arguments: the compiler, the installation, a cache. A part of the build (host/Hv/Hv.csproj); failing costs speed,
// nothing else.
if (args is not [var compiler, var installation, var cache])
{
    Console.Error.WriteLine("usage: Hv.ReadyToRun CROSSGEN2 INSTALLATION CACHE");
    return 2;
}

var step = new Precompilation(compiler, installation, cache);
step.Run();
Console.WriteLine($"ready to run: {step.Compiled} compiled, {step.Reused} from the cache, {step.Skipped} left to the JIT");
return 0;
