namespace Spendra.Simulation;

internal static class Placeholder;
