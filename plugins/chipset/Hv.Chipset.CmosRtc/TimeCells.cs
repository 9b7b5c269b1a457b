namespace Hv.Chipset.CmosRtc;

/// <summary>How time is written into cells: BCD or binary, 24 or 12 hours, as register B says. Pure.</summary>
internal readonly struct TimeCells(byte registerB)
{
    private const byte Afternoon = 0x80;
    private const byte DoNotCare = 0xc0;
    private const int Any = -2;

    private bool IsBinary => (registerB & B.Binary) != 0;
    private bool Is24Hours => (registerB & B.TwentyFourHours) != 0;

    public byte Encode(int value) => IsBinary ? (byte)value : (byte)(value / 10 << 4 | value % 10);

    /// <summary>−1 when the cell does not hold a number.</summary>
    public int Decode(byte cell) =>
        IsBinary ? cell : (cell & 0xf) > 9 || cell >> 4 > 9 ? -1 : (cell >> 4) * 10 + (cell & 0xf);

    public byte EncodeHour(int hour) => Is24Hours ? Encode(hour)
        : (byte)(Encode(hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? Afternoon : 0));

    public int DecodeHour(byte cell)
    {
        if (Is24Hours) return Decode(cell);
        int hour = Decode((byte)(cell & ~Afternoon));
        if (hour is < 1 or > 12) return -1;
        return hour % 12 + ((cell & Afternoon) != 0 ? 12 : 0);
    }

    /// <summary>One of the ten time cells or the century, as it reads at a moment.</summary>
    public byte EncodeCell(int index, in Moment m) => index switch
    {
        Cell.Seconds => Encode(m.Second),
        Cell.Minutes => Encode(m.Minute),
        Cell.Hours => EncodeHour(m.Hour),
        Cell.Weekday => Encode(m.Weekday),
        Cell.Day => Encode(m.Day),
        Cell.Month => Encode(m.Month),
        Cell.Year => Encode(m.Year % 100),
        _ => Encode(m.Year / 100 % 100),
    };

    public Moment Read(ReadOnlySpan<byte> cells) => new()
    {
        Second = AtLeast(0, Decode(cells[Cell.Seconds])),
        Minute = AtLeast(0, Decode(cells[Cell.Minutes])),
        Hour = AtLeast(0, DecodeHour(cells[Cell.Hours])),
        Day = AtLeast(1, Decode(cells[Cell.Day])),
        Month = Math.Min(AtLeast(1, Decode(cells[Cell.Month])), 12),
        Year = AtLeast(0, Decode(cells[Spec.Century])) % 100 * 100 + AtLeast(0, Decode(cells[Cell.Year])) % 100,
    };

    private static int AtLeast(int minimum, int value) => Math.Max(minimum, value);

    /// <summary>The first second after <paramref name="now"/> at which the alarm cells match; −1 when they never
    /// do.</summary>
    public long NextAlarm(ReadOnlySpan<byte> cells, long now)
    {
        int second = Alarm(cells[Cell.SecondsAlarm], isHour: false),
        minute = Alarm(cells[Cell.MinutesAlarm], isHour: false),
            hour = Alarm(cells[Cell.HoursAlarm], isHour: true);
        // Whole hours and minutes that cannot match are skipped: at most 24 + 60 + 60 steps.
        for (long t = now + 1; t <= now + Calendar.SecondsPerDay;)
        {
            int inDay = (int)(t - Calendar.FloorDivide(t, Calendar.SecondsPerDay) * Calendar.SecondsPerDay);
            if (hour != Any && hour != inDay / 3600) t += 3600 - inDay % 3600;
            else if (minute != Any && minute != inDay / 60 % 60) t += 60 - inDay % 60;
            else if (second != Any && second != inDay % 60) t++;
            else return t;
        }
        return -1;
    }

    private int Alarm(byte cell, bool isHour) => cell >= DoNotCare ? Any : isHour ? DecodeHour(cell) : Decode(cell);
}
