using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.OpenAi.Media;

namespace Spendra.Gateway.Requests;

/// <summary>
/// The most that one image costs which a tool of the provider's makes: another model makes it, at its own price. The bound
/// is in nano-USD, since the price of the request's model has no rates for it.
/// </summary>
internal static class ImageToolBounding
{
    /// <summary>The model that makes the images is one that the key may use: a tool is no way around its list.</summary>
    public static Refusal? CheckModel(GovernedCall call) => call.Facts.ImageTool is { Model: var model }
        ? Admission.CheckPermissions(call.Standing, call.Shape with { Model = model })
        : null;

    public static Refusal? Bound(GovernedCall call, long atMicros)
    {
        if (call.Facts.ImageTool is not { Model: var model, Each: var image }) return null;
        if (call.Route.Provider.PriceOf(call.Snapshot.Prices, model, atMicros) is not { } price)
            return Refuse($"Model '{model}' of the tool 'image_generation' has no price. Name one that has, or ask for it to be added to the price book.");
        if (price.Rates.RateOf(UnitClass.ImageOutput) is null)
            return Refuse($"Model '{model}' of the tool 'image_generation' has no rate for images in the price book. Name one that makes images.");
        if ((ImageTokens.MostOf(price.Model, image.Size, image.Quality) ?? price.MaxOutput) is not { } most)
        {
            return Refuse($"How many tokens an image of '{price.Model}' has at size '{image.Size}' and quality '{image.Quality}' is not known. "
                + "Give the tool 'image_generation' a size and quality that its documentation lists.");
        }
        var bound = new UnitBound(ImageTokens.OfPrompt + image.Sources * ImageTokens.OfSource, most + image.Partials * ImageTokens.OfPartial)
        {
            Kinds = image.Sources > 0 ? TokenKinds.ImageInput | TokenKinds.ImageOutput : TokenKinds.ImageOutput,
        };
        if (AmountOf(price, bound, ImageToolPrice.PercentOf(call)) is not { } amount)
            return Refuse($"An image of '{model}' has no bound below a thousand dollars. Name another model, or a smaller size.");
        call.ImagePrice = price;
        call.ChargePerImage = amount;
        return null;
    }

    private static long? AmountOf(PriceVersion price, UnitBound bound, int percent)
    {
        try
        {
            return Cost.Bound(price, bound, percent) is { Value: <= Usage.MaxCharges } amount ? amount.Value : null;
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static Refusal Refuse(string message) => new(RefusalCode.UnpriceableRequest, message);
}
