package workflows

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows/internal/lives"
)

// Random acts, most of them out of turn, stale or at an odd hour: what the workflow records is what review.Apply says,
// act by act, with the ends of periods in between. A timer of a closed round that fired into the next would be a record
// that Apply does not know of.
func TestAgainstApply(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lives  [][]review.Action
		more   []review.Action
		rounds bool // lives are lived whole, and only then comes what is random
	}{
		{"first revision", [][]review.Action{lives.DepartmentPass(), lives.DepartmentAmend(), lives.GovernmentAmend(), lives.CorrectionAsked(2),
			lives.ExceptionIssued(), lives.ExistingKept(), lives.Withdrawn(),
			append(lives.Submitted(), lives.Act(lives.Officer, review.Suspend, review.Details{Reason: "重新听取意见", Days: 1}))}, nil, false},
		{"second revision", [][]review.Action{today.DepartmentPass(), today.DepartmentAmend(), today.GovernmentAmend(), today.CorrectionAsked(2), today.Undone(),
			today.ExceptionIssued(), today.ExistingKept(), today.ExistingByException(),
			append(today.Submitted(), lives.Act(lives.Officer, review.Suspend, review.Details{Reason: "重新听取意见", Days: 1}))},
			append(back(), sunset()...), false},
		{"rounds", [][]review.Action{today.CorrectionAsked(2), today.Accepted(), today.Convened(1), today.Panelled()}, back(), true},
		{"exceptions", [][]review.Action{today.ExceptionIssued(), today.ExistingByException()}, sunset(), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := slices.Clone(tt.more)
			if !tt.rounds {
				pool = slices.Concat(append(tt.lives, pool)...)
			}
			rapid.Check(t, func(t *rapid.T) {
				life := tt.lives[rapid.IntRange(0, len(tt.lives)-1).Draw(t, "life")]
				if !tt.rounds {
					life = life[:rapid.IntRange(1, len(life)).Draw(t, "prefix")]
				}
				againstApply(t, life, pool)
			})
		})
	}
}

// back are acts that send a packet to and fro, take things back, and start and end periods.
func back() []review.Action {
	recall := lives.Act(lives.Handler, review.Recall, review.Details{})
	return []review.Action{lives.AskCorrection(1), lives.AskCorrection(3), lives.Correct("1"), lives.Correct("2"), lives.Undo(lives.Officer), lives.Undo(lives.Officer),
		lives.Undo(lives.Handler), lives.Undo(lives.Handler), lives.Urge(lives.Officer), lives.Submit(), lives.Submit(), recall,
		lives.Act(lives.Officer, review.Accept, review.Details{}),
		lives.Act(lives.Officer, review.Suspend, review.Details{Reason: "重新听取意见", Days: 2}),
		lives.Act(lives.Officer, review.Suspend, review.Details{Reason: "重新听取意见"}),
		lives.Act(lives.Handler, review.Resume, review.Details{Heard: lives.HeardToday()}),
		lives.Act(lives.Handler, review.AskRecall, review.Details{Reason: "内容需要调整"}),
		lives.Act(lives.Officer, review.AgreeRecall, review.Details{}),
		lives.Act(lives.Handler, review.Reopen, review.Details{Reason: "重新修改"}),
		lives.Convened(1)[7], lives.Act(lives.Officer, review.CloseJoint, review.Details{})}
}

// sunset are acts around an exception.
func sunset() []review.Action {
	return []review.Action{lives.Evaluate(), lives.Evaluate(), lives.Extend(), lives.ConditionMet(), lives.Stop(), lives.Urge(lives.Handler)}
}

// loading is a keeper whose calendar has the year from the start, or gets it with the first reclock.
func loading(year int) *lives.Keeper {
	k := lives.NewKeeper(year)
	k.Fail = func(_ int, r review.Record) error {
		if r.Event.Action.Kind == review.Reclock {
			k.Calendar.Years[2026] = true
		}
		return nil
	}
	return k
}

func againstApply(t *rapid.T, life, pool []review.Action) {
	script := steps(life)
	year := rapid.IntRange(2025, 2026).Draw(t, "year")
	for range rapid.IntRange(0, 24).Draw(t, "more") {
		s := say{after: time.Minute, act: pool[rapid.IntRange(0, len(pool)-1).Draw(t, "act")]}
		switch rapid.IntRange(0, 19).Draw(t, "when") {
		case 0, 1, 2, 3, 4:
			s.after = time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour
		case 5:
			s.after = time.Duration(rapid.IntRange(5, 400).Draw(t, "days")) * day
		case 6:
			s.act, s.reclock = review.Action{Kind: review.Reclock, Actor: review.Actor{Role: review.Timer}}, true
		}
		if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
			s.seen = 1
		}
		script = append(script, s)
	}
	c := playUntil(t, loading(year), opened.AddDate(4, 0, 0), script...)
	model := model{keeper: loading(year), c: review.Case{ID: caseID}}
	var got []review.Event
	for _, r := range c.keeper.Records(caseID) {
		got = append(got, r.Event)
	}
	for i, a := range c.answers {
		model.timer(t, a.at, got)
		seen := script[i].seen
		if seen == 0 {
			seen = model.c.Version
		}
		_, err := model.do(lives.At(script[i].act, seen, a.at), a.at)
		if want, got := review.CodeOf(err), c.codes()[i]; want != got {
			t.Fatalf("act %d (%s): refused %q, Apply says %q", i, script[i].act.Kind, got, want)
		}
	}
	model.timer(t, c.until, got)
	c.once()
	if diff := cmp.Diff(model.events, got); diff != "" {
		t.Fatalf("events (-Apply +workflow):\n%s", diff)
	}
	if diff := cmp.Diff(model.c, c.keeper.Last(caseID)); diff != "" {
		t.Fatalf("case (-Apply +workflow):\n%s", diff)
	}
	if c.timers != 0 {
		t.Errorf("%d timers left running", c.timers)
	}
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
	next.Assign(got)
	m.c, m.events = next, append(m.events, e)
	return e, err
}

// timer does what time has done to the case by then. What was over before it could be known, by a calendar that came late, is
// done at once: when exactly, the workflow's own record says.
func (m *model) timer(t *rapid.T, until time.Time, got []review.Event) {
	for {
		due := review.Checkpoints(m.c)
		if len(due) == 0 || due[0].At.After(until) {
			return
		}
		at, n := due[0].At, len(m.events)
		if last := m.events[n-1].At; at.Before(last) && n < len(got) && got[n].At.Sub(last) < time.Second {
			at = got[n].At
		}
		a := review.Action{Kind: due[0].Act, Actor: review.Actor{Role: review.Timer}, Seen: m.c.Version}
		if _, err := m.do(a, at); err != nil {
			t.Fatalf("%s at %s: %v", a.Kind, at, err)
		}
	}
}
