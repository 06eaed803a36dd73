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

// WorkingDays is how many working days of a period lie between two instants: the day of the first is not counted, the day of
// the second is. provisional: a day beyond the loaded years was looked at.
func (cal Calendar) WorkingDays(from, to time.Time) (n int, provisional bool) {
	last := DateOf(to)
	for d := DateOf(from).AddDays(1); d <= last; d = d.AddDays(1) {
		working, loaded := cal.Working(d)
		provisional = provisional || !loaded
		if working {
			n++
		}
	}
	return n, provisional
}

// DueSpans returns the instant at which a period of working days ends that stood still between its spans: what the closed
// spans used is taken off, the rest counts from the start of the last one, and at least one day is left. No spans: the zero
// time.
func (cal Calendar) DueSpans(spans []Span, days int) (due time.Time, provisional bool) {
	if len(spans) == 0 {
		return time.Time{}, false
	}
	for _, s := range spans[:len(spans)-1] {
		used, beyond := cal.WorkingDays(s.From, s.To)
		days, provisional = days-used, provisional || beyond
	}
	due, beyond := cal.Due(spans[len(spans)-1].From, max(days, 1))
	return due, provisional || beyond
}

// Loaded reports whether the working days of a year are known. Nothing is guessed beyond: what is computed there is provisional.
func (cal Calendar) Loaded(year int) bool { return cal.Years[year] }

// DueCalendar returns the instant at which a period of n calendar days ends that an event at from starts: the day of the event
// is not counted, the last day counts in full, UTC+8. With roll, a period that would end on a day off ends on the next
// working day; a switch, because 办法 does not say so. provisional is true when the roll asked about a day beyond the loaded
// years. n below 1 counts as 1.
func (cal Calendar) DueCalendar(from time.Time, n int, roll bool) (due time.Time, provisional bool) {
	d := DateOf(from).AddDays(max(n, 1))
	for roll {
		working, loaded := cal.Working(d)
		provisional = provisional || !loaded
		if working {
			break
		}
		d = d.AddDays(1)
	}
	return d.End(), provisional
}

// Urgency is how near the end of a period is, in one of three words; a page shows word and colour together.
type Urgency string

// The urgencies.
const (
	Normal  Urgency = "normal"  // 正常
	Soon    Urgency = "soon"    // 临期
	Overdue Urgency = "overdue" // 超期
)

// Urgency says how near due is at now: overdue from the instant due on; soon when at most soonDays working days are left, today
// not counted, so that with 0 only the last day is; else normal. The zero due is normal: no period runs.
func (cal Calendar) Urgency(due, now time.Time, soonDays int) Urgency {
	switch {
	case due.IsZero():
		return Normal
	case !now.Before(due):
		return Overdue
	}
	last, left := DateOf(due.Add(-time.Nanosecond)), 0
	for d := DateOf(now).AddDays(1); d <= last; d = d.AddDays(1) {
		if working, _ := cal.Working(d); working {
			left++
		}
		if left > max(soonDays, 0) {
			return Normal
		}
	}
	return Soon
}
