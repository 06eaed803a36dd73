package postgres

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairreview/fairreview/review"
)

// year2027 is made up; the notice for 2027 is not out.
func year2027() review.CalendarYear {
	return review.CalendarYear{Year: 2027, Off: []review.Date{"2027-01-01", "2027-02-05", "2027-02-08"}, Work: []review.Date{"2027-01-30"}}
}

func TestTheSeededCalendarHasItsWorkingDays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	years, err := d.db.CalendarYears(d.ctx)
	d.must(err)
	got := map[int]int{}
	for _, y := range years {
		got[y.Year] = y.WorkingDays()
		if y.By != "" || y.At != nil || y.Source == "" {
			t.Errorf("%d: loaded by %q at %v from %q", y.Year, y.By, y.At, y.Source)
		}
	}
	if diff := cmp.Diff(map[int]int{2024: 251, 2025: 248, 2026: 248}, got); diff != "" {
		t.Error(diff)
	}
	cal, err := d.db.Calendar(d.ctx)
	d.must(err)
	for _, v := range []struct {
		start review.Date
		days  int
		end   review.Date
	}{{"2024-02-08", 3, "2024-02-19"}, {"2025-09-26", 7, "2025-10-13"}, {"2026-02-13", 7, "2026-03-02"}, {"2026-09-18", 7, "2026-09-29"}} {
		if due, provisional := cal.Due(v.start.End().Add(-1), v.days); due != v.end.End() || provisional {
			t.Errorf("%d working days from %s end at %s, want %s", v.days, v.start, due, v.end)
		}
	}
}

func TestAYearIsLoadedOnceAndReplacesWhatWasThere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	load := func(y review.CalendarYear, source string, want bool) {
		t.Helper()
		before, err := d.db.CalendarVersion(d.ctx)
		d.must(err)
		changed, err := d.db.LoadYear(d.ctx, y, source, "root")
		d.must(err)
		after, err := d.db.CalendarVersion(d.ctx)
		d.must(err)
		if changed != want || (after > before) != want {
			t.Errorf("changed %v, version %d to %d; want %v", changed, before, after, want)
		}
	}
	load(year2027(), "通知一", true)
	load(year2027(), "通知一", false)
	y := year2027()
	y.Off[1], y.Off[2] = y.Off[2], y.Off[1] // in another order it is the same year
	load(y, "通知一", false)
	load(year2027(), "通知二", true)
	y = year2027()
	y.Off, y.Work = y.Off[:2], nil
	y.Off = append(y.Off, "2027-02-09")
	load(y, "通知二", true)
	cal, err := d.db.Calendar(d.ctx)
	d.must(err)
	if w, loaded := cal.Working("2027-01-30"); w || !loaded {
		t.Error("a make-up day that is no longer listed still works, or the year is not loaded")
	}
	if w, _ := cal.Working("2026-10-01"); w {
		t.Error("another year changed")
	}
	years, err := d.db.CalendarYears(d.ctx)
	d.must(err)
	last := years[len(years)-1]
	if last.Year != 2027 || last.By != "root" || last.At == nil || !last.At.Equal(d.db.now()) || last.Source != "通知二" || len(last.Off) != 3 {
		t.Errorf("%+v", last)
	}
	var loads int
	d.must(d.db.sql.Get(&loads, `SELECT count(*) FROM calendar_loads`))
	if loads != 3 {
		t.Errorf("%d loads recorded, want 3", loads)
	}
	_, err = d.db.LoadYear(d.ctx, year2027(), "", "root")
	d.refused(err, review.Missing)
	bad := year2027()
	bad.Work = []review.Date{"2027-01-04"} // a Monday, which ParseCalendar would have refused
	if _, err = d.db.LoadYear(d.ctx, bad, "通知三", "root"); review.CodeOf(err) != review.Invalid {
		t.Errorf("%v", err)
	}
	if now, _ := d.db.CalendarYears(d.ctx); !cmp.Equal(years, now) {
		t.Error("a load that failed left something")
	}
}
