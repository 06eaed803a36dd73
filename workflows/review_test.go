package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows/internal/lives"
)

const day = 24 * time.Hour

// endOf is 24:00 of a day in China.
func endOf(d review.Date) time.Time { return d.End() }

func TestLives(t *testing.T) {
	for _, tt := range []struct {
		name    string
		life    []review.Action
		end     review.Status
		outcome review.Outcome
		runs    int
	}{
		{"a department concludes and issues in one run", lives.DepartmentPass(), review.Issued, review.Keep, 1},
		{"a failed review goes on in a second run", lives.DepartmentAmend(), review.Issued, review.Amend, 2},
		{"joint review, panel and amendment are cut off at the conclusion", lives.GovernmentAmend(), review.Issued, review.Amend, 2},
		{"an existing measure is kept", lives.ExistingKept(), review.Kept, review.Keep, 1},
		{"withdrawn by two hands", lives.Withdrawn(), review.Withdrawn, review.Withdrew, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := play(t, lives.NewKeeper(2026), steps(tt.life)...)
			c.done(tt.end)
			if got := c.keeper.Last(caseID); got.Outcome != tt.outcome || got.Version != len(tt.life) {
				t.Errorf("outcome %s, version %d; want %s, %d", got.Outcome, got.Version, tt.outcome, len(tt.life))
			}
			if c.runs != tt.runs {
				t.Errorf("%d runs, want %d", c.runs, tt.runs)
			}
			for i, a := range c.answers {
				if a.receipt.Version != i+1 || a.receipt.Case != caseID || a.receipt.Number == "" {
					t.Errorf("receipt of act %d is %+v", i, a.receipt)
				}
			}
		})
	}
}

// Every status that is not an end has a stage.
func TestEveryStatusHasAStage(t *testing.T) {
	for _, s := range review.Statuses() {
		in := Input{Case: review.Case{ID: caseID, Version: 1, Round: 1, Status: s}}
		c := &chain{t: t, keeper: lives.NewKeeper(2026), now: opened, until: opened.Add(day), input: in}
		c.run()
		var late *temporal.TimeoutError
		if waits := errors.As(c.err, &late); waits == s.Closed() || !waits && c.err != nil {
			t.Errorf("%s: %v", s, c.err)
		}
	}
}

func TestPeriods(t *testing.T) {
	suspended := append(lives.Submitted(), lives.Act(lives.Officer, review.Suspend, review.Details{Reason: "重新听取意见", Days: 3}))
	unbounded := append(lives.Submitted(), lives.Act(lives.Officer, review.Suspend, review.Details{Reason: "重新听取意见"}))
	for _, tt := range []struct {
		name string
		life []review.Action
		at   review.Status     // where it stands long after
		by   review.ActionKind // the timer's act; "": none
		on   time.Time         // when it happened
		year int               // the calendar's
	}{
		// The case opens on Monday 2 March 2026; seven acts later it is still Monday.
		{"a missed correction returns the case", lives.CorrectionAsked(5), review.Returned, review.ReturnOverdue, endOf("2026-03-09"), 2026},
		{"a suspension with a period returns the case", suspended, review.Returned, review.ReturnOverdue, endOf("2026-03-05"), 2026},
		{"a suspension without one waits", unbounded, review.Suspended, "", time.Time{}, 2026},
		{"a joint review's period ends and the review goes on", lives.Convened(3), review.JointReview, review.JointDue, endOf("2026-03-09"), 2026},
		{"a panel's period ends and the panel goes on", lives.Panelled(), review.ExpertReview, review.PanelDue, endOf("2026-03-16"), 2026},
		{"an exception ends with its last day", lives.ExceptionIssued(), review.ExceptionDue, review.ExceptionEnds, endOf("2028-12-31"), 2026},
		{"a provisional period ends nothing", lives.CorrectionAsked(5), review.CorrectionAsked, "", time.Time{}, 2025},
		{"a provisional joint review waits", lives.Convened(3), review.JointReview, "", time.Time{}, 2025},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := playUntil(t, lives.NewKeeper(tt.year), opened.AddDate(5, 0, 0), steps(tt.life)...)
			c.done(tt.at)
			if c.timers != 0 {
				t.Errorf("%d timers left running", c.timers)
			}
			if tt.by == "" {
				if got := c.keeper.Last(caseID).Version; got != len(tt.life) {
					t.Errorf("something happened: %v", c.events())
				}
				return
			}
			if e := c.event(tt.by); e.At.Before(tt.on) || e.At.After(tt.on.Add(time.Minute)) || e.Action.Actor.Role != review.Timer {
				t.Errorf("%s by %s at %s, want at %s by the timer", tt.by, e.Action.Actor.Role, e.At, tt.on)
			}
		})
	}
}

// A period that a person was faster than ends nothing, neither in its own round nor in the next.
func TestTimerOfClosedRound(t *testing.T) {
	t.Parallel()
	note := lives.Hash("note, corrected")
	correct := lives.Act(lives.Handler, review.Correct, review.Details{Packet: &review.Packet{Documents: map[review.Slot]string{review.SlotNote: note}, NoteBasis: "上位法第三条"}})
	again := lives.CorrectionAsked(8)[6]
	script := append(steps(lives.CorrectionAsked(5)),
		say{after: 2 * day, act: correct},
		say{after: time.Hour, act: again}) // Wednesday 4 March, eight working days: to 16 March
	c := playUntil(t, lives.NewKeeper(2026), opened.AddDate(1, 0, 0), script...)
	c.done(review.Returned)
	if e := c.event(review.ReturnOverdue); e.At.Before(endOf("2026-03-16")) {
		t.Errorf("returned at %s, by the first correction's timer", e.At)
	}
	if c.timers != 0 {
		t.Errorf("%d timers left running", c.timers)
	}
}

func TestJointReviewInParallel(t *testing.T) {
	t.Parallel()
	const seats = 60
	life := lives.Convened(seats)
	var all []say
	for i := range seats - 1 {
		all = append(all, say{seen: len(life), act: lives.Act(lives.SeatHead(i), review.GivePosition, review.Details{NoObjection: true})})
	}
	late := lives.Act(lives.SeatHead(seats-1), review.GivePosition, review.Details{NoObjection: true})
	script := append(steps(life), say{after: time.Hour, at: all},
		say{after: 30 * day, act: late, seen: len(life)},
		say{after: time.Hour, act: lives.Act(lives.Officer, review.CloseJoint, review.Details{})})
	c := playUntil(t, lives.NewKeeper(2026), opened.AddDate(1, 0, 0), script...)
	c.done(review.RegReview)
	for i, s := range c.keeper.Last(caseID).Joint.Seats {
		want := review.SeatAnswered
		if i == seats-1 {
			want = review.SeatLate
		}
		if s.Status != want {
			t.Errorf("seat %d is %s, want %s", i, s.Status, want)
		}
	}
	versions := map[int]bool{}
	for _, a := range c.answers {
		versions[a.receipt.Version] = true
	}
	if len(versions) != len(c.answers) {
		t.Errorf("%d acts got %d versions", len(c.answers), len(versions))
	}
	c.event(review.JointDue)
}

// What is refused by the validator leaves nothing behind, neither a record nor an event.
func TestRefused(t *testing.T) {
	t.Parallel()
	life := lives.DepartmentPass()
	timer := review.Action{Kind: review.ReturnOverdue, Actor: review.Actor{Role: review.Timer}}
	script := append(steps(life[:2]),
		say{after: time.Hour, act: life[4]},                                                      // out of turn
		say{after: time.Hour, act: life[2], seen: -1},                                            // somebody was first
		say{after: time.Hour, act: lives.Act(lives.Officer, review.SendCheck, review.Details{})}, // no part in it
		say{after: time.Hour, act: timer},
		say{after: time.Hour, act: life[2]})
	c := playUntil(t, lives.NewKeeper(2026), opened.AddDate(1, 0, 0), script...)
	want := []review.Code{"", "", review.NotYourTurn, review.Conflict, review.NotYourRole, review.NotYourRole, ""}
	for i, got := range c.codes() {
		if got != want[i] || c.answers[i].refused != (want[i] != "") {
			t.Errorf("act %d: %q by the validator %v, want %q", i, got, c.answers[i].refused, want[i])
		}
	}
	if c.keeper.Calls() != 3 {
		t.Errorf("saved %d times, want 3", c.keeper.Calls())
	}
}

// While the record is away an accepted action waits, nothing else happens to the case, and then it is done.
func TestRecordAway(t *testing.T) {
	t.Parallel()
	k := lives.NewKeeper(2026)
	life := lives.DepartmentPass()
	away := true
	k.Fail = func(_ int, r review.Record) error {
		if away && r.Case.Version == 3 {
			return errors.New("connection refused")
		}
		return nil
	}
	script := append(steps(life[:2]),
		say{after: time.Hour, act: life[2]})
	c := &chain{t: t, keeper: k, script: script, now: opened, until: opened.Add(day), input: Input{Case: review.Case{ID: caseID}}}
	c.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			if got := k.Last(caseID).Status; got != review.SelfReview {
				t.Errorf("unsaved, the case stands at %s", got)
			}
			if c.answers[2].receipt.Version != 0 {
				t.Error("answered before it was saved")
			}
			away = false
		}, 2*time.Hour+10*time.Minute)
	}
	c.run()
	c.done(review.UnitCheck)
	if got := c.answers[2].at.Sub(opened); got < 2*time.Hour+10*time.Minute {
		t.Errorf("answered after %s", got)
	}
}

// A refusal of the record is the action's result, at once or after the record was away, and the case stays as it was.
func TestRecordRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tries int // that fail before
	}{{"at once", 0}, {"after the record was away", 12}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := lives.NewKeeper(2026)
			life := lives.DepartmentPass()
			failed := 0
			k.Fail = func(_ int, r review.Record) error {
				switch {
				case r.Request.ID != "the act":
					return nil
				case failed < tt.tries:
					failed++
					return errors.New("connection refused")
				}
				return fmt.Errorf("save: %w", review.Refuse(review.OpenCaseExists, "case", "another"))
			}
			script := append(steps(life[:2]),
				say{after: time.Hour, act: life[2], request: "the act"},
				say{after: time.Hour, act: life[2]})
			c := playUntil(t, k, opened.Add(day), script...)
			want := []review.Code{"", "", review.OpenCaseExists, ""}
			for i, got := range c.codes() {
				if got != want[i] || c.answers[i].refused {
					t.Errorf("act %d: %q, want %q", i, got, want[i])
				}
			}
			if got := k.Last(caseID); got.Version != 3 || got.Status != review.UnitCheck {
				t.Errorf("version %d, %s", got.Version, got.Status)
			}
		})
	}
}

// A request that was done in an earlier run is answered again and not done again, with the digest it was done with.
func TestOnceAcrossRuns(t *testing.T) {
	t.Parallel()
	life := lives.DepartmentAmend()
	script := steps(life[:6]) // the sixth act enters the long wait: a second run
	for i := range script {
		script[i].request = fmt.Sprintf("r%d", i)
	}
	script = append(script,
		say{after: time.Hour, act: life[5], request: "r5"},
		say{after: time.Hour, act: life[1], request: "r5", digest: "another content"},
		say{after: time.Hour, act: life[0], request: "r0"},
		say{after: time.Hour, act: life[6]})
	c := playUntil(t, lives.NewKeeper(2026), opened.AddDate(1, 0, 0), script...)
	c.done(review.SelfReview)
	if c.runs != 2 || len(c.inputs[0].Seen) != 6 {
		t.Fatalf("%d runs, %d requests carried over", c.runs, len(c.inputs[0].Seen))
	}
	if c.answers[6].receipt != c.answers[5].receipt || c.answers[8].receipt != c.answers[0].receipt {
		t.Errorf("answered again with %+v and %+v", c.answers[6].receipt, c.answers[8].receipt)
	}
	if got := c.answers[7].receipt.Digest; got != lives.Hash("r5") {
		t.Errorf("the other content got digest %s", got)
	}
	if got := c.keeper.Last(caseID).Version; got != 7 {
		t.Errorf("version %d, want 7", got)
	}
}

// Two people do the same thing at the same moment: one does it, the other is told who was first.
func TestSameMoment(t *testing.T) {
	t.Parallel()
	life := lives.DepartmentPass()
	other := life[2]
	other.Actor.Person = "p-handler-2"
	script := append(steps(life[:2]), say{after: time.Hour, act: life[2], seen: 2, at: []say{{act: other, seen: 2}}})
	c := playUntil(t, lives.NewKeeper(2026), opened.Add(day), script...)
	codes := c.codes()[2:]
	if !(codes[0] == "" && codes[1] != "" || codes[0] != "" && codes[1] == "") {
		t.Errorf("codes %q", codes)
	}
	if got := c.keeper.Last(caseID).Version; got != 3 {
		t.Errorf("version %d, want 3", got)
	}
}

// A refused opening leaves no workflow behind.
func TestNeverOpened(t *testing.T) {
	t.Parallel()
	c := playUntil(t, lives.NewKeeper(2026), opened.Add(day), say{act: lives.DepartmentPass()[1]})
	var app *temporal.ApplicationError
	if !errors.As(c.err, &app) || app.Type() != "unopened" {
		t.Errorf("ended with %v", c.err)
	}
	if got := c.now.Sub(opened); got > time.Minute {
		t.Errorf("ended after %s", got)
	}
	if c.timers != 0 {
		t.Errorf("%d timers left running", c.timers)
	}
}

// The engine's cancel is no act of the procedure: an accepted action is completed and the case goes on.
func TestCancelIsNotHeard(t *testing.T) {
	t.Parallel()
	c := &chain{t: t, keeper: lives.NewKeeper(2026), script: steps(lives.DepartmentPass()), now: opened, until: opened.AddDate(1, 0, 0), input: Input{Case: review.Case{ID: caseID}}}
	c.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(env.CancelWorkflow, 90*time.Minute)
	}
	c.run()
	c.done(review.Issued)
}

// Temporal's own suggestion ends a run at any place, once nothing runs, and never twice for nothing.
func TestSuggestedRun(t *testing.T) {
	t.Parallel()
	life := lives.Convened(3)
	c := &chain{t: t, keeper: lives.NewKeeper(2026), script: steps(life), now: opened, until: opened.AddDate(1, 0, 0), input: Input{Case: review.Case{ID: caseID}}}
	c.prepare = func(env *testsuite.TestWorkflowEnvironment) { env.SetContinueAsNewSuggested(true) }
	c.run()
	c.done(review.JointReview)
	if want := len(life) + 2; c.runs != want { // one after every act and one after the timer's
		t.Errorf("%d runs, want %d", c.runs, want)
	}
	c.event(review.JointDue)
}

// forget does an act behind the workflow's back: it is in the record, and the machine died before it was in the history.
func forget(t *testing.T, k *lives.Keeper, request string, a review.Action, at time.Time) func() {
	return func() {
		c := k.Last(caseID)
		if c.ID == "" {
			c.ID = caseID
		}
		next, e, err := review.Apply(c, lives.At(a, c.Version, at), at)
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := k.Save(t.Context(), review.Record{Case: next, Event: e, Request: review.Request{ID: request, Digest: lives.Hash(request)}}); err != nil {
			t.Error(err)
		}
	}
}

// The record is written before the history. Whatever a machine that died in between has forgotten is taken over from
// the record, and done once.
func TestForgotten(t *testing.T) {
	life := lives.DepartmentPass()
	joint := lives.Convened(3)
	yes := func(seat int) review.Action {
		return lives.Act(lives.SeatHead(seat), review.GivePosition, review.Details{NoObjection: true})
	}
	for _, tt := range []struct {
		name   string
		before []review.Action
		lost   review.Action
		then   []say
		want   []review.Code // of then
		end    review.Status
		events int
		timer  review.ActionKind
	}{
		{"the same request comes again", life[:2], life[2], []say{{act: life[2], request: "lost", seen: 2}}, []review.Code{""}, review.UnitCheck, 3, ""},
		{"somebody who sees the record goes on", life[:2], life[2], []say{{act: life[3]}, {act: life[4]}, {act: life[5]}}, []review.Code{"", "", ""}, review.Issued, 6, ""},
		{"somebody who does not is told who was first", life[:2], life[2], []say{{act: life[2], seen: 2}}, []review.Code{review.Conflict}, review.UnitCheck, 3, ""},
		{"a seat's answer is not in the way of another's", joint, yes(0), []say{{act: yes(1), seen: len(joint)}}, []review.Code{""}, review.JointReview, len(joint) + 3, review.JointDue},
		{"a period that nobody knew of ends after a sync", lives.Submitted(), lives.CorrectionAsked(5)[6], []say{{sync: true}}, nil, review.Returned, 8, review.ReturnOverdue},
		{"a sync where nothing was forgotten does nothing", life[:2], review.Action{}, []say{{sync: true}, {act: life[2]}}, []review.Code{""}, review.UnitCheck, 3, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := lives.NewKeeper(2026)
			script := steps(tt.before)
			if tt.lost.Kind != "" {
				script = append(script, say{after: time.Hour, look: forget(t, k, "lost", tt.lost, opened.Add(time.Duration(len(tt.before))*time.Hour))})
			}
			for _, s := range tt.then {
				s.after = time.Hour
				script = append(script, s)
			}
			c := playUntil(t, k, opened.AddDate(1, 0, 0), script...)
			for i, got := range c.codes()[len(tt.before):] {
				if got != tt.want[i] {
					t.Errorf("then %d: %q, want %q", i, got, tt.want[i])
				}
			}
			if got := k.Last(caseID); got.Status != tt.end || got.Version != tt.events {
				t.Errorf("%s at version %d, want %s at %d: %v", got.Status, got.Version, tt.end, tt.events, c.events())
			}
			if tt.timer != "" {
				c.event(tt.timer)
			}
			if c.timers != 0 {
				t.Errorf("%d timers left running", c.timers)
			}
		})
	}
}

// An opening that reached the record and was forgotten is no case without a workflow.
func TestForgottenOpening(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script []say
	}{
		{"and asked for again", []say{{act: lives.DepartmentPass()[0], request: "lost", seen: -1}, {after: time.Hour, act: lives.DepartmentPass()[1]}}},
		{"and acted on at once", []say{{act: lives.DepartmentPass()[1]}}},
		{"and found by the workflow itself", []say{{after: time.Hour, act: lives.DepartmentPass()[1]}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := lives.NewKeeper(2026)
			forget(t, k, "lost", lives.DepartmentPass()[0], opened.Add(-time.Second))()
			c := playUntil(t, k, opened.Add(day), tt.script...)
			c.done(review.SelfReview)
			if got := k.Last(caseID).Version; got != 2 {
				t.Errorf("version %d: %v", got, c.events())
			}
		})
	}
}

// A record means the same before and after it crossed Temporal: the local activity is given the first, the ordinary
// one the second, and PostgreSQL tells a repeat by the bytes.
func TestRecordCrosses(t *testing.T) {
	for _, life := range [][]review.Action{lives.GovernmentAmend(), lives.ExceptionIssued(), lives.ExistingKept(), lives.CorrectionAsked(3)} {
		c := playUntil(t, lives.NewKeeper(2026), opened.AddDate(5, 0, 0), steps(life)...)
		for _, r := range c.keeper.Records(caseID) {
			first, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var again review.Record
			if err := json.Unmarshal(first, &again); err != nil {
				t.Fatal(err)
			}
			second, err := json.Marshal(again)
			if err != nil || string(first) != string(second) {
				t.Errorf("%s: %v\n%s\n%s", r.Event.Action.Kind, err, first, second)
			}
		}
	}
}
