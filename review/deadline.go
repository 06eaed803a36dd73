package review

import "time"

// zone is China Standard Time: fixed, without daylight saving and without a time zone database.
var zone = time.FixedZone("UTC+8", 8*60*60)

// In returns t as a clock in China shows it.
func In(t time.Time) time.Time { return t.In(zone) }

// Date is a day in China, YYYY-MM-DD; "" is no day.
type Date string

// DateOf returns the day of t in China.
func DateOf(t time.Time) Date { return Date(t.In(zone).Format(time.DateOnly)) }

// Valid reports whether d is a real day between 2000 and 2099; 2025-02-30 is not.
func (d Date) Valid() bool {
	t, err := time.Parse(time.DateOnly, string(d))
	return err == nil && t.Year() >= 2000 && t.Year() <= 2099
}

// End is the last instant of the day plus one: a period that ends on d ends at 24:00 of d, UTC+8.
func (d Date) End() time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), zone)
	if err != nil {
		return time.Time{}
	}
	return t.AddDate(0, 0, 1).UTC()
}

// AddDays returns the day n days later.
func (d Date) AddDays(n int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Date(t.AddDate(0, 0, n).Format(time.DateOnly))
}

// AddYears returns the same day n years later; from 29 February it may be 1 March.
func (d Date) AddYears(n int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Date(t.AddDate(n, 0, 0).Format(time.DateOnly))
}

// Calendar is the working calendar: the days that differ from Monday to Friday, and the years that are loaded.
type Calendar struct {
	Years map[int]bool  // loaded years
	Days  map[Date]bool // true: a make-up working day, false: a holiday
}

// Working reports whether d is a working day, and whether its year is loaded; beyond the loaded years
// Monday to Friday work.
func (cal Calendar) Working(d Date) (working, loaded bool) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return false, false
	}
	if w, ok := cal.Days[d]; ok {
		return w, cal.Years[t.Year()]
	}
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday, cal.Years[t.Year()]
}

// Due returns the instant at which a period of n working days ends that an event at from starts: the day of the
// event is not counted, the last day counts in full, UTC+8. provisional is true when a day beyond the loaded
// years was counted; such an instant goes into no letter and fires nothing. n below 1 counts as 1.
func (cal Calendar) Due(from time.Time, n int) (due time.Time, provisional bool) {
	d := DateOf(from)
	for n = max(n, 1); n > 0; {
		d = d.AddDays(1)
		working, loaded := cal.Working(d)
		provisional = provisional || !loaded
		if working {
			n--
		}
	}
	return d.End(), provisional
}
