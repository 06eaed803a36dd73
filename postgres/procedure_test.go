package postgres

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fairreview/fairreview/review"
)

func TestTheRegulatorsOwnPeriodIsAssignedOnceAndShownAsDue(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.on("2026-02-13")
	c := d.register(handlerA, review.Government, "办法")
	r := d.step(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	r.Case.Review = &review.Meter{Days: 7, Spans: []review.Span{{From: d.db.now()}}, Version: 2}
	a, err := d.db.Save(d.ctx, r)
	d.must(err)
	if a.Review == nil || !a.Review.Due.Equal(review.Date("2026-03-02").End()) || a.Review.Provisional {
		t.Fatalf("meter %+v", a.Review)
	}
	if a.Clock != nil {
		t.Errorf("a clock that nobody started: %+v", a.Clock)
	}
	// The calendar changes; what was assigned does not.
	_, err = d.db.sql.Exec(`INSERT INTO calendar_days (day, working) VALUES ('2026-02-26', false)`)
	d.must(err)
	again, err := d.db.Save(d.ctx, r)
	d.must(err)
	if diff := cmp.Diff(a, again); diff != "" {
		t.Error(diff)
	}
	var due time.Time
	d.must(d.db.sql.Get(&due, `SELECT due FROM cases WHERE id = $1`, c.ID))
	if !due.Equal(a.Review.Due) {
		t.Errorf("listed as due %s", due)
	}
	// Standing still, it is due at no time; going on, what was used is taken off.
	r.Case.Assign(a)
	c = r.Case
	d.on("2026-02-26")
	stop := d.step(c, handlerA, review.SendCheck, review.Details{Checklist: &review.Checklist{Standards: standards, TextHash: c.Text.Hash, Clear: allClear}})
	stop.Case.Review = &review.Meter{Days: 7, Spans: []review.Span{{From: c.Review.Spans[0].From, To: d.db.now()}}, Version: 2}
	a, err = d.db.Save(d.ctx, stop)
	d.must(err)
	if !a.Review.Due.IsZero() {
		t.Errorf("due while it stands still: %s", a.Review.Due)
	}
	var none *time.Time
	d.must(d.db.sql.Get(&none, `SELECT due FROM cases WHERE id = $1`, c.ID))
	if none != nil {
		t.Errorf("listed as due %s while it stands still", none)
	}
}

func TestAnExceptionIsCarriedOnOnlyByACaseOpenedForItAndConcludedInTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	old := d.issued("例外的办法")
	next := func(extends string) review.Case {
		o := d.opening(handlerA, review.Department, "接续的办法")
		o.Extends = extends
		c := d.act(newCase(), handlerA, review.Register, review.Details{Opening: o})
		return d.pass(d.toSign(c))
	}
	until := func(day review.Date) review.Case {
		return review.Case{ID: old.ID, Sunset: &review.Sunset{Until: day}}
	}
	good := next(old.ID)
	for _, tt := range []struct {
		name string
		id   string
		c    review.Case
		want bool
	}{
		{"not issued yet", good.ID, until("2026-12-31"), false},
		{"a case that never was", uuid.NewString(), until("2026-12-31"), false},
		{"no id at all", "x", until("2026-12-31"), false},
	} {
		got, err := d.db.extends(d.ctx, tt.id, tt.c)
		d.must(err)
		if got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	good = d.issue(good)
	stranger := d.issue(next(""))
	for _, tt := range []struct {
		name string
		id   string
		c    review.Case
		want bool
	}{
		{"issued, concluded before the end", good.ID, until("2026-12-31"), true},
		{"concluded on the last day", good.ID, until(good.Conclusion.SignedOn), true},
		{"concluded the day after the end", good.ID, until(good.Conclusion.SignedOn.AddDays(-1)), false},
		{"an exception that ends by a condition", good.ID, until(""), true},
		{"a case opened for something else", stranger.ID, until("2026-12-31"), false},
	} {
		got, err := d.db.extends(d.ctx, tt.id, tt.c)
		d.must(err)
		if got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestANewVersionOfTheLocalRulesIsForCasesThatOpenLater(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	rules := d.rules
	if rules.Version != "2026.2" || rules.ReviewDays != 10 || rules.EvaluateMonths != 12 || rules.UrgeHours != 24 {
		t.Errorf("rules of a new database: %+v", rules)
	}
	d.must(rules.Valid())
	before := d.register(handlerA, review.Department, "早")
	rules.Version, rules.ReviewDays = "2027.1", 5
	d.must(d.db.AddRules(d.ctx, rules, "市公平竞争审查工作规则（试行）"))
	d.refused(d.db.AddRules(d.ctx, rules, "又一次"), review.Invalid)
	got, err := d.db.Rules(d.ctx)
	d.must(err)
	if diff := cmp.Diff(rules, got); diff != "" {
		t.Error(diff)
	}
	versions, err := d.db.RulesVersions(d.ctx)
	d.must(err)
	if len(versions) != 3 || versions[0].Version != "2027.1" || versions[0].Source != "市公平竞争审查工作规则（试行）" {
		t.Errorf("versions %+v", versions)
	}
	kept, err := d.db.Case(d.ctx, before.ID, viewA)
	d.must(err)
	if kept.Rules.Version != "2026.2" {
		t.Errorf("an open case now follows %s", kept.Rules.Version)
	}
}
