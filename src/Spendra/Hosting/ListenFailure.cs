using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Spendra.Cli;

namespace Spendra.Hosting;

/// <summary>Why an address cannot be listened on, in words that say what to do.</summary>
internal static class ListenFailure
{
    public static CommandException? Describe(Exception error, string urls, string option)
    {
        for (var e = error; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }:
                    return new CommandException("address_in_use",
                        $"{urls} is in use by another process: stop that one, or choose another address with {option}");
                case SocketException { SocketErrorCode: SocketError.AccessDenied }:
                    return new CommandException("address_forbidden",
                        $"this user may not listen on {urls}: choose a port from 1024 on with {option}");
                case SocketException { SocketErrorCode: SocketError.AddressNotAvailable }:
                    return new CommandException("address_unavailable",
                        $"{urls} is not an address of this machine: choose one that is with {option}");
                default:
                    continue;
            }
        }
        return null;
    }
}
