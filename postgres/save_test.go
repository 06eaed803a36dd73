package postgres

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

func TestACaseIsReadAsItWasSaved(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.issued("城市更新项目管理办法")
	got, err := d.db.Case(d.ctx, c.ID, viewA)
	d.must(err)
	if diff := cmp.Diff(c, got); diff != "" {
		t.Error(diff)
	}
	if c.Status != review.Issued || c.Outcome != review.Keep {
		t.Errorf("ended %s, %s", c.Status, c.Outcome)
	}
	events, err := d.db.Events(d.ctx, c.ID, viewA)
	d.must(err)
	var kinds []review.ActionKind
	for i, e := range events {
		kinds = append(kinds, e.Action.Kind)
		if e.Version != i+1 || len(e.Hash) != 64 || e.ActorName != "姓名"+e.Action.Actor.Person || e.UnitName != "住房和城乡建设局" {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	want := []review.ActionKind{review.Register, review.StartReview, review.SendCheck, review.SendSign, review.ConcludePass, review.RegisterIssue}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestARepeatedSaveAnswersTheSameAndChangesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	opening := d.step(newCase(), handlerA, review.Register, review.Details{Opening: d.opening(handlerA, review.Department, "办法")})
	first, err := d.db.Save(d.ctx, opening)
	d.must(err)
	again, err := d.db.Save(d.ctx, opening)
	d.must(err)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	c := opening.Case
	c.Number = first.Number
	c = d.pass(d.toSign(c))
	// An old version once more, after the case went on.
	again, err = d.db.Save(d.ctx, opening)
	d.must(err)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	if got, err := d.db.Case(d.ctx, c.ID, viewA); err != nil || got.Version != c.Version {
		t.Errorf("version %d, %v; want %d", got.Version, err, c.Version)
	}
}

func TestTheSameSaveTwentyTimesAtOnceIsOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	opening := d.step(newCase(), handlerA, review.Register, review.Details{Opening: d.opening(handlerA, review.Department, "办法")})
	var answers [20]review.Assigned
	d.atOnce(20, func(i int) (err error) {
		answers[i], err = d.db.Save(d.ctx, opening)
		return err
	})
	c := opening.Case
	c.Number = answers[0].Number
	next := d.step(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 内容。"))})
	d.atOnce(20, func(i int) error {
		if answers[i].Number != c.Number {
			return fmt.Errorf("number %s and %s", answers[i].Number, c.Number)
		}
		_, err := d.db.Save(d.ctx, next)
		return err
	})
}

// atOnce runs do n times at the same time and fails the test on any error.
func (d *desk) atOnce(n int, do func(int) error) {
	d.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := do(i); err != nil {
				d.Errorf("%d: %v", i, err)
			}
		})
	}
	all.Wait()
	if d.Failed() {
		d.FailNow()
	}
}

func TestAnotherContentForAVersionIsTheRecordAhead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.register(handlerA, review.Department, "办法")
	one := d.step(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	other := d.step(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 乙。"))})
	_, err := d.db.Save(d.ctx, one)
	d.must(err)
	if _, err := d.db.Save(d.ctx, other); !errors.Is(err, ErrAhead) {
		t.Errorf("another content: %v", err)
	}
	stored, err := d.db.Stored(d.ctx, c.ID)
	d.must(err)
	if stored.Version != one.Case.Version || stored.Text.Hash != one.Case.Text.Hash {
		t.Errorf("the record changed: %+v", stored.Text)
	}
	next := d.step(stored, handlerA, review.SendCheck, review.Details{Checklist: &review.Checklist{Standards: standards, TextHash: stored.Text.Hash, Clear: allClear}})
	_, err = d.db.Save(d.ctx, next)
	d.must(err)
}

func TestAStateThatForgotItsNumberIsAFork(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.register(handlerA, review.Department, "办法")
	c.Number = "2026-000099-1"
	r := d.step(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	_, err := d.db.Save(d.ctx, r)
	d.refused(err, review.Forked)
}

func TestAGapIsAFaultAndNoRefusal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.register(handlerA, review.Department, "办法")
	r := d.step(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	ahead := r
	ahead.Case.Version, ahead.Event.Version = 4, 4
	if _, err := d.db.Save(d.ctx, ahead); err == nil || review.CodeOf(err) != "" {
		t.Errorf("version 4 after 1: %v", err)
	}
	nowhere := r
	nowhere.Case.ID, nowhere.Event.Case = newCase().ID, ""
	nowhere.Event.Case = nowhere.Case.ID
	if _, err := d.db.Save(d.ctx, nowhere); err == nil || review.CodeOf(err) != "" {
		t.Errorf("version 2 of no case: %v", err)
	}
	if _, err := d.db.Save(d.ctx, r); err != nil {
		t.Errorf("the right version still goes in: %v", err)
	}
}

func TestNumbersHaveNoGapsUnderTwentyOpenings(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.on("2026-12-31")
	d.register(handlerA, review.Department, "年末")
	d.on("2027-01-01") // 2026 still, by the clock in London
	taken := d.opening(handlerA, review.Department, "重复登记")
	d.act(newCase(), handlerA, review.Register, review.Details{Opening: taken})
	records := make([]review.Record, 20)
	for i := range records {
		o := d.opening(handlerA, review.Department, fmt.Sprint("办法", i))
		if i%5 == 0 {
			o = taken // refused after it took a number, which must come back
		}
		records[i] = d.step(newCase(), handlerA, review.Register, review.Details{Opening: o})
	}
	var mu sync.Mutex
	var numbers []string
	d.atOnce(20, func(i int) error {
		a, err := d.db.Save(d.ctx, records[i])
		if i%5 == 0 {
			if review.CodeOf(err) != review.OpenCaseExists {
				return fmt.Errorf("opened twice: %w", err)
			}
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		numbers = append(numbers, a.Number)
		return err
	})
	slices.Sort(numbers)
	for i, n := range numbers {
		if want := fmt.Sprintf("2027-%06d", i+2); n[:11] != want || n[12:] != CheckDigit(want) {
			t.Errorf("number %s, want %s-%s", n, want, CheckDigit(want))
		}
	}
}

func TestCheckDigit(t *testing.T) {
	t.Parallel()
	// ISO/IEC 7064 gives 0794 with check digit 5 as the example of MOD 11,10.
	if got := CheckDigit("0794"); got != "5" {
		t.Errorf("CheckDigit(0794) = %s", got)
	}
	good := caseNumber(2026, 123)
	for i := range good {
		for r := '0'; r <= '9'; r++ {
			wrong := []rune(good)
			if wrong[i] == '-' || wrong[i] == r {
				continue
			}
			wrong[i] = r
			if body, digit := string(wrong[:11]), string(wrong[12:]); CheckDigit(body) == digit {
				t.Errorf("%s passes for %s", string(wrong), good)
			}
		}
	}
}

func TestAMeasureHasOneOpenCase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.opening(handlerA, review.Department, "办法")
	c := d.act(newCase(), handlerA, review.Register, review.Details{Opening: o})
	second := d.step(newCase(), handlerA, review.Register, review.Details{Opening: o})
	_, err := d.db.Save(d.ctx, second)
	d.refused(err, review.OpenCaseExists)
	var refusal *review.Error
	if !errors.As(err, &refusal) || refusal.Params["case"] != c.Number {
		t.Errorf("%v does not name %s", err, c.Number)
	}
	d.issue(d.pass(d.toSign(c)))
	if _, err := d.db.Save(d.ctx, second); err != nil {
		t.Errorf("the first is issued: %v", err)
	}
}

func TestTheOpenStatusesOfTheIndexAreThoseOfTheDomain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var predicate string
	d.must(d.db.sql.Get(&predicate, `SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = CAST('one_open_case_per_measure' AS regclass)`))
	for _, s := range review.Statuses() {
		over := s.Closed() || s == review.IssuedException || s == review.KeptException || s == review.ExceptionDue
		var excluded bool
		d.must(d.db.sql.Get(&excluded, `SELECT strpos($1, '''' || $2 || '''') > 0`, predicate, string(s)))
		if excluded != over {
			t.Errorf("%s: in the index %v, under review %v", s, !excluded, !over)
		}
	}
}

func TestEveryStatusOutcomeKindAndRouteOfTheDomainIsKnown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, m := range review.Moves() {
		for _, kind := range []review.Kind{review.New, review.Existing} {
			if m.To == "" || m.Kind != "" && m.Kind != kind {
				continue
			}
			c := d.step(newCase(), handlerA, review.Register, review.Details{Opening: d.opening(handlerA, review.Department, "办法")})
			c.Case.Kind, c.Case.Status, c.Event.To = kind, m.To, m.To
			c.Imported = true
			if _, err := d.db.Save(d.ctx, c); err != nil {
				t.Errorf("%s %s: %v", kind, m.To, err)
			}
		}
	}
}

func TestWhatTheDatabaseRefusesIsARefusal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, tt := range []struct {
		name  string
		spoil func(*review.Record)
		want  review.Code
	}{
		{"a unit that is not there", func(r *review.Record) { r.Case.Unit = "nowhere" }, review.Invalid},
		{"a regulator that is not there", func(r *review.Record) { r.Case.Regulator = "nowhere" }, review.Invalid},
		{"a status that is not one", func(r *review.Record) { r.Case.Status = "LIMBO" }, review.Invalid},
		{"a status of the other kind", func(r *review.Record) { r.Case.Status = review.Kept }, review.Invalid},
		{"no title", func(r *review.Record) { r.Case.Measure.Title = "" }, review.Missing},
		{"NUL in the title", func(r *review.Record) { r.Case.Measure.Title = "a\x00b" }, review.BadCharacters},
		{"NUL deep in the action", func(r *review.Record) { r.Event.Action.Reason = "\x00" }, review.BadCharacters},
		{"an id that is no case's", func(r *review.Record) { r.Case.ID, r.Event.Case = "x", "x" }, review.Invalid},
		{"an event of another case", func(r *review.Record) { r.Event.Case = newCase().ID }, review.Invalid},
		{"a text that nobody stored", func(r *review.Record) { r.Event.Action.Text = &review.Text{Hash: sha("?")} }, review.Missing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := d.step(newCase(), handlerA, review.Register, review.Details{Opening: d.opening(handlerA, review.Department, "办法")})
			tt.spoil(&r)
			_, err := d.db.Save(d.ctx, r)
			if got := review.CodeOf(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
	written := d.register(handlerA, review.Department, `the letters \u0000 are no NUL`)
	if got, err := d.db.Case(d.ctx, written.ID, viewA); err != nil || got.Measure.Title != `the letters \u0000 are no NUL` {
		t.Errorf("%q, %v", got.Measure.Title, err)
	}
	if n := len(d.cases(CaseFilter{Viewer: viewBureau})); n != 1 {
		t.Errorf("%d cases, want the one that was not refused", n)
	}
}

func TestARequestHasOneEvent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.register(handlerA, review.Department, "办法")
	r := d.step(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	r.Request.ID = c.ID + "/1"
	_, err := d.db.Save(d.ctx, r)
	d.refused(err, review.KeyReused)

	got, found, err := d.db.Receipt(d.ctx, c.ID+"/1")
	d.must(err)
	want := review.Receipt{Case: c.ID, Number: c.Number, Version: 1, Status: review.Drafting, Digest: "digest"}
	if diff := cmp.Diff(want, got); diff != "" || !found {
		t.Error(found, diff)
	}
	if _, found, err := d.db.Receipt(d.ctx, "unheard of"); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestAPeriodEndsByTheCalendarOfItsSave(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.on("2026-02-13")
	c := d.register(handlerA, review.Government, "办法")
	r := d.step(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	r.Case.Clock = &review.Clock{Days: 7, From: d.db.now(), Version: 2}
	a, err := d.db.Save(d.ctx, r)
	d.must(err)
	if a.Clock == nil || !a.Clock.Due.Equal(review.Date("2026-03-02").End()) || a.Clock.Provisional {
		t.Fatalf("clock %+v", a.Clock)
	}
	// The calendar changes; what was assigned does not.
	_, err = d.db.sql.Exec(`INSERT INTO calendar_days (day, working) VALUES ('2026-02-26', false)`)
	d.must(err)
	again, err := d.db.Save(d.ctx, r)
	d.must(err)
	if diff := cmp.Diff(a, again); diff != "" {
		t.Error(diff)
	}
	tasks, err := d.db.Tasks(d.ctx, viewA, []Membership{{Unit: "housing", Role: review.Handler}})
	d.must(err)
	if len(tasks) != 1 || tasks[0].Due == nil || !tasks[0].Due.Equal(a.Clock.Due) || tasks[0].What != review.SelfReview || tasks[0].Role != review.Handler {
		t.Errorf("tasks %+v", tasks)
	}
}

func TestTheLoadedCalendar(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	cal, err := d.db.Calendar(d.ctx)
	d.must(err)
	for _, tt := range []struct {
		start review.Date
		days  int
		end   review.Date
	}{
		{"2024-02-08", 3, "2024-02-19"}, {"2024-09-13", 7, "2024-09-25"}, {"2025-01-24", 7, "2025-02-10"},
		{"2025-04-30", 3, "2025-05-08"}, {"2025-09-26", 7, "2025-10-13"}, {"2025-09-30", 5, "2025-10-14"},
		{"2026-02-13", 7, "2026-03-02"}, {"2026-02-27", 1, "2026-02-28"}, {"2026-04-30", 3, "2026-05-08"},
		{"2026-09-18", 7, "2026-09-29"}, {"2026-09-30", 7, "2026-10-15"},
	} {
		due, provisional := cal.Due(tt.start.End().Add(-time.Hour), tt.days)
		if !due.Equal(tt.end.End()) || provisional {
			t.Errorf("%s + %d = %s, %v; want the end of %s", tt.start, tt.days, review.In(due), provisional, tt.end)
		}
	}
	if _, provisional := cal.Due(review.Date("2026-12-24").End().Add(-time.Hour), 7); !provisional {
		t.Error("2027 is not loaded")
	}
	working := map[int]int{}
	for day := review.Date("2024-01-01"); day < "2027-01-01"; day = day.AddDays(1) {
		if w, loaded := cal.Working(day); w && loaded {
			working[day.End().Add(-time.Hour).Year()]++
		}
	}
	if diff := cmp.Diff(map[int]int{2024: 251, 2025: 248, 2026: 248}, working); diff != "" {
		t.Error(diff)
	}
	_, err = d.db.sql.Exec(`INSERT INTO calendar_years (year, source) VALUES (2027, 'a test')`)
	d.must(err)
	if cal, err = d.db.Calendar(d.ctx); err != nil || !cal.Years[2027] {
		t.Errorf("a year that was just loaded is not there: %v", err)
	}
}

func TestAnAmendmentNeedsItsNewDocumentIssued(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	opening := d.opening(handlerA, review.Department, "旧办法")
	opening.Kind, opening.Measure.DocNo, opening.Measure.IssuedOn = review.Existing, "建〔2019〕3号", "2019-05-01"
	c := d.act(newCase(), handlerA, review.Inventory, review.Details{Opening: opening})
	c.Status = review.ToRevise // how it came here is the domain's matter
	amending := d.toSign(d.register(handlerA, review.Department, "新办法"))
	r := d.step(c, handlerA, review.RegisterAmendment, review.Details{Linked: amending.ID, Issue: &review.Issue{DocNo: "建〔2026〕9号", On: "2026-03-01"}})
	_, err := d.db.Save(d.ctx, r)
	d.refused(err, review.LinkedNotIssued)
	gone := r
	gone.Event.Action.Linked = newCase().ID
	_, err = d.db.Save(d.ctx, gone)
	d.refused(err, review.LinkedNotIssued)
	d.issue(d.pass(amending))
	a, err := d.db.Save(d.ctx, r)
	d.must(err)
	if again, err := d.db.Save(d.ctx, r); err != nil || again.Number != a.Number {
		t.Errorf("%v, %v", again, err)
	}
}

func TestEventsAreForGood(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.register(handlerA, review.Department, "办法")
	for _, statement := range []string{
		`UPDATE events SET person = 'somebody'`,
		`UPDATE events SET person = 'nobody' WHERE false`,
		`DELETE FROM events`,
		`TRUNCATE events CASCADE`,
	} {
		_, err := d.db.sql.Exec(statement)
		if e, ok := errors.AsType[*pq.Error](err); !ok || e.Code.Name() != "insufficient_privilege" {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func BenchmarkSave(b *testing.B) {
	d := newDesk(b)
	c := d.register(handlerA, review.Department, "办法")
	c = d.act(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	check := review.Details{Checklist: &review.Checklist{Standards: standards, TextHash: c.Text.Hash, Clear: allClear}}
	for b.Loop() {
		if c.Status == review.SelfReview {
			c = d.act(c, handlerA, review.SendCheck, check)
		} else {
			c = d.act(c, checkerA, review.SendBack, review.Details{Reason: "再改"})
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "saves/s")
}

// BenchmarkSaveWholeCase is the mix of a department case: one opening, four acts, one of which counts.
func BenchmarkSaveWholeCase(b *testing.B) {
	d := newDesk(b)
	for b.Loop() {
		d.issued("办法")
	}
	b.ReportMetric(float64(6*b.N)/b.Elapsed().Seconds(), "saves/s")
}

// BenchmarkInsert is the floor: one small row, committed.
func BenchmarkInsert(b *testing.B) {
	d := newDesk(b)
	stmt, err := d.db.stmt(d.ctx, `INSERT INTO requests (person, key, digest, created_at) VALUES ('p', $1, 'd', $2)`)
	d.must(err)
	for n := 0; b.Loop(); n++ {
		_, err := stmt.Exec(n, d.now)
		d.must(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "inserts/s")
}
