namespace Spendra.Sandbox.Wire;

/// <summary>
/// Ends a connection in the middle of an answer. An exception after the head is the one way that lets the server send
/// everything written so far and then close without the end mark; an abort would drop an unpredictable rest.
/// </summary>
internal sealed class BrokenOffException() : Exception("A knob asked for a broken connection.");
