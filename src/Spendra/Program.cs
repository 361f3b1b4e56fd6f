using Spendra.Cli;

using var stop = new StopSignal();
return await SpendraProgram.RunAsync(args, CommandEnvironment.OfProcess(stop.Token));
