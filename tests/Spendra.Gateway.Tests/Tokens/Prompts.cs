using CsCheck;

namespace Spendra.Gateway.Tests.Tokens;

/// <summary>Texts as people send them, in several scripts, and texts as nobody should.</summary>
internal static class Prompts
{
    /// <summary>A text of some sentences for each kind that a report tells apart.</summary>
    public static readonly (string Kind, string Text)[] Samples =
    [
        ("English", "Our supplier has moved the delivery from March to May. Please write a short, friendly answer that accepts the new date, asks whether a part can come earlier, and mentions that the penalty clause of the contract stays as it is."),
        ("German", "Der Lieferant hat die Auslieferung auf Mai verschoben. Schreibe bitte eine freundliche Antwort, die den neuen Termin annimmt und nach einer Teillieferung fragt; die Vertragsstrafenregelung bleibt davon unberührt."),
        ("Russian", "Поставщик перенёс доставку с марта на май. Напишите, пожалуйста, короткий и вежливый ответ: мы согласны с новой датой, но просим прислать часть заказа раньше."),
        ("Greek", "Ο προμηθευτής μετέφερε την παράδοση από τον Μάρτιο στον Μάιο. Γράψε μια σύντομη και ευγενική απάντηση."),
        ("Arabic", "نقل المورد موعد التسليم من مارس إلى مايو. اكتب من فضلك ردًا قصيرًا ومهذبًا يقبل الموعد الجديد ويسأل عن إمكانية تسليم جزء منه مبكرًا."),
        ("Hindi", "आपूर्तिकर्ता ने डिलीवरी मार्च से मई तक टाल दी है। कृपया एक छोटा और विनम्र उत्तर लिखें जो नई तारीख स्वीकार करे।"),
        ("Chinese", "供应商把交货时间从三月推迟到了五月。请写一封简短友好的回信，接受新的日期，并询问能否先交付一部分。合同中的违约金条款保持不变。"),
        ("Japanese", "仕入先が納期を三月から五月に延期しました。新しい日付を受け入れ、一部を早めに納品できるか尋ねる、短く丁寧な返信を書いてください。"),
        ("Korean", "공급업체가 납품을 3월에서 5월로 미뤘습니다. 새 날짜를 받아들이고 일부를 더 일찍 받을 수 있는지 묻는 짧고 정중한 답장을 써 주세요."),
        ("Thai", "ผู้จัดจำหน่ายเลื่อนการส่งมอบจากเดือนมีนาคมเป็นเดือนพฤษภาคม กรุณาเขียนคำตอบสั้น ๆ อย่างสุภาพ"),
        ("Emoji", "Launch day 🚀🚀 everyone! 👩🏽‍💻👨‍👩‍👧‍👦 thanks a million 🙏🏿 see you at 🕔 in 🇨🇭🎉🎉🎉"),
        ("Code", "public static int Gcd(int a, int b)\n{\n    while (b != 0) (a, b) = (b, a % b);\n    return Math.Abs(a);\n}\n// for (var i = 0; i < items.Length; i++) total += items[i].Price * 1.077m;"),
        ("JSON", "{\"orders\":[{\"id\":90210,\"sku\":\"AB-1277\",\"qty\":3,\"price\":\"19.95\"},{\"id\":90211,\"sku\":\"ZX-0009\",\"qty\":12,\"price\":\"4.50\"}],\"currency\":\"CHF\"}"),
        ("Base64", "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlzIHNpbmd1bGFyIHBhc3Npb24gZnJvbSBvdGhlciBhbmltYWxz"),
    ];

    private static readonly string[] Oddities =
    [
        "", " ", "\n\n\n", "\t \t", "'s don't I'LL", "3.14159265358979", "!!!???---===", "é" + "\u0301\u0301\u0301", "ﷺ", "𠜎𠜱𠝹", "a\u200Db\u200Dc", "\u0000\u0001",
        "-----BEGIN-----", "½⅓²", "\r\n\r\n  x", "aAaAaAaA", "ZZZ", "\uFEFF", "https://example.com/a?b=c&d=%20", "<tag attr='x'/>", "\\u0041\\n", "|>", "< |",
    ];

    /// <summary>Texts of up to some hundred words that mix scripts and oddities.</summary>
    public static readonly Gen<string> Texts =
        from pieces in Gen.Select(Gen.Int[0, Samples.Length + Oddities.Length - 1], Gen.Int[0, 200], Gen.Int[1, 60]).Array[0, 12]
        select string.Concat(pieces.Select(p => Cut(p.Item1 < Samples.Length ? Samples[p.Item1].Text : Oddities[p.Item1 - Samples.Length], p.Item2, p.Item3)));

    /// <summary>A part of a text that does not split a character in two.</summary>
    private static string Cut(string text, int start, int length)
    {
        if (start >= text.Length) return text;
        var end = Math.Min(text.Length, start + length);
        if (char.IsLowSurrogate(text[start])) start++;
        if (end < text.Length && char.IsLowSurrogate(text[end])) end++;
        return start >= end ? "" : text[start..end];
    }
}
