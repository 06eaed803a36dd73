package review

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestUndo takes each act back that only moved papers: the case is what it was, by who did it, on its day.
func TestUndo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		act   string
		kind  Kind
		route Route
		at    Status
		prior string
	}{
		{"send_check", New, Department, SelfReview, ""},
		{"send_sign", New, Department, UnitCheck, ""},
		{"submit", New, Government, PrelimDone, ""},
		{"accept", New, Government, Submitted, ""},
		{"ask_correction", New, Government, RegReview, ""},
		{"suspend", New, Government, Submitted, ""},
		{"correct", New, Government, CorrectionAsked, ""},
		{"resume", New, Government, Suspended, ""},
		{"convene", New, Government, RegReview, ""},
		{"close_joint", New, Government, JointReview, "joint_due"},
		{"no_change", New, Government, ConsultUnit, ""},
		{"stop_talks", New, Government, ConsultUnit, ""},
		{"draft_opinion", New, Government, RegReview, ""},
		{"send_sign", New, Government, RegCheck, ""},
		{"send_back", New, Government, RegCheck, ""},
		{"send_back", New, Government, RegSign, ""},
		{"send_legality", New, Government, ConcludedPass, ""},
		{"record_legality", New, Department, Legality, ""},
		{"send_sign", Existing, Department, StockReview, ""},
		{"send_confirm", Existing, Government, StockConfirm, "send_back send_sign"},
	} {
		t.Run(tt.act+" in "+string(tt.at), func(t *testing.T) {
			t.Parallel()
			w := at(t, tt.kind, tt.route, tt.at).via(tt.prior)
			before := w.c
			w.now = w.now.Add(time.Hour)
			w.do(tt.act)
			actor := w.events[len(w.events)-1].Action.Actor
			seen := w.c
			if !seen.Undoable || seen.Before == nil {
				t.Fatal("cannot be taken back")
			}
			for _, who := range everybody {
				if err := Permit(w.c, who, Undo); who.Person != actor.Person && err == nil {
					t.Errorf("%s may take back what %s did", who.Person, actor.Person)
				}
			}
			late := *w
			late.now = DateOf(seen.Main.At).End()
			late.refused(TooLate, Undo, actor, nil)
			w.now = late.now.Add(-time.Microsecond) // the last instant of the day
			w.refused(Missing, Undo, actor, func(d *Details) { d.Reason = "" })
			if err := w.apply(Undo, actor, Details{Reason: "点错了"}); err != nil {
				t.Fatal(err)
			}
			want := before
			want.Version, want.Main, want.Hands, want.Before, want.Undoable = before.Version+2, w.c.Main, w.c.Hands, nil, false
			if diff := cmp.Diff(want, w.c); diff != "" {
				t.Errorf("is not what it was:\n%s", diff)
			}
			if m := w.c.Main; m.Kind != Undo || m.Person != actor.Person || m.Version != w.c.Version {
				t.Errorf("main %+v", m)
			}
			w.refused(NothingToUndo, Undo, actor, nil) // once
			w.do(tt.act, actor)                        // and again in earnest
		})
	}
}

func TestUndoIsOverWhenSomebodyHasActed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		at    Status
		words string
		who   Actor
	}{
		"accepted meanwhile":             {Submitted, "accept", handler},
		"a seat has answered":            {JointReview, "give_position", officer},
		"urged meanwhile":                {Submitted, "urge", handler},
		"asked to recall":                {RegReview, "ask_recall", officer},
		"time did something":             {Submitted, "escalate", handler},
		"computed anew":                  {Submitted, "reclock", handler},
		"signed meanwhile":               {RegSign, "approve_pass", officer},
		"the other drafted it meanwhile": {RegReview, "put_breach", officer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := at(t, New, Government, tt.at)
			if err := Permit(w.c, tt.who, Undo); err != nil {
				t.Fatalf("before: %v", err)
			}
			w.via(tt.words).refused(NothingToUndo, Undo, tt.who, nil)
		})
	}
}

// TestWhatIsSignedIsNotUndone: signatures, new rounds, findings put to the other side and registered documents stand.
func TestWhatIsSignedIsNotUndone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind  Kind
		route Route
		path  string
	}{
		{New, Department, toSign + " conclude_pass"}, {New, Department, toExc + " conclude_exception"}, {New, Department, toSign + " conclude_fail"},
		{New, Government, toPrelim}, {New, Government, toDesk + " draft_opinion approve_pass"}, {New, Government, toDesk + " draft_opinion:fails approve_fail"},
		{New, Government, toDesk + " put_breach"}, {New, Government, toDesk + " put_breach change_at_once"}, {New, Government, toDesk + " ask_panel form_panel"},
		{New, Department, toSign + " send_back"}, {New, Department, "register start_review"}, {New, Department, "register start_review revise"},
		{New, Government, toPrelim + " submit recall"}, {New, Government, toDesk + " draft_opinion approve_pass deliver"},
		{New, Department, toSign + " conclude_pass material_change"}, {New, Department, toExc + " conclude_exception register_issue"},
		{New, Department, "register ask_withdraw"}, {New, Government, toPrelim + " submit ask_correction return_overdue submit"},
		{Existing, Department, toStock + " to_repeal"}, {Existing, Department, toStock + ":exception keep_exception"}, {Existing, Department, "inventory"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			w := newWalk(t, tt.kind, tt.route).via(tt.path)
			if w.c.Undoable || w.c.Before != nil {
				t.Error("can be taken back")
			}
			for _, who := range everybody {
				if err := Permit(w.c, who, Undo); err == nil {
					t.Errorf("%s may take it back", who.Person)
				}
			}
		})
	}
}

// TestUndoLeavesTheClockRunning: a correction asked for by mistake and taken back on its day never stopped the regulator's clock.
func TestUndoLeavesTheClockRunning(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview)
	before := *w.c.Review
	w.do("ask_correction")
	if w.c.Review.Running() || w.c.Clock == nil {
		t.Fatalf("meter %+v", w.c.Review)
	}
	asked := Checkpoints(w.c)[0]
	w.do("undo")
	if diff := cmp.Diff(before, *w.c.Review); diff != "" || w.c.Clock != nil {
		t.Errorf("clock %+v, meter:\n%s", w.c.Clock, diff)
	}
	if _, _, err := Apply(w.c, Action{Kind: asked.Act, Actor: timer, Seen: asked.Clock}, asked.At); err == nil {
		t.Error("the period of a correction that was taken back ended")
	}
}

func TestUrging(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, Submitted)
	w.refused(NobodyToUrge, Urge, officer, nil) // it waits for oneself
	w.refused(NotYourRole, Urge, stranger, nil)
	w.refused(NotYourRole, Urge, admin, nil)
	w.refused(Missing, Urge, handler, func(d *Details) { d.Reason = "" })
	first := w.now
	w.do("urge", handler)
	if u := w.c.Urged; u.By != "h1" || u.Unit != "dept" || u.Times != 1 || u.Reason == "" || !u.At.Equal(first) {
		t.Errorf("urged %+v", u)
	}
	w.refused(TooSoon, Urge, handler, nil)
	w.refused(TooSoon, Urge, head, nil) // a colleague is the same party
	w.do("urge", approver)              // the other party has its own pause
	w.refused(TooSoon, Urge, approver, nil)
	w.refused(TooSoon, Urge, handler, nil) // which does not end the first one's
	w.now = first.Add(24*time.Hour - time.Microsecond)
	w.refused(TooSoon, Urge, handler, nil)
	err := w.apply(Urge, handler, Details{Reason: "请抓紧"})
	if err == nil || !strings.Contains(err.Error(), In(first.Add(24*time.Hour)).Format("2006-01-02 15:04")) {
		t.Errorf("when the next is possible: %v", err)
	}
	w.now = first.Add(24 * time.Hour)
	if w.do("urge", handler); w.c.Urged.Times != 3 || w.c.Urged.Prior.By != "p1" || w.c.Urged.Prior.Prior != nil {
		t.Errorf("urged %+v", w.c.Urged)
	}
	if w.do("accept"); w.c.Urged != nil {
		t.Error("another status, and still urged")
	}
	w.do("urge", handler)

	// A unit does not urge a seat or an expert; the regulator does.
	joint := at(t, New, Government, JointReview)
	joint.refused(NobodyToUrge, Urge, handler, nil)
	joint.do("urge", officer)
	panel := at(t, New, Government, ExpertReview)
	panel.refused(NobodyToUrge, Urge, head, nil)
	panel.do("urge", officer)
	// Nobody is urged while an exception merely runs.
	at(t, New, Department, IssuedException).refused(NobodyToUrge, Urge, officer, nil)
	atUnder(t, 1, New, Government, Submitted).refused(NotYourTurn, Urge, handler, nil)
}

// TestUrgingMovesNothing: it is beside the line, so that it stands in nobody's way.
func TestUrgingMovesNothing(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, Submitted)
	before := w.c
	w.do("urge", handler)
	if w.c.Status != before.Status || w.c.Main != before.Main || !w.c.Since.Equal(before.Since) {
		t.Errorf("moved: %+v", w.c.Main)
	}
	if _, _, err := Apply(w.c, Action{Kind: Accept, Actor: officer, Seen: before.Version}, w.now); err != nil {
		t.Errorf("the officer is told of a conflict: %v", err)
	}
}
