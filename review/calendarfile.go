package review

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CalendarYear is the working calendar of one year, as the yearly notice on public holidays sets it: the days that differ from
// Monday to Friday, each list in order. A Saturday or Sunday inside a holiday may be listed as off; it is off anyway.
type CalendarYear struct {
	Year   int
	Off    []Date // days off
	Work   []Date // Saturdays and Sundays that are made up for
	Source string // the notice; may be empty in a file
}

// WorkingDays is how many working days the year has.
func (y CalendarYear) WorkingDays() int {
	n, _ := Calendar{}.With(y).WorkingDays(y.first().AddDays(-1).End().Add(-time.Hour), y.last().End().Add(-time.Hour))
	return n
}

func (y CalendarYear) first() Date { return Date(strconv.Itoa(y.Year) + "-01-01") }
func (y CalendarYear) last() Date  { return Date(strconv.Itoa(y.Year) + "-12-31") }

// With returns the calendar with the year loaded, in place of what it had of that year. cal stays as it is.
func (cal Calendar) With(y CalendarYear) Calendar {
	out := Calendar{Years: maps.Clone(cal.Years), Days: map[Date]bool{}}
	if out.Years == nil {
		out.Years = map[int]bool{}
	}
	out.Years[y.Year] = true
	for d, working := range cal.Days {
		if d < y.first() || d > y.last() {
			out.Days[d] = working
		}
	}
	for _, d := range y.Off {
		out.Days[d] = false
	}
	for _, d := range y.Work {
		out.Days[d] = true
	}
	return out
}

// Year returns what the calendar has of a year, in order; false when it is not loaded. The source is not in it.
func (cal Calendar) Year(year int) (CalendarYear, bool) {
	y := CalendarYear{Year: year}
	for d, working := range cal.Days {
		switch {
		case d < y.first() || d > y.last():
		case working:
			y.Work = append(y.Work, d)
		default:
			y.Off = append(y.Off, d)
		}
	}
	slices.Sort(y.Off)
	slices.Sort(y.Work)
	return y, cal.Years[year]
}

const (
	calendarLimit = 64 << 10
	fewestOff     = 3 // every notice has many more; fewer is an empty or broken file
)

// ParseCalendar reads the working calendar of one or several years, at most 64 KiB, in one of two forms:
//
//	{"2027": {"off": ["2027-01-01", …], "work": ["2027-01-30", …], "source": "…"}}
//	2027-01-01,off      a line a day, off or work; blank lines and lines that begin with # say nothing
//
// The years come back in order. It refuses TooLarge, and otherwise Invalid with field, value and why: a file that cannot be
// read (file: form), a year outside 2000 to 2099 (year: range), a day that never was (date), one of another year (year) or
// one listed twice (twice), a day to be worked that is Monday to Friday (work: weekday), fewer than three days off in a
// year (off: few).
func ParseCalendar(data []byte) ([]CalendarYear, error) {
	if len(data) > calendarLimit {
		return nil, Refuse(TooLarge, "field", "file", "limit", "64 KiB")
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	parse := parseCalendarLines
	if bytes.HasPrefix(text, []byte("{")) {
		parse = parseCalendarJSON
	}
	years, err := parse(text)
	if err != nil {
		return nil, err
	}
	if len(years) == 0 {
		return nil, badCalendar("file", "", "form")
	}
	for i := range years {
		if err := years[i].check(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(years, func(a, b CalendarYear) int { return a.Year - b.Year })
	return years, nil
}

func badCalendar(field, value, why string) error {
	if runes := []rune(value); len(runes) > 40 {
		value = string(runes[:40]) + "…"
	}
	return Refuse(Invalid, "field", field, "value", value, "why", why)
}

// check refuses what no notice can say, and puts the days in order.
func (y *CalendarYear) check() error {
	if y.Year < 2000 || y.Year > 2099 {
		return badCalendar("year", strconv.Itoa(y.Year), "range")
	}
	seen := map[Date]bool{}
	for _, list := range []struct {
		field string
		days  []Date
	}{{"off", y.Off}, {"work", y.Work}} {
		for _, d := range list.days {
			t, err := time.Parse(time.DateOnly, string(d))
			switch {
			case err != nil:
				return badCalendar(list.field, string(d), "date")
			case t.Year() != y.Year:
				return badCalendar(list.field, string(d), "year")
			case seen[d]:
				return badCalendar(list.field, string(d), "twice")
			case list.field == "work" && t.Weekday() != time.Saturday && t.Weekday() != time.Sunday:
				return badCalendar(list.field, string(d), "weekday")
			}
			seen[d] = true
		}
	}
	if len(y.Off) < fewestOff {
		return badCalendar("off", strconv.Itoa(len(y.Off)), "few")
	}
	if !CleanString(y.Source) {
		return Refuse(BadCharacters, "field", "source")
	}
	slices.Sort(y.Off)
	slices.Sort(y.Work)
	return nil
}

// parseCalendarJSON reads key by key, because a key that comes twice would otherwise silently replace the first.
func parseCalendarJSON(text []byte) ([]CalendarYear, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	var out []CalendarYear
	err := eachKey(in, func(key string) error {
		year, err := strconv.Atoi(key)
		if err != nil || len(key) != 4 {
			return badCalendar("year", key, "range")
		}
		y := CalendarYear{Year: year}
		if err := eachKey(in, func(key string) error {
			switch key {
			case "off":
				return in.Decode(&y.Off)
			case "work":
				return in.Decode(&y.Work)
			case "source":
				return in.Decode(&y.Source)
			}
			return badCalendar("file", key, "form")
		}); err != nil {
			return err
		}
		out = append(out, y)
		return nil
	})
	if err == nil {
		if _, more := in.Token(); !errors.Is(more, io.EOF) {
			err = badCalendar("file", "", "form")
		}
	}
	if err != nil && CodeOf(err) == "" {
		err = badCalendar("file", err.Error(), "form")
	}
	return out, err
}

// eachKey reads an object: do is called with each key and reads its value.
func eachKey(in *json.Decoder, do func(key string) error) error {
	if open, err := in.Token(); err != nil || open != json.Delim('{') {
		return badCalendar("file", "", "form")
	}
	seen := map[string]bool{}
	for in.More() {
		token, err := in.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if seen[key] {
			return badCalendar("file", key, "twice")
		}
		seen[key] = true
		if err := do(key); err != nil {
			return err
		}
	}
	_, err := in.Token()
	return err
}

func parseCalendarLines(text []byte) ([]CalendarYear, error) {
	var out []CalendarYear
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		day, kind, found := strings.Cut(line, ",")
		d, kind := Date(strings.TrimSpace(day)), strings.TrimSpace(kind)
		if d == "date" && len(out) == 0 {
			continue // a heading
		}
		if !found || kind != "off" && kind != "work" {
			return nil, badCalendar("file", line, "form")
		}
		t, err := time.Parse(time.DateOnly, string(d))
		if err != nil {
			return nil, badCalendar(kind, string(d), "date")
		}
		i := slices.IndexFunc(out, func(y CalendarYear) bool { return y.Year == t.Year() })
		if i < 0 {
			i, out = len(out), append(out, CalendarYear{Year: t.Year()})
		}
		if kind == "off" {
			out[i].Off = append(out[i].Off, d)
		} else {
			out[i].Work = append(out[i].Work, d)
		}
	}
	return out, nil
}
