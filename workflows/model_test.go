package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows/internal/lives"
)

// Random acts, most of them out of turn, stale or at an odd hour: what the workflow records is what review.Apply says,
// act by act, with the ends of periods in between.
func TestAgainstApply(t *testing.T) {
	all := [][]review.Action{lives.DepartmentPass(), lives.DepartmentAmend(), lives.GovernmentAmend(), lives.CorrectionAsked(2),
		lives.ExceptionIssued(), lives.ExistingKept(), lives.Withdrawn(),
		append(lives.Submitted(), lives.Act(lives.Officer, review.Suspend, review.Details{Reason: "重新听取意见", Days: 1}))}
	var pool []review.Action
	for _, life := range all {
		pool = append(pool, life...)
	}
	rapid.Check(t, func(t *rapid.T) {
		life := all[rapid.IntRange(0, len(all)-1).Draw(t, "life")]
		script := steps(life[:rapid.IntRange(1, len(life)).Draw(t, "prefix")])
		for range rapid.IntRange(0, 12).Draw(t, "more") {
			s := say{after: time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour, act: pool[rapid.IntRange(0, len(pool)-1).Draw(t, "act")]}
			if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
				s.seen = 1
			}
			script = append(script, s)
		}
		c := playUntil(t, lives.NewKeeper(2026), opened.AddDate(4, 0, 0), script...)
		model := model{keeper: lives.NewKeeper(2026), c: review.Case{ID: caseID}}
		for i, a := range c.answers {
			model.timer(t, a.at)
			seen := script[i].seen
			if seen == 0 {
				seen = model.c.Version
			}
			_, err := model.do(lives.At(script[i].act, seen, a.at), a.at)
			if want, got := review.CodeOf(err), c.codes()[i]; want != got {
				t.Fatalf("act %d (%s): refused %q, Apply says %q", i, script[i].act.Kind, got, want)
			}
		}
		model.timer(t, c.until)
		var got []review.Event
		for _, r := range c.keeper.Records(caseID) {
			got = append(got, r.Event)
		}
		if diff := cmp.Diff(model.events, got); diff != "" {
			t.Fatalf("events (-Apply +workflow):\n%s", diff)
		}
		if diff := cmp.Diff(model.c, c.keeper.Last(caseID)); diff != "" {
			t.Fatalf("case (-Apply +workflow):\n%s", diff)
		}
	})
}

// model is the case without any workflow: Apply, the keeper, and periods that end when the next act looks.
type model struct {
	keeper *lives.Keeper
	c      review.Case
	events []review.Event
}

func (m *model) do(a review.Action, now time.Time) (review.Event, error) {
	next, e, err := review.Apply(m.c, a, now)
	if err != nil {
		return e, err
	}
	got, err := m.keeper.Save(context.Background(), review.Record{Case: next, Event: e})
	next.Number = got.Number
	if next.Clock != nil {
		next.Clock = got.Clock
	}
	m.c, m.events = next, append(m.events, e)
	return e, err
}

func (m *model) timer(t *rapid.T, until time.Time) {
	acts := map[review.Status]review.ActionKind{review.CorrectionAsked: review.ReturnOverdue, review.Suspended: review.ReturnOverdue,
		review.JointReview: review.JointDue, review.ExpertReview: review.PanelDue,
		review.IssuedException: review.ExceptionEnds, review.KeptException: review.ExceptionEnds}
	k := m.c.Clock
	if k == nil || k.Past || k.Provisional || k.Due.After(until) || acts[m.c.Status] == "" {
		return
	}
	a := review.Action{Kind: acts[m.c.Status], Actor: review.Actor{Role: review.Timer}, Seen: m.c.Version}
	if _, err := m.do(a, k.Due); err != nil {
		t.Fatalf("%s at %s: %v", a.Kind, k.Due, err)
	}
}
