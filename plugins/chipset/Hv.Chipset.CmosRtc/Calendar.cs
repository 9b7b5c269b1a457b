namespace Hv.Chipset.CmosRtc;

/// <summary>A moment in the Gregorian calendar, without time zone.</summary>
internal readonly struct Moment
{
    public int Year { get; init; }
    public int Month { get; init; }
    public int Day { get; init; }
    public int Hour { get; init; }
    public int Minute { get; init; }
    public int Second { get; init; }
    /// <summary>1 is Sunday.</summary>
    public int Weekday { get; init; }
}

/// <summary>Seconds since 1970 to calendar and back, for any year that two BCD bytes can say. Pure.</summary>
internal static class Calendar
{
    public const int SecondsPerDay = 86_400;
    private const int DaysPerEra = 146_097;
    private const int YearsPerEra = 400;
    // Days from 0000-03-01 to 1970-01-01. Counting years from March puts the leap day at a year's end.
    private const int EpochDays = 719_468;

    public static Moment At(long seconds)
    {
        long days = FloorDivide(seconds, SecondsPerDay);
        int second = (int)(seconds - days * SecondsPerDay);
        long shifted = days + EpochDays, era = FloorDivide(shifted, DaysPerEra);
        int dayOfEra = (int)(shifted - era * DaysPerEra);
        int yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / (DaysPerEra - 1)) / 365;
        int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        int month = (5 * dayOfYear + 2) / 153;
        return new Moment
        {
            Year = (int)(yearOfEra + era * YearsPerEra + (month >= 10 ? 1 : 0)),
            Month = month < 10 ? month + 3 : month - 9,
            Day = dayOfYear - (153 * month + 2) / 5 + 1,
            Hour = second / 3600,
            Minute = second / 60 % 60,
            Second = second % 60,
            Weekday = (int)(days + 4 - 7 * FloorDivide(days + 4, 7)) + 1,
        };
    }

    /// <summary>Fields out of range run over into the next: February 30 is March 1 or 2.</summary>
    public static long Seconds(Moment m)
    {
        int month = (m.Month + 9) % 12;
        long year = m.Month <= 2 ? m.Year - 1 : m.Year, era = FloorDivide(year, YearsPerEra);
        long yearOfEra = year - era * YearsPerEra;
        long dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + (153 * month + 2) / 5 + m.Day - 1;
        long days = era * DaysPerEra + dayOfEra - EpochDays;
        return days * SecondsPerDay + m.Hour * 3600 + m.Minute * 60 + m.Second;
    }

    public static long FloorDivide(long a, long b) => a / b - (a % b < 0 ? 1 : 0);
}
