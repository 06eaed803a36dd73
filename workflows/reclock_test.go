package workflows

import (
	"errors"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/fairreview/fairreview/activities"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows/internal/lives"
)

// reclocked is how an update of the calendar went.
type reclocked struct {
	receipt review.Receipt
	code    review.Code
	refused bool
}

// reclockAt plays the life and asks for new ends of its periods after a time; seen 0 is the version last saved.
func reclockAt(t *testing.T, k *lives.Keeper, life []review.Action, after time.Duration, seen int) (*chain, *reclocked) {
	t.Helper()
	var got reclocked
	c := &chain{t: t, keeper: k, script: steps(life), now: opened, until: opened.AddDate(1, 0, 0), input: Input{Case: review.Case{ID: caseID}}}
	c.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		if c.runs > 1 {
			return
		}
		env.RegisterDelayedCallback(func() {
			at := seen
			if at == 0 {
				at = k.Last(caseID).Version
			}
			codeOf := func(err error) review.Code {
				var app *temporal.ApplicationError
				if errors.As(err, &app) {
					return review.Code(app.Type())
				}
				return ""
			}
			env.UpdateWorkflow(reclockName, "reclock", &testsuite.TestUpdateCallback{
				OnAccept: func() {},
				OnReject: func(err error) { got = reclocked{code: codeOf(err), refused: true} },
				OnComplete: func(v any, err error) {
					got.code = codeOf(err)
					got.receipt, _ = v.(review.Receipt)
				},
			}, at)
		}, after)
	}
	c.run()
	return c, &got
}

// The calendar of the year arrives while a correction waits: its provisional end becomes one that ends something.
func TestAProvisionalPeriodEndsWhenItsYearHasArrived(t *testing.T) {
	t.Parallel()
	k := lives.NewKeeper(2025)
	k.Fail = func(_ int, r review.Record) error {
		if r.Event.Action.Kind == review.Reclock {
			k.Calendar.Years[2026] = true
		}
		return nil
	}
	life := lives.CorrectionAsked(5)
	c, got := reclockAt(t, k, life, 2*day, 0)
	c.done(review.Returned)
	if got.code != "" || got.receipt.Version != len(life)+1 || got.receipt.Status != review.CorrectionAsked {
		t.Errorf("answered %+v", got)
	}
	if e := c.event(review.Reclock); e.Action.Actor.Role != review.Timer || e.To != review.CorrectionAsked {
		t.Errorf("recorded as %+v", e)
	}
	if e := c.event(review.ReturnOverdue); e.At.Before(endOf("2026-03-09")) || e.At.After(endOf("2026-03-09").Add(time.Minute)) {
		t.Errorf("returned at %s", e.At)
	}
}

// A day off is announced while the period runs: the old timer ends nothing.
func TestATimerFollowsTheCalendar(t *testing.T) {
	t.Parallel()
	k := lives.NewKeeper(2026)
	k.Calendar.Days = map[review.Date]bool{}
	k.Fail = func(_ int, r review.Record) error {
		if r.Event.Action.Kind == review.Reclock {
			k.Calendar.Days["2026-03-09"], k.Calendar.Days["2026-03-10"] = false, false
		}
		return nil
	}
	c, _ := reclockAt(t, k, lives.CorrectionAsked(5), 2*day, 0)
	c.done(review.Returned)
	if e := c.event(review.ReturnOverdue); e.At.Before(endOf("2026-03-11")) {
		t.Errorf("returned at %s, by the timer of before", e.At)
	}
	if c.timers != 0 {
		t.Errorf("%d timers left running", c.timers)
	}
}

func TestAReclockThatIsRefusedLeavesNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		life []review.Action
		seen int
		want review.Code
	}{
		{"somebody acted since", lives.CorrectionAsked(5), 3, review.Conflict},
		{"no period of working days runs", lives.DepartmentPass()[:2], 0, review.NotYourTurn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, got := reclockAt(t, lives.NewKeeper(2025), tt.life, 2*day, tt.seen)
			if !got.refused || got.code != tt.want {
				t.Errorf("%+v, want %s by the validator", got, tt.want)
			}
			if n := c.keeper.Last(caseID).Version; n != len(tt.life) {
				t.Errorf("recorded: %v", c.events())
			}
		})
	}
}

// Two processes ask at once; the second finds the case moved on.
func TestTwoReclocksAreOne(t *testing.T) {
	t.Parallel()
	k := lives.NewKeeper(2026)
	life := lives.CorrectionAsked(5)
	var codes []string
	c := &chain{t: t, keeper: k, script: steps(life), now: opened, until: opened.Add(3 * day), input: Input{Case: review.Case{ID: caseID}}}
	c.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			for _, id := range []string{"a", "b"} {
				note := func(err error) {
					var app *temporal.ApplicationError
					if errors.As(err, &app) {
						codes = append(codes, app.Type())
					} else {
						codes = append(codes, "done")
					}
				}
				env.UpdateWorkflow(reclockName, id, &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: note,
					OnComplete: func(_ any, err error) { note(err) }}, len(life))
			}
		}, 2*day)
	}
	c.run()
	if n := k.Last(caseID).Version; n != len(life)+1 || len(codes) != 2 {
		t.Errorf("recorded %v, answered %v", c.events(), codes)
	}
}

func TestReclockErrors(t *testing.T) {
	refusal := crossed(t, activities.Refusal(review.Refuse(review.Conflict)))
	for _, tt := range []struct {
		name string
		e    engine
		want review.Code
	}{
		{"done", engine{receipt: review.Receipt{Version: 3}}, ""},
		{"the case moved on", engine{accept: refusal}, review.Conflict},
		{"the case moved on while it waited", engine{result: refusal}, review.Conflict},
		{"nothing runs", engine{accept: serviceerror.NewNotFound("workflow not found")}, review.NotFound},
		{"the case is closed", engine{accept: serviceerror.NewNotFound("already completed"), status: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED}, review.AlreadyDone},
		{"Temporal is away", engine{accept: serviceerror.NewUnavailable("away")}, review.Unavailable},
		{"accepted, and then it went away", engine{result: serviceerror.NewUnavailable("away")}, review.UnderWay},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := (&Client{Temporal: &tt.e}).Reclock(t.Context(), caseID, 2)
			if review.CodeOf(err) != tt.want || err == nil && got != tt.e.receipt {
				t.Errorf("%+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}
