package postgres

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fairreview/fairreview/review"
)

func (d *desk) counts(f CountFilter) Counts {
	d.Helper()
	c, err := d.db.Counts(d.ctx, f)
	d.must(err)
	return c
}

func TestALaterOutcomeLeavesThePastAsItWas(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.on("2025-12-30")
	c := d.pass(d.toSign(d.register(handlerA, review.Department, "办法")))
	year2025 := CountFilter{From: "2025-01-01", To: "2025-12-31"}
	before := d.counts(year2025)
	if before.Kept != 1 || before.Reviewed != 1 || before.InProgress != 0 || !before.MadeUp {
		t.Fatalf("2025: %+v", before)
	}
	d.on("2026-01-05")
	asOf := d.db.now()
	c = d.act(c, handlerA, review.MaterialChange, review.Details{Reason: "内容有重大变化", Material: true, Text: ref(d.put(handlerA, "第一条 全新内容。"))})
	c = d.signAgain(c)
	d.on("2026-01-20")
	breach := review.Finding{Clause: "第一条", Item: "IMP-9-1", Effect: "限制进入", Change: "删去"}
	c = d.act(c, headA, review.ConcludeFail, review.Details{Conclusion: &review.Conclusion{Result: review.Fails, TextHash: c.Text.Hash, Standards: standards,
		Written: d.put(headA, "结论二").Hash, HowHeard: "已听取", DocNo: "建〔2026〕5号", Findings: []review.Finding{breach}}})
	d.act(c, headA, review.GiveUp, review.Details{Reason: "不再出台"})

	if diff := cmp.Diff(before, d.counts(year2025)); diff != "" {
		t.Errorf("2025 moved: %s", diff)
	}
	if got := d.counts(CountFilter{From: "2026-01-01", To: "2026-12-31"}); got.Repealed != 1 || got.Kept != 0 || got.Reviewed != 1 {
		t.Errorf("2026: %+v", got)
	}
	// Over both years the case counts once, by its last outcome.
	if got := d.counts(CountFilter{From: "2025-01-01", To: "2026-12-31"}); got.Repealed != 1 || got.Reviewed != 1 {
		t.Errorf("both: %+v", got)
	}
	if got := d.counts(CountFilter{From: "2025-01-01", To: "2026-12-31", AsOf: &asOf}); got.Kept != 1 || got.Reviewed != 1 {
		t.Errorf("both, as known then: %+v", got)
	}
}

func TestAnImportedRecordWithoutADayIsListedAndInNoPeriod(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	record := func(title string, counted *time.Time) review.Record {
		r := d.step(newCase(), handlerA, review.Register, review.Details{Opening: d.opening(handlerA, review.Department, title)})
		r.Imported, r.Case.Status, r.Event.To = true, review.Issued, review.Issued
		r.Case.Outcome, r.Event.Outcome, r.Case.Counted = review.Keep, review.Keep, counted
		return r
	}
	_, err := d.db.Save(d.ctx, record("无日期", nil))
	d.must(err)
	_, err = d.db.Save(d.ctx, record("有日期", ref(review.Date("2023-06-01").End().Add(-time.Hour))))
	d.must(err)
	rows := d.cases(CaseFilter{Viewer: viewBureau})
	if len(rows) != 2 || rows[1].Outcome != review.Keep || rows[1].OutcomeOn != "" || !rows[1].Imported {
		t.Errorf("%+v", rows)
	}
	for _, f := range []CountFilter{{}, {From: "2023-01-01", To: "2023-12-31"}, {To: "2023-05-31"}, {From: "2026-01-01"}} {
		want := Counts{From: f.From, To: f.To, MadeUp: true}
		if f == (CountFilter{}) || f.From == "2023-01-01" {
			want.Reviewed, want.Kept, want.New.Kept = 1, 1, 1
		}
		if diff := cmp.Diff(want, d.counts(f)); diff != "" {
			t.Errorf("%+v: %s", f, diff)
		}
		if got := len(d.cases(CaseFilter{Viewer: viewBureau, Group: GroupReviewed, From: f.From, To: f.To})); got != want.Reviewed {
			t.Errorf("%+v: %d listed", f, got)
		}
	}
}

// modelled is a case as the model knows it: what it is and when it was counted as what.
type modelled struct {
	unit   string
	route  review.Route
	kind   review.Kind
	opened time.Time
	past   []struct {
		outcome review.Outcome
		at      time.Time
	}
}

// TestCountersAreTheRows opens and counts cases at random, over three years, and compares every figure with a model
// that goes through all cases, and with the list behind it.
func TestCountersAreTheRows(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var all []*modelled
	rapid.Check(t, func(rt *rapid.T) {
		day := rapid.IntRange(0, 1000)
		for range rapid.IntRange(1, 4).Draw(rt, "cases") {
			all = append(all, d.live(rt, day))
		}
		for range 3 {
			f := CountFilter{
				Unit:  rapid.SampledFrom([]string{"", "", "housing", "transport", "nowhere"}).Draw(rt, "unit"),
				Route: rapid.SampledFrom([]review.Route{"", "", review.Department, review.Government}).Draw(rt, "route"),
				Kind:  rapid.SampledFrom([]review.Kind{"", "", review.New, review.Existing}).Draw(rt, "kind"),
				From:  rapid.SampledFrom([]review.Date{"", "2024-01-01", "2025-01-01", "2025-07-01"}).Draw(rt, "from"),
				To:    rapid.SampledFrom([]review.Date{"", "2025-07-01", "2025-12-31", "2026-12-31"}).Draw(rt, "to"),
			}
			if rapid.Bool().Draw(rt, "as of") {
				f.AsOf = ref(start.AddDate(0, 0, day.Draw(rt, "as of day")))
			}
			// Edges are where a period goes wrong: end on the very day, or know until the very instant, of an outcome.
			m := all[rapid.IntRange(max(0, len(all)-4), len(all)-1).Draw(rt, "of case")]
			if n := len(m.past); n > 0 && rapid.Bool().Draw(rt, "to the day") {
				at := m.past[rapid.IntRange(0, n-1).Draw(rt, "which")].at
				if day := review.DateOf(at); day >= f.From {
					f.To = day
				}
				if f.AsOf != nil {
					f.AsOf = &at
				}
			}
			d.compare(rt, all, f)
		}
	})
}

var start = time.Date(2024, 1, 1, 2, 0, 0, 0, time.UTC)

// live opens a case on a random day and counts it up to three times later.
func (d *desk) live(rt *rapid.T, day *rapid.Generator[int]) *modelled {
	m := &modelled{
		unit:   rapid.SampledFrom([]string{"housing", "transport"}).Draw(rt, "of unit"),
		route:  rapid.SampledFrom([]review.Route{review.Department, review.Government}).Draw(rt, "of route"),
		kind:   rapid.SampledFrom([]review.Kind{review.New, review.Existing}).Draw(rt, "of kind"),
		opened: start.AddDate(0, 0, day.Draw(rt, "opened")),
	}
	status := review.Drafting
	if m.kind == review.Existing {
		status = review.Inventoried
	}
	c := review.Case{ID: newCase().ID, Version: 1, Round: 1, Kind: m.kind, Route: m.route, Unit: m.unit, Regulator: "bureau",
		Status: status, OpenedAt: m.opened, Since: m.opened, Measure: review.Measure{Title: "办法", Issuer: m.unit}}
	r := review.Record{Case: c, Event: review.Event{Case: c.ID, Version: 1, Round: 1, At: m.opened, To: status, Action: review.Action{Kind: review.Register}}}
	a, err := d.db.Save(d.ctx, r)
	if err != nil {
		rt.Fatal(err)
	}
	r.Case.Number = a.Number
	at := m.opened
	for range rapid.IntRange(0, 3).Draw(rt, "outcomes") {
		at = at.AddDate(0, 0, rapid.SampledFrom([]int{0, 0, 1, 30, 200, 400}).Draw(rt, "days later")).Add(time.Minute)
		outcome := rapid.SampledFrom(review.Outcomes()).Draw(rt, "outcome")
		r.Case.Version++
		r.Case.Outcome, r.Case.Counted = outcome, ref(at)
		r.Event = review.Event{Case: c.ID, Version: r.Case.Version, Round: 1, At: at, From: status, To: status, Outcome: outcome, Action: review.Action{Kind: review.ConcludePass}}
		if _, err := d.db.Save(d.ctx, r); err != nil {
			rt.Fatal(err)
		}
		m.past = append(m.past, struct {
			outcome review.Outcome
			at      time.Time
		}{outcome, at})
	}
	return m
}

// compare checks the figures of one filter against the model and against the lists behind them.
func (d *desk) compare(rt *rapid.T, all []*modelled, f CountFilter) {
	want := Counts{From: f.From, To: f.To}
	for _, m := range all {
		m.count(f, &want)
	}
	want.Kept, want.Amended = want.New.Kept+want.Existing.Kept, want.New.Amended+want.Existing.Amended
	want.Repealed = want.New.Repealed + want.Existing.Repealed
	want.Reviewed = want.Kept + want.Amended + want.Repealed
	got, err := d.db.Counts(d.ctx, f)
	if err != nil {
		rt.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("%+v: %s", f, diff)
	}
	for group, n := range map[string]int{GroupReviewed: got.Reviewed, GroupKept: got.Kept, GroupAmended: got.Amended, GroupRepealed: got.Repealed,
		GroupInProgress: got.InProgress, GroupWithdrawn: got.Withdrawn, GroupOutOfScope: got.OutOfScope, GroupLapsed: got.Lapsed} {
		page, err := d.db.Cases(d.ctx, CaseFilter{Viewer: viewBureau, Group: group, Unit: f.Unit, Route: string(f.Route), Kind: string(f.Kind),
			From: f.From, To: f.To, AsOf: f.AsOf, Limit: 200})
		if err != nil {
			rt.Fatal(err)
		}
		if page.Total != n || len(page.Cases) != min(n, 200) {
			rt.Fatalf("%s under %+v: %d counted, %d listed of %d", group, f, n, len(page.Cases), page.Total)
		}
	}
}

// count adds the case to the figures, by the words of the rule: once, by the last outcome that lies in the period.
func (m *modelled) count(f CountFilter, c *Counts) {
	known := func(at time.Time) bool { return f.AsOf == nil || !at.After(*f.AsOf) }
	upTo := func(at time.Time) bool { return f.To == "" || review.DateOf(at) <= f.To }
	if f.Unit != "" && f.Unit != m.unit || f.Route != "" && f.Route != m.route || f.Kind != "" && f.Kind != m.kind || !known(m.opened) {
		return
	}
	var last review.Outcome
	done := false
	for _, o := range m.past {
		if known(o.at) && upTo(o.at) {
			done = true
			if review.DateOf(o.at) >= f.From {
				last = o.outcome
			}
		}
	}
	if !done && upTo(m.opened) {
		c.InProgress++
	}
	split := &c.New
	if m.kind == review.Existing {
		split = &c.Existing
	}
	switch last {
	case review.Keep:
		split.Kept++
	case review.Amend:
		split.Amended++
	case review.Repeal:
		split.Repealed++
	case review.Withdrew:
		c.Withdrawn++
	case review.NotInScope:
		c.OutOfScope++
	case review.LapsedOutcome:
		c.Lapsed++
	}
}

func TestCountersAddUpWhenManyCountAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var ready []review.Case
	for i := range 12 {
		ready = append(ready, d.toSign(d.register(handlerA, review.Department, fmt.Sprint("办法", i))))
	}
	var records []review.Record
	for _, c := range ready {
		records = append(records, d.step(c, headA, review.ConcludePass, review.Details{Conclusion: &review.Conclusion{Result: review.Meets,
			TextHash: c.Text.Hash, Standards: standards, Written: d.put(headA, "结论 "+c.ID).Hash, HowHeard: "已听取", DocNo: "建〔2026〕1号"}}))
	}
	d.atOnce(24, func(i int) error { // every one twice
		_, err := d.db.Save(d.ctx, records[i/2])
		return err
	})
	if got := d.counts(CountFilter{}); got.Kept != 12 || got.InProgress != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAFigureOfAPeriodThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, f := range []CountFilter{{From: "2025-02-30"}, {From: "2026-01-02", To: "2026-01-01"}} {
		_, err := d.db.Counts(d.ctx, f)
		d.refused(err, review.Invalid)
	}
}
