namespace Spendra.Control;

/// <summary>Under which name workers tell what they measure.</summary>
public static class WorkerMeter
{
    public const string Name = "Spendra.Worker";
}
