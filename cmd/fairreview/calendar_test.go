package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

func TestACalendarFileThatIsBadIsSaidSoBeforeAnythingIsReached(t *testing.T) {
	t.Parallel()
	const nowhere = "postgres://127.0.0.1:1/x"
	for name, c := range map[string]struct {
		file, source string
		says         string
	}{
		"no source":             {"2027-01-01,off\n2027-01-02,off\n2027-02-05,off", "", "--source"},
		"a Monday to be worked": {"2027-01-01,off\n2027-01-02,off\n2027-02-05,off\n2027-01-04,work", "通知", "Only a Saturday or Sunday can be made up for; Monday to Friday are worked anyway: 2027-01-04."},
		"two days off":          {"2027-01-01,off\n2027-01-02,off", "通知", "Only 2 days off"},
		"another format":        {"PK", "通知", "The file cannot be read: PK."},
		"a huge one":            {strings.Repeat("#\n", 50_000), "通知", "64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "calendar.csv")
			if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"calendar", "load", file, "--database-url", nowhere, "--temporal-address", "127.0.0.1:1"}
			if c.source != "" {
				args = append(args, "--source", c.source)
			}
			if code, out, errs := call(t, "", args...); code != 1 || !strings.Contains(errs, c.says) {
				t.Errorf("code %d; says:\n%s%s\nwant %q", code, out, errs, c.says)
			}
		})
	}
}

// serving starts everything in this process and returns its address and its end.
func serving(t *testing.T, dir string) (site string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r, w := io.Pipe()
	var errs bytes.Buffer
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, strings.NewReader(""), w, &errs)
		_ = w.Close()
	}()
	base := make([]byte, 100)
	n, err := r.Read(base)
	if err != nil {
		cancel()
		<-done
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return strings.TrimSpace(string(base[:n])), func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("ended with %d: %s", code, errs.String())
		}
	}
}

// TestTheCalendarIsLoadedWhileCasesRun takes a fortnight out of the calendar of a running site: a joint review and the
// regulator's own period end later, in the case and in its workflow. Then the calendar changes while no worker runs, as
// when a process dies between load and reclock: the next one makes up for it.
func TestTheCalendarIsLoadedWhileCasesRun(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	site, stop := serving(t, dir)
	if code, out, errs := call(t, "correct horse battery\n", "admin", "create", "first.admin", "--name", "管理员", "--unit", "scjg", "--unit-name", "演示市场监管局", "--data", dir); code != 0 {
		t.Fatalf("admin create: %s%s", out, errs)
	}
	o := newOffice(t, dir, site, 1)
	id, _ := o.joint(1)
	before := o.look(id)
	if before.Clock == nil || before.Review == nil {
		t.Fatalf("no period runs: %+v", before)
	}

	file := filepath.Join(t.TempDir(), "calendar.json")
	years := fortnightOff(t, dir, file)
	_, dry, _ := call(t, "", "calendar", "load", file, "--source", "更正", "--dry-run", "--data", dir)
	if !strings.Contains(dry, "Case "+before.Number+" (JOINT_REVIEW): the period would move, from "+string(last(before.Clock.Due))) || !strings.Contains(dry, "the regulator's own period would move") {
		t.Errorf("dry run:\n%s", dry)
	}
	if now := o.look(id); !now.Clock.Due.Equal(before.Clock.Due) {
		t.Error("a dry run moved the case")
	}
	code, out, errs := call(t, "", "calendar", "load", file, "--source", "更正", "--data", dir)
	after := o.look(id)
	if code != 0 || !strings.Contains(out, "the period moved, from "+string(last(before.Clock.Due))+" to "+string(last(after.Clock.Due))) {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	if !after.Clock.Due.After(before.Clock.Due.AddDate(0, 0, 10)) || !after.Review.Due.After(before.Review.Due.AddDate(0, 0, 10)) || after.Version != before.Version+1 {
		t.Errorf("%s and %s became %s and %s at version %d", before.Clock.Due, before.Review.Due, after.Clock.Due, after.Review.Due, after.Version)
	}
	if code, out, _ := call(t, "", "calendar", "load", file, "--source", "更正", "--data", dir); code != 0 || !strings.Contains(out, "is loaded just so already") || !strings.Contains(out, "No running period moves") {
		t.Errorf("again: %d\n%s", code, out)
	}
	if code, out, errs := call(t, "", "calendar", "show", years[0], "--data", dir); code != 0 || !strings.Contains(out, `"source": "更正"`) || !strings.Contains(errs, "working days; loaded by ") {
		t.Errorf("show: %d\n%s%s", code, out, errs)
	}
	if code, _, errs := call(t, "", "calendar", "show", "1999", "--data", dir); code != 1 || !strings.Contains(errs, "1999 is not loaded; loaded are: 2024, 2025, 2026") {
		t.Errorf("a year that is not there: %d %s", code, errs)
	}

	// The calendar goes back behind everybody's back; a worker that starts sets the periods right.
	l, err := readLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), l.DatabaseURL, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range years {
		n, _ := strconv.Atoi(y)
		whole := review.CalendarYear{Year: n, Off: []review.Date{review.Date(y + "-01-01"), review.Date(y + "-05-01"), review.Date(y + "-10-01")}}
		if _, err := db.LoadYear(t.Context(), whole, "再更正", "a process that died"); err != nil {
			t.Fatal(err)
		}
	}
	_ = db.Close()
	stop()
	o.site, stop = serving(t, dir)
	defer stop()
	for deadline := time.Now().Add(time.Minute); ; {
		if now := o.look(id); now.Clock.Due.Before(after.Clock.Due) && now.Version > after.Version {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the periods still end as before: %+v", o.look(id).Clock)
		}
		time.Sleep(50 * time.Millisecond) // between two looks at another process's work
	}
}

func last(due time.Time) review.Date { return review.DateOf(due.Add(-time.Second)) }

// look reads a case as the officer sees it.
func (o *office) look(id string) review.Case {
	o.Helper()
	req, err := http.NewRequestWithContext(o.Context(), http.MethodGet, o.site+"/api/v1/cases/"+id, nil)
	if err != nil {
		o.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.tokens["officer"])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.Fatal(err)
	}
	defer resp.Body.Close()
	var c review.Case
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil || c.ID != id {
		o.Fatalf("%s: %v", resp.Status, err)
	}
	return c
}

// fortnightOff writes a calendar in which nobody works for the next two weeks, and returns its years.
func fortnightOff(t *testing.T, dir, file string) []string {
	t.Helper()
	today := review.DateOf(time.Now())
	type year struct {
		Off    []review.Date `json:"off"`
		Work   []review.Date `json:"work"`
		Source string        `json:"source"`
	}
	all, order := map[string]*year{}, []string{}
	for i := range 15 {
		d := today.AddDays(i)
		y := string(d)[:4]
		if all[y] == nil {
			order = append(order, y)
			all[y] = &year{Off: []review.Date{}}
			if code, out, _ := call(t, "", "calendar", "show", y, "--data", dir); code == 0 {
				have := map[string]*year{}
				if err := json.Unmarshal([]byte(out), &have); err != nil {
					t.Fatal(err)
				}
				all[y] = have[y]
			}
		}
		listed := false
		for _, was := range append(all[y].Off, all[y].Work...) {
			listed = listed || was == d
		}
		if !listed && i > 0 {
			all[y].Off = append(all[y].Off, d)
		}
	}
	for y, days := range all { // a year of which only the first days are in the fortnight
		for len(days.Off) < 3 {
			days.Off = append(days.Off, review.Date(y+"-10-0"+strconv.Itoa(len(days.Off)+1)))
		}
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return order
}
