using Google.Protobuf;

namespace Spendra.Tests.Telemetry;

/// <summary>A message of Protocol Buffers, read by the numbers of its fields, as the standard of OTLP has them.</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Field, object Value)> _fields = [];

    private ProtoMessage()
    {
    }

    /// <exception cref="IOException">It is none.</exception>
    public static ProtoMessage Parse(ByteString bytes)
    {
        var message = new ProtoMessage();
        var input = bytes.CreateCodedInput();
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            object value = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadUInt64(),
                WireFormat.WireType.Fixed64 => input.ReadFixed64(),
                WireFormat.WireType.Fixed32 => input.ReadFixed32(),
                WireFormat.WireType.LengthDelimited => input.ReadBytes(),
                var other => throw new InvalidDataException($"wire type {other} is not read"),
            };
            message._fields.Add((WireFormat.GetTagFieldNumber(tag), value));
        }
        return message;
    }

    public bool Has(int field) => _fields.Exists(f => f.Field == field);

    public IEnumerable<ProtoMessage> Messages(int field) => _fields.Where(f => f.Field == field).Select(f => Parse((ByteString)f.Value));

    public string Text(int field) => _fields.Where(f => f.Field == field).Select(f => ((ByteString)f.Value).ToStringUtf8()).LastOrDefault() ?? "";

    public string Hex(int field) => _fields.Where(f => f.Field == field).Select(f => Convert.ToHexStringLower(((ByteString)f.Value).Span)).LastOrDefault() ?? "";

    public ulong Number(int field) => _fields.Where(f => f.Field == field).Select(f => Convert.ToUInt64(f.Value, System.Globalization.CultureInfo.InvariantCulture)).LastOrDefault();

    /// <summary>A list of <c>KeyValue</c>: texts as they are, numbers in digits.</summary>
    public Dictionary<string, string> Attributes(int field) => Messages(field).ToDictionary(a => a.Text(1), a => a.Messages(2).Select(ValueOf).LastOrDefault() ?? "");

    private static string ValueOf(ProtoMessage value) => value.Has(3) ? $"{(long)value.Number(3)}" : value.Text(1);
}
