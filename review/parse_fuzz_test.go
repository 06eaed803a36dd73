package review

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzDate holds that a day that is valid can be counted from, and that nothing panics on one that is not.
func FuzzDate(f *testing.F) {
	for _, s := range []string{"", "2026-02-28", "2025-02-30", "2024-02-29", "0000-00-00", "9999-12-31", "2026-1-1", "２０２６-01-01", "2026-01-01T00:00:00Z", "2099-12-31", "-001-01-01"} {
		f.Add(s, 1)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		d := Date(s)
		n %= 40_000
		next, end, later := d.AddDays(n), d.End(), d.AddYears(n%100)
		cal := Calendar{}
		cal.Working(d)
		if !d.Valid() {
			return
		}
		if next.AddDays(-n) != d {
			t.Errorf("%s and %d days is %s, and back %s", d, n, next, next.AddDays(-n))
		}
		if DateOf(end.Add(-time.Nanosecond)) != d || DateOf(end) != d.AddDays(1) {
			t.Errorf("%s ends at %s", d, end)
		}
		if later < d && n%100 > 0 {
			t.Errorf("%s and %d years is %s", d, n%100, later)
		}
	})
}

// FuzzParseCalendar holds that what is taken is a calendar that can be counted by, and reads the same again.
func FuzzParseCalendar(f *testing.F) {
	for _, s := range []string{"", "2027-01-01,off\n2027-01-02,off\n2027-01-03,off\n2027-01-30,work\n", "# 2027\r\n\r\n2027-01-01, off\r\n", "\ufeff2027-01-01,off",
		`{"2027":{"off":["2027-01-01","2027-01-04","2027-01-05"],"work":["2027-01-30"],"source":"国办发明电〔2026〕1号"}}`, `{"2027":{"off":[]}}`, `{"2027":{},"2027":{}}`, `{"-1":{}}`,
		`{"2027":null}`, `{"２０２７":{"off":["2027-01-01"]}}`, "2027-02-30,off", "2027-01-01,rest", "2027-01-01"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		years, err := ParseCalendar(data)
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("a refusal without a code: %v", err)
			}
			return
		}
		if len(years) == 0 || !slices.IsSortedFunc(years, func(a, b CalendarYear) int { return a.Year - b.Year }) {
			t.Fatalf("years %v", years)
		}
		cal := Calendar{}
		for _, y := range years {
			cal = cal.With(y)
			if n := y.WorkingDays(); n < 1 || n > 366 {
				t.Errorf("%d has %d working days", y.Year, n)
			}
			if !utf8.ValidString(y.Source) || !CleanString(y.Source) {
				t.Errorf("source %q", y.Source)
			}
			for _, d := range slices.Concat(y.Off, y.Work) {
				if !d.Valid() {
					t.Errorf("day %q", d)
				}
			}
			again, ok := cal.Year(y.Year)
			if !ok || !slices.Equal(again.Off, y.Off) || !slices.Equal(again.Work, y.Work) {
				t.Errorf("read %+v, kept %+v", y, again)
			}
		}
	})
}

// FuzzParseRules holds that rules that are taken are valid, and stay so when they are written and read again.
func FuzzParseRules(f *testing.F) {
	good, err := json.Marshal(Rules{Version: "1", Joint: true, Panel: true, Threshold: 1.5, CorrectionDays: 3, JointDays: 5, PanelDays: 5, UrgeHours: 24})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(good), "", "{}", "null", "[]", `{"version":"a","threshold":1e308}`, `{"version":"a"}{}`, `{"Version":"a"}`, `{"version":"a","slots":[{"id":"x_y","zh":"甲","en":"a"}]}`, `{"threshold":-0}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRules(data)
		if err != nil {
			return
		}
		if err := r.Valid(); err != nil {
			t.Fatalf("taken and not valid: %v", err)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseRules(b)
		if err != nil {
			t.Fatalf("%s cannot be read again: %v", b, err)
		}
		if c, _ := json.Marshal(again); string(c) != string(b) {
			t.Errorf("%s becomes %s", b, c)
		}
	})
}

// FuzzReadDraw holds that a record that is taken is written as it was read, and that judging it never panics.
func FuzzReadDraw(f *testing.F) {
	good, err := json.Marshal(DrawRecord{Eligible: []string{"a", "b"}, Take: 1})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(good), "", "{}", "null", "[]", string(good) + " ", string(good) + "{}", `{"take":1e9}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ReadDraw(data)
		if err != nil {
			return
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ReadDraw(b); err != nil {
			t.Errorf("%s cannot be read again: %v", b, err)
		} else if c, _ := json.Marshal(again); string(c) != string(b) {
			t.Errorf("%s becomes %s", b, c)
		}
		_ = r.Verify()
	})
}
