package review

import (
	"strings"
	"testing"
	"time"
)

// calendar is the published working calendar of 2024 to 2026; 2027 was not published.
func calendar() Calendar {
	cal := Calendar{Years: map[int]bool{2024: true, 2025: true, 2026: true}, Days: map[Date]bool{}}
	for year, days := range map[string][2]string{
		"2024": {"01-01 02-10 02-11 02-12 02-13 02-14 02-15 02-16 02-17 04-04 04-05 04-06 05-01 05-02 05-03 05-04 05-05 06-10 " +
			"09-15 09-16 09-17 10-01 10-02 10-03 10-04 10-05 10-06 10-07", "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12"},
		"2025": {"01-01 01-28 01-29 01-30 01-31 02-01 02-02 02-03 02-04 04-04 04-05 04-06 05-01 05-02 05-03 05-04 05-05 " +
			"05-31 06-01 06-02 10-01 10-02 10-03 10-04 10-05 10-06 10-07 10-08", "01-26 02-08 04-27 09-28 10-11"},
		"2026": {"01-01 01-02 01-03 02-15 02-16 02-17 02-18 02-19 02-20 02-21 02-22 02-23 04-04 04-05 04-06 05-01 05-02 05-03 05-04 05-05 " +
			"06-19 06-20 06-21 09-25 09-26 09-27 10-01 10-02 10-03 10-04 10-05 10-06 10-07", "01-04 02-14 02-28 05-09 09-20 10-10"},
	} {
		for i, list := range days {
			for d := range strings.FieldsSeq(list) {
				cal.Days[Date(year+"-"+d)] = i == 1
			}
		}
	}
	return cal
}

func TestDueCountsWorkingDays(t *testing.T) {
	t.Parallel()
	cal := calendar()
	for _, tt := range []struct {
		name  string
		start Date
		days  int
		end   Date
	}{
		{"the eve of Spring Festival and a Sunday work", "2024-02-08", 3, "2024-02-19"},
		{"a Saturday works, Mid-Autumn is off", "2024-09-13", 7, "2024-09-25"},
		{"a Sunday and a Saturday work around Spring Festival", "2025-01-24", 7, "2025-02-10"},
		{"Labour Day", "2025-04-30", 3, "2025-05-08"},
		{"a Sunday and a Saturday work around National Day", "2025-09-26", 7, "2025-10-13"},
		{"an eight-day holiday", "2025-09-30", 5, "2025-10-14"},
		{"a nine-day holiday with two make-up Saturdays", "2026-02-13", 7, "2026-03-02"},
		{"a deadline on a Saturday", "2026-02-27", 1, "2026-02-28"},
		{"a five-day holiday", "2026-04-30", 3, "2026-05-08"},
		{"a Sunday works before Mid-Autumn", "2026-09-18", 7, "2026-09-29"},
		{"a Saturday works after National Day", "2026-09-30", 7, "2026-10-15"},
		{"below one counts as one", "2026-03-02", 0, "2026-03-03"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// The hour of the event does not matter: the first and the last instant of the day in China.
			for _, from := range []time.Time{tt.start.End().Add(-24 * time.Hour), tt.start.End().Add(-time.Nanosecond)} {
				due, provisional := cal.Due(from, tt.days)
				if due != tt.end.End() || provisional {
					t.Errorf("Due(%s, %d) = %s, %v; want the end of %s", from, tt.days, In(due), provisional, tt.end)
				}
			}
		})
	}
}

func TestDueBeyondTheLoadedYearsIsProvisional(t *testing.T) {
	t.Parallel()
	cal := calendar()
	if due, provisional := cal.Due(Date("2026-12-24").End().Add(-time.Hour), 7); !provisional || due.IsZero() {
		t.Errorf("got %s, provisional %v", due, provisional)
	}
	if _, provisional := cal.Due(Date("2026-12-24").End().Add(-time.Hour), 5); provisional {
		t.Error("the last day of 2026 is loaded, and 31 December is the fifth working day")
	}
	if _, provisional := cal.Due(Date("2023-06-01").End().Add(-time.Hour), 1); !provisional {
		t.Error("2023 is not loaded")
	}
}

func TestWorkingDaysOfTheYear(t *testing.T) {
	t.Parallel()
	cal := calendar()
	for year, months := range map[string][12]int{
		"2024": {22, 18, 21, 22, 21, 19, 23, 22, 21, 19, 21, 22},
		"2025": {19, 19, 21, 22, 19, 20, 23, 21, 23, 18, 20, 23},
		"2026": {21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23},
	} {
		var got [12]int
		for d := Date(year + "-01-01"); strings.HasPrefix(string(d), year); d = d.AddDays(1) {
			if working, _ := cal.Working(d); working {
				at, _ := time.Parse(time.DateOnly, string(d))
				got[at.Month()-1]++
			}
		}
		if got != months {
			t.Errorf("%s: %v working days by month, want %v", year, got, months)
		}
	}
}

func TestADayEndsAtMidnightInChina(t *testing.T) {
	t.Parallel()
	if got, want := Date("2026-12-31").End(), time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("End = %s, want %s", got, want)
	}
	if got := DateOf(time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC)); got != "2027-01-01" {
		t.Errorf("at 16:00 UTC it is %s in China", got)
	}
	if got := DateOf(time.Date(2026, 12, 31, 15, 59, 59, 999999999, time.UTC)); got != "2026-12-31" {
		t.Errorf("a nanosecond earlier it is %s", got)
	}
	if got := Date("2025-08-04").AddDays(60); got != "2025-10-03" {
		t.Errorf("60 calendar days after 2025-08-04 is %s", got)
	}
	if got := Date("2024-02-29").AddYears(1); got != "2025-03-01" {
		t.Errorf("a year after 29 February is %s", got)
	}
}

func TestValidDates(t *testing.T) {
	t.Parallel()
	for d, want := range map[Date]bool{"2024-02-29": true, "2025-02-29": false, "2025-02-30": false, "": false, "2025-2-3": false, "1999-12-31": false, "2100-01-01": false, "2025-13-01": false, "二〇二五": false} {
		if d.Valid() != want {
			t.Errorf("%q valid: %v", d, !want)
		}
		if !want && d.Valid() == false && d == "" && !d.End().IsZero() {
			t.Error("no day has no end")
		}
	}
	if _, loaded := calendar().Working("2025-02-30"); loaded {
		t.Error("30 February is in no calendar")
	}
}

func TestDueCalendarCountsEveryDayAndRollsOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	cal := calendar()
	for _, tt := range []struct {
		name          string
		start         Date
		plain, rolled Date
		provisional   bool // when rolled
	}{
		{"60 days end on a Thursday", "2025-04-20", "2025-06-19", "2025-06-19", false},
		{"60 days end in an eight-day holiday", "2025-08-04", "2025-10-03", "2025-10-09", false},
		{"60 days end on a Saturday", "2026-01-20", "2026-03-21", "2026-03-23", false},
		{"60 days end in National Day", "2026-08-03", "2026-10-02", "2026-10-08", false},
		{"60 days end on a Sunday that works", "2025-11-27", "2026-01-26", "2026-01-26", false},
		{"60 days end on a make-up Saturday", "2025-12-16", "2026-02-14", "2026-02-14", false},
		{"60 days end beyond the calendar", "2026-11-10", "2027-01-09", "2027-01-11", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, from := range []time.Time{tt.start.End().Add(-24 * time.Hour), tt.start.End().Add(-time.Nanosecond)} {
				if due, provisional := cal.DueCalendar(from, 60, false); due != tt.plain.End() || provisional {
					t.Errorf("from %s: %s, %v; want the end of %s", from, In(due), provisional, tt.plain)
				}
				if due, provisional := cal.DueCalendar(from, 60, true); due != tt.rolled.End() || provisional != tt.provisional {
					t.Errorf("from %s, rolled: %s, %v; want the end of %s, %v", from, In(due), provisional, tt.rolled, tt.provisional)
				}
			}
		})
	}
	if due, _ := cal.DueCalendar(noon("2026-03-02"), 0, false); due != Date("2026-03-03").End() {
		t.Errorf("below one: %s", In(due))
	}
}

func noon(d Date) time.Time { return d.End().Add(-12 * time.Hour) }

func TestTheYearsHaveTheirWorkingDays(t *testing.T) {
	t.Parallel()
	cal := calendar()
	for year, want := range map[int]int{2024: 251, 2025: 248, 2026: 248} {
		y, loaded := cal.Year(year)
		if !loaded || y.WorkingDays() != want {
			t.Errorf("%d: loaded %v, %d working days, want %d", year, loaded, y.WorkingDays(), want)
		}
		if !cal.Loaded(year) || cal.Loaded(2027) || cal.Loaded(2023) {
			t.Error("loaded: 2024 to 2026")
		}
	}
}

func TestWorkingDaysBetweenTwoInstants(t *testing.T) {
	t.Parallel()
	cal := calendar()
	for _, tt := range []struct {
		name        string
		from, to    Date
		n           int
		provisional bool
	}{
		{"the same day uses nothing", "2026-03-02", "2026-03-02", 0, false},
		{"overnight uses one", "2026-03-02", "2026-03-03", 1, false},
		{"over a weekend", "2026-03-06", "2026-03-09", 1, false},
		{"over the nine-day holiday and a make-up Saturday", "2026-02-13", "2026-02-24", 2, false},
		{"backwards", "2026-03-09", "2026-03-02", 0, false},
		{"into a year without a calendar", "2026-12-30", "2027-01-04", 3, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if n, provisional := cal.WorkingDays(noon(tt.from), noon(tt.to)); n != tt.n || provisional != tt.provisional {
				t.Errorf("%d, %v; want %d, %v", n, provisional, tt.n, tt.provisional)
			}
		})
	}
}

func TestAPeriodStandsStillBetweenItsSpans(t *testing.T) {
	t.Parallel()
	cal := calendar()
	span := func(from, to Date) Span {
		s := Span{From: noon(from)}
		if to != "" {
			s.To = noon(to)
		}
		return s
	}
	for _, tt := range []struct {
		name        string
		spans       []Span
		days        int
		end         Date
		provisional bool
	}{
		{"no pause: as Due", []Span{span("2026-02-13", "")}, 7, "2026-03-02", false},
		{"three days used, four left", []Span{span("2026-03-02", "2026-03-05"), span("2026-03-16", "")}, 7, "2026-03-20", false},
		{"paused and resumed on the same day costs nothing", []Span{span("2026-03-02", "2026-03-04"), span("2026-03-04", "")}, 7, "2026-03-11", false},
		{"two pauses", []Span{span("2026-03-02", "2026-03-03"), span("2026-03-09", "2026-03-10"), span("2026-03-16", "")}, 5, "2026-03-19", false},
		{"all used: one day is left", []Span{span("2026-03-02", "2026-03-20"), span("2026-03-27", "")}, 5, "2026-03-30", false},
		{"a pause over a holiday does not use it", []Span{span("2026-09-30", "2026-09-30"), span("2026-10-07", "")}, 3, "2026-10-10", false},
		{"the rest reaches beyond the calendar", []Span{span("2026-12-21", "2026-12-23"), span("2026-12-30", "")}, 7, "2027-01-06", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if due, provisional := cal.DueSpans(tt.spans, tt.days); due != tt.end.End() || provisional != tt.provisional {
				t.Errorf("%s, %v; want the end of %s, %v", In(due), provisional, tt.end, tt.provisional)
			}
		})
	}
	if due, provisional := cal.DueSpans(nil, 5); !due.IsZero() || provisional {
		t.Errorf("no span: %s", due)
	}
}

func TestUrgency(t *testing.T) {
	t.Parallel()
	cal := calendar()
	due := Date("2026-10-09").End() // a Friday; 1 to 7 October is off
	for _, tt := range []struct {
		name string
		now  time.Time
		soon int
		want Urgency
	}{
		{"three working days left", noon("2026-09-29"), 2, Normal},
		{"two working days left, with a holiday between", noon("2026-09-30"), 2, Soon},
		{"the last day, with no warning asked for", noon("2026-10-09"), 0, Soon},
		{"the day before, with no warning asked for", noon("2026-10-08"), 0, Normal},
		{"the last instant", due.Add(-time.Nanosecond), 2, Soon},
		{"24:00", due, 2, Overdue},
		{"a week later", due.AddDate(0, 0, 7), 2, Overdue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := cal.Urgency(due, tt.now, tt.soon); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	if got := cal.Urgency(time.Time{}, due, 2); got != Normal {
		t.Errorf("without a period: %s", got)
	}
}
