package review

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestACalendarIsReadFromJSONAndFromLines(t *testing.T) {
	t.Parallel()
	want := CalendarYear{Year: 2027, Off: []Date{"2027-01-01", "2027-01-02", "2027-02-05"}, Work: []Date{"2027-01-30"}}
	for name, file := range map[string]string{
		"JSON":                     `{"2027": {"work": ["2027-01-30"], "off": ["2027-02-05", "2027-01-01", "2027-01-02"]}}`,
		"lines":                    "2027-02-05,off\n2027-01-01,off\n2027-01-02,off\n2027-01-30,work",
		"lines from a spreadsheet": "\ufeffdate,kind\r\n2027-01-01, off\r\n\r\n# 春节\r\n2027-01-02,off\r\n2027-02-05,off\r\n2027-01-30,work\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseCalendar([]byte(file))
			if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	got, err := ParseCalendar([]byte(`{"2028": {"off": ["2028-01-01","2028-01-03","2028-01-04"]}, "2027": {"off": ["2027-01-01","2027-01-02","2027-02-05"], "source": "通知"}}`))
	if err != nil || len(got) != 2 || got[0].Year != 2027 || got[1].Year != 2028 || got[0].Source != "通知" {
		t.Errorf("two years: %+v, %v", got, err)
	}
}

func TestACalendarFileThatNoNoticeCouldBeIsRefused(t *testing.T) {
	t.Parallel()
	const three = `"2027-01-01","2027-01-02","2027-02-05"`
	for _, tt := range []struct{ name, file, field, value, why string }{
		{"nothing", "", "file", "", "form"},
		{"an empty object", "{}", "file", "", "form"},
		{"a list", `[` + three + `]`, "file", "[" + three + "]", "form"},
		{"JSON that breaks off", `{"2027": {"off": [` + three, "file", "unexpected EOF", "form"},
		{"something after the end", `{"2027": {"off": [` + three + `]}} {}`, "file", "", "form"},
		{"a key nobody knows", `{"2027": {"of": [` + three + `]}}`, "file", "of", "form"},
		{"a year twice", `{"2027": {"off": [` + three + `]}, "2027": {"off": [` + three + `]}}`, "file", "2027", "twice"},
		{"a list twice", `{"2027": {"off": [` + three + `], "off": []}}`, "file", "off", "twice"},
		{"a year that is none", `{"next": {"off": [` + three + `]}}`, "year", "next", "range"},
		{"a year out of range", `{"2100": {"off": ["2100-01-01","2100-01-02","2100-01-03"]}}`, "year", "2100", "range"},
		{"a day that never was", `{"2027": {"off": [` + three + `,"2027-02-29"]}}`, "off", "2027-02-29", "date"},
		{"a day of another year", `{"2027": {"off": [` + three + `,"2026-12-31"]}}`, "off", "2026-12-31", "year"},
		{"a day twice", `{"2027": {"off": [` + three + `,"2027-01-01"]}}`, "off", "2027-01-01", "twice"},
		{"a day both off and worked", `{"2027": {"off": [` + three + `], "work": ["2027-01-02"]}}`, "work", "2027-01-02", "twice"},
		{"a Friday to be worked", `{"2027": {"off": [` + three + `], "work": ["2027-01-08"]}}`, "work", "2027-01-08", "weekday"},
		{"two days off", `{"2027": {"off": ["2027-01-01","2027-02-05"]}}`, "off", "2", "few"},
		{"only days to be worked", "2027-01-30,work", "off", "0", "few"},
		{"lines of another kind", "2027-01-01;off", "file", "2027-01-01;off", "form"},
		{"a stray day of another year, in lines", "2027-01-01,off\n2027-01-02,off\n2027-02-05,off\n2028-01-01,off", "off", "1", "few"},
		{"a word nobody knows", "2027-01-01,holiday", "file", "2027-01-01,holiday", "form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseCalendar([]byte(tt.file))
			var e *Error
			if !errors.As(err, &e) || e.Code != Invalid || e.Params["field"] != tt.field || e.Params["why"] != tt.why || e.Params["value"] != tt.value {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := ParseCalendar([]byte(strings.Repeat("#\n", 40_000))); CodeOf(err) != TooLarge {
		t.Errorf("80 KB: %v", err)
	}
	if _, err := ParseCalendar([]byte(`{"2027": {"off": [` + three + `], "source": "a\u0000b"}}`)); CodeOf(err) != BadCharacters {
		t.Errorf("a control character in the source: %v", err)
	}
}

func TestAYearTakesThePlaceOfWhatWasThere(t *testing.T) {
	t.Parallel()
	cal := calendar()
	next := cal.With(CalendarYear{Year: 2026, Off: []Date{"2026-01-05"}})
	if w, _ := next.Working("2026-01-05"); w {
		t.Error("the new day off works")
	}
	if w, _ := next.Working("2026-01-01"); !w {
		t.Error("the old day off is still off")
	}
	if w, _ := next.Working("2025-10-01"); w {
		t.Error("another year changed")
	}
	if w, _ := cal.Working("2026-01-05"); !w {
		t.Error("the calendar given changed")
	}
	if !cal.With(CalendarYear{Year: 2027, Off: []Date{"2027-01-01"}}).Loaded(2027) || !(Calendar{}).With(CalendarYear{Year: 2027}).Loaded(2027) {
		t.Error("not loaded")
	}
}
