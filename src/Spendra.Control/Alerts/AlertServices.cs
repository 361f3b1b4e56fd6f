using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Spendra.Control.Alerts.Channels;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Alerts;

public static class AlertServices
{
    /// <summary>
    /// Looks for what is to be told and tells it. Needs a <see cref="Storage.Database"/>, a <see cref="Storage.Keys.MasterKey"/>, a
    /// <see cref="TimeProvider"/> and <see cref="AlertOptions"/> among the services.
    /// </summary>
    public static IServiceCollection AddAlerts(this IServiceCollection services)
    {
        services.AddAlertChannels();
        services.TryAddSingleton<AlertBook>();
        services.TryAddSingleton<ConditionReader>();
        services.TryAddSingleton<DeliveryQueue>();
        return services.AddHostedService<ConditionJob>().AddHostedService<ActivityJob>().AddHostedService<DeliveryJob>();
    }

    /// <summary>What sends through channels: for the worker, and for who tries one.</summary>
    internal static void AddAlertChannels(this IServiceCollection services)
    {
        services.TryAddSingleton(new AlertOptions());
        services.TryAddSingleton<ChannelSenders>();
    }
}
