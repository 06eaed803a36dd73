package review

import (
	"testing"
	"time"
)

// TestTheRegulatorsClock walks the life of the regulator's own period: it starts with the submission, stands still while the packet
// is with the unit, goes on with what is left, and ends with the conclusion.
func TestTheRegulatorsClock(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government).via(toPrelim)
	if w.c.Review != nil {
		t.Errorf("runs before the submission: %+v", w.c.Review)
	}
	monday := w.now
	w.do("submit") // Monday 2 March; ten working days: to Monday 16 March
	if m := w.c.Review; !m.Running() || !m.Due.Equal(Date("2026-03-16").End()) || m.Days != 10 || m.Version != w.c.Version {
		t.Fatalf("meter %+v", m)
	}
	w.do("accept")
	w.now = monday.AddDate(0, 0, 3) // Thursday: three days used
	w.do("ask_correction")
	if m := w.c.Review; m.Running() || !m.Due.IsZero() || m.Provisional || len(m.Spans) != 1 || !m.Spans[0].To.Equal(w.now.Add(-time.Minute)) {
		t.Fatalf("meter %+v", m)
	}
	if _, ok := w.checkpoint(Escalate); ok {
		t.Error("ends while the packet is with the unit")
	}
	w.now = monday.AddDate(0, 0, 8) // Tuesday of the next week
	w.do("correct")
	if m := w.c.Review; !m.Running() || len(m.Spans) != 2 || !m.Due.Equal(Date("2026-03-19").End()) { // seven left
		t.Fatalf("meter %+v", m)
	}
	w.via("accept suspend")
	if w.c.Review.Running() {
		t.Error("runs while the review is suspended")
	}
	w.via("resume accept draft_opinion")
	if !w.c.Review.Running() || len(w.c.Review.Spans) != 3 {
		t.Errorf("meter %+v", w.c.Review)
	}
	w.do("approve_pass")
	if w.c.Review.Running() || w.c.Review.Past {
		t.Errorf("runs on after the conclusion: %+v", w.c.Review)
	}
	if due, _ := w.c.Due(); due.Equal(Date("2026-03-19").End()) {
		t.Error("still due")
	}
}

func TestTheClockStartsAnewWithEverySubmission(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government).via(toPrelim + " submit recall")
	if w.c.Review.Running() {
		t.Errorf("runs after the recall: %+v", w.c.Review)
	}
	w.now = w.now.AddDate(0, 0, 30)
	w.do("submit")
	if m := w.c.Review; len(m.Spans) != 1 || m.Spans[0].From.Before(w.now.Add(-time.Hour)) {
		t.Errorf("meter %+v", m)
	}
	w.via("ask_correction return_overdue")
	if w.c.Review.Running() {
		t.Errorf("runs after the return: %+v", w.c.Review)
	}
	w.do("submit")
	if m := w.c.Review; len(m.Spans) != 1 || m.Version != w.c.Version {
		t.Errorf("meter %+v", m)
	}
	w.via("accept draft_opinion:fails approve_fail revise report_changes")
	if m := w.c.Review; !m.Running() || len(m.Spans) != 1 || m.Version != w.c.Version {
		t.Errorf("a report of changes is a submission: %+v", m)
	}
}

// TestEscalateIsAMarkAndNeverAPass: at its end the approver is asked to look; nothing passes, nothing is returned.
func TestEscalateIsAMarkAndNeverAPass(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview)
	before := w.c
	w.now = w.c.Review.Due.Add(-time.Microsecond)
	w.refused(NotYourTurn, Escalate, timer, nil)
	w.do("escalate")
	if w.c.Status != RegReview || w.c.Conclusion != nil || w.c.Outcome != "" || w.c.Main != before.Main || !w.c.Review.Past || !w.c.Review.Running() {
		t.Errorf("escalated to %s, meter %+v", w.c.Status, w.c.Review)
	}
	if !contains(Turns(w.c), Turn{Unit: "amr", Role: Approver, What: RegReview}) || !contains(Turns(w.c), Turn{Unit: "amr", Role: Officer, What: RegReview}) {
		t.Errorf("turns %v", Turns(w.c))
	}
	if _, ok := w.checkpoint(Escalate); ok {
		t.Error("to come again")
	}
	w.refused(NotYourTurn, Escalate, timer, nil)
	w.do("ask_panel") // the approver has two reasons, and one turn
	if turns := Turns(w.c); len(turns) != 2 {
		t.Errorf("turns %v", turns)
	}
	w.do("form_panel").via("panel_due close_panel:none ask_correction correct accept")
	if !w.c.Review.Past || len(Checkpoints(w.c)) != 0 {
		t.Errorf("overdue once is overdue: %+v", w.c.Review)
	}
	w.do("draft_opinion").do("approve_pass")
	if len(Turns(w.c)) != 2 { // the unit, and the officer who delivers
		t.Errorf("turns %v", Turns(w.c))
	}
}

func TestTheClockDuringTalks(t *testing.T) {
	t.Parallel()
	for _, pause := range []bool{false, true} {
		w := newWalk(t, New, Government)
		w.open.Rules.PauseTalks = pause
		w.via(toDesk + " put_breach")
		if w.c.Review.Running() == pause {
			t.Errorf("pause %v: %+v", pause, w.c.Review)
		}
		if w.do("no_change"); !w.c.Review.Running() {
			t.Errorf("pause %v, after the talks: %+v", pause, w.c.Review)
		}
	}
}

func TestNoClockWhereTheLocalRuleHasNone(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government)
	w.open.Rules.ReviewDays = 0
	if w.via(toDesk); w.c.Review != nil || len(Checkpoints(w.c)) != 0 {
		t.Errorf("meter %+v", w.c.Review)
	}
	w.refused(NotYourTurn, Escalate, timer, nil)
	if w := atUnder(t, 1, New, Government, RegReview); w.c.Review != nil {
		t.Errorf("an old case has %+v", w.c.Review)
	}
	if w := at(t, New, Department, UnitSign); w.c.Review != nil {
		t.Errorf("the department route has %+v", w.c.Review)
	}
}

// TestReclock: when a year of the calendar is loaded, running periods end by it; a provisional end does nothing before.
func TestReclock(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government)
	w.now = time.Date(2026, 12, 30, 1, 0, 0, 0, time.UTC) // the periods end in 2027, which is not loaded
	w.via(toPrelim + " submit")
	if m := w.c.Review; !m.Provisional || m.Due.IsZero() || len(Checkpoints(w.c)) != 0 {
		t.Fatalf("meter %+v, checkpoints %v", m, Checkpoints(w.c))
	}
	later := *w
	later.now = w.c.Review.Due
	later.refused(NotYourTurn, Escalate, timer, nil)
	w.do("ask_correction")
	if k := w.c.Clock; !k.Provisional || len(Checkpoints(w.c)) != 0 {
		t.Fatalf("clock %+v", k)
	}
	old := *w.c.Clock
	w.cal.Years[2027] = true
	w.cal.Days["2027-01-01"] = false
	seen := w.c.Version
	w.do("reclock")
	k := w.c.Clock
	if k.Provisional || k.Version != w.c.Version || !k.From.Equal(old.From) || !k.Due.Equal(old.Due.AddDate(0, 0, 1)) { // New Year is off
		t.Errorf("clock %+v, was %+v", k, old)
	}
	if cp := Checkpoints(w.c); len(cp) != 1 || cp[0].Act != ReturnOverdue || !cp[0].At.Equal(k.Due) {
		t.Errorf("checkpoints %v", cp)
	}
	if err := w.apply(Correct, handler, w.details(Correct, "")); err != nil || w.c.Version != seen+2 {
		t.Errorf("it stands in somebody's way: %v", err)
	}
	if m := w.c.Review; m.Provisional || !m.Running() {
		t.Errorf("meter %+v", m)
	}
	if w.do("reclock"); w.c.Review.Version != w.c.Version {
		t.Errorf("meter %+v", w.c.Review)
	}
	at(t, New, Department, SelfReview).refused(NotYourTurn, Reclock, timer, nil)
	at(t, New, Department, IssuedException).refused(NotYourTurn, Reclock, timer, nil) // a date is a date
	at(t, New, Government, JointReview).do("joint_due").do("reclock")                 // the meter's, not the past period's
}

// TestNoCheckpointActsTwice: what time did is not to come any more, and what was to come in a closed round never acts in the next.
func TestNoCheckpointActsTwice(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government).via(toPrelim + " submit ask_correction")
	first := Checkpoints(w.c)
	w.do("return_overdue").do("submit").do("ask_correction")
	for _, cp := range first {
		for _, seen := range []int{cp.Clock, cp.Clock + 1} {
			if _, _, err := Apply(w.c, Action{Kind: cp.Act, Actor: timer, Seen: seen}, w.c.Clock.Due.Add(time.Hour)); CodeOf(err) != Conflict {
				t.Errorf("%+v of the first round: %v", cp, err)
			}
		}
	}
	w = at(t, New, Government, RegReview)
	escalate := Checkpoints(w.c)[0]
	w.via("draft_opinion:fails approve_fail revise report_changes")
	if _, _, err := Apply(w.c, Action{Kind: escalate.Act, Actor: timer, Seen: escalate.Clock}, w.c.Review.Due); CodeOf(err) != Conflict {
		t.Errorf("the clock of the first submission: %v", err)
	}
}
