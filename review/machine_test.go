package review

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// row is one row of the machine as the procedure states it, written down apart from the code.
type row struct {
	action ActionKind
	from   []Status
	by     []Actor
	kind   Kind
	route  Route // "": both
	to     Status
	round  bool // a new round
	counts Outcome
	prior  string // walked after the path, before the action
	how    string
	since  int // revision of the procedure the row came with; 0: both have it
}

var (
	desk     = []Status{Drafting, SelfReview, Revising, UnitCheck, UnitSign}
	govDesk  = []Status{PrelimDone, Returned}
	passed   = []Status{ConcludedPass, ConcludedException, Legality}
	deciding = "ask_withdraw"
)

func in(s ...Status) []Status { return s }
func by(a ...Actor) []Actor   { return a }

// machine is the whole procedure. To "" means that the status stays.
var machine = []row{
	// Up to the unit's signature
	{Register, in(""), by(handler), New, "", Drafting, false, "", "", "", 0},
	{MarkOutOfScope, in(Drafting), by(head), New, "", OutOfScope, false, NotInScope, "", "", 0},
	{StartReview, in(Drafting), by(handler, handler2), New, "", SelfReview, false, "", "", "", 0},
	{SendCheck, in(SelfReview), by(handler), New, "", UnitCheck, false, "", "", "", 0},
	{Revise, in(SelfReview), by(handler), New, "", Revising, false, "", "", "", 0},
	{SendBack, in(UnitCheck), by(checker), New, "", SelfReview, true, "", "", "", 0},
	{SendSign, in(UnitCheck), by(checker), New, "", UnitSign, false, "", "", "", 0},
	{SendBack, in(UnitSign), by(head), New, "", SelfReview, true, "", "", "", 0},
	{NewVersion, in(Revising), by(handler), New, "", SelfReview, true, "", "", "", 0},
	{AskWithdraw, desk, by(handler), New, "", "", false, "", "", "", 0},
	{AskWithdraw, govDesk, by(handler), New, Government, "", false, "", "", "", 0},
	{Withdraw, desk, by(head), New, "", Withdrawn, false, Withdrew, deciding, "", 0},
	{Withdraw, govDesk, by(head), New, Government, Withdrawn, false, Withdrew, deciding, "", 0},
	// Department route
	{ConcludePass, in(UnitSign), by(head), New, Department, ConcludedPass, false, Keep, "", "", 0},
	{ConcludeExc, in(UnitSign), by(head), New, Department, ConcludedException, false, Keep, "send_back send_check:exception send_sign", "", 0},
	{ConcludeFail, in(UnitSign), by(head), New, Department, ConcludedFail, false, "", "", "", 0},
	// Government route
	{SignPrelim, in(UnitSign), by(head), New, Government, PrelimDone, false, "", "", "", 0},
	{Reopen, in(PrelimDone, Returned, Suspended), by(handler), New, Government, SelfReview, true, "", "", "", 0},
	{Submit, in(PrelimDone), by(handler), New, Government, Submitted, false, "", "", "", 0},
	{Submit, in(Returned), by(handler), New, Government, Submitted, true, "", "", "", 0},
	{Recall, in(Submitted), by(handler), New, Government, PrelimDone, true, "", "", "", 0},
	{Accept, in(Submitted), by(officer, officer2), New, Government, RegReview, false, "", "", "", 0},
	{AskCorrection, in(Submitted, RegReview), by(officer), New, Government, CorrectionAsked, false, "", "", "", 0},
	{Suspend, in(Submitted, RegReview), by(officer), New, Government, Suspended, false, "", "", "", 0},
	{Correct, in(CorrectionAsked), by(handler), New, Government, Submitted, false, "", "", "", 0},
	{ReturnOverdue, in(CorrectionAsked, Suspended), by(timer), New, Government, Returned, false, "", "", "", 0},
	{Resume, in(Suspended), by(handler), New, Government, Submitted, false, "", "", "", 0},
	{AskRecall, in(RegReview), by(handler), New, Government, "", false, "", "", "", 0},
	{AgreeRecall, in(RegReview), by(officer), New, Government, PrelimDone, true, "", "ask_recall", "", 0},
	{Convene, in(RegReview), by(officer), New, Government, JointReview, false, "", "", "", 0},
	{GivePosition, in(JointReview), by(seat1, seat2, seat3), New, Government, JointReview, false, "", "", "", 0},
	{DeclineSeat, in(JointReview), by(seat1), New, Government, JointReview, false, "", "", "", 0},
	{JointDue, in(JointReview), by(timer), New, Government, JointReview, false, "", "", "", 0},
	{CloseJoint, in(JointReview), by(officer), New, Government, RegReview, false, "", "joint_due", "", 0},
	{AskPanel, in(RegReview), by(officer), New, Government, "", false, "", "", "", 0},
	{FormPanel, in(RegReview), by(officer2, approver), New, Government, ExpertReview, false, "", "ask_panel", "", 0},
	{AskSkipPanel, in(RegReview), by(officer), New, Government, "", false, "", "convene give_position:breach joint_due", "major", 0},
	{SkipPanel, in(RegReview), by(officer2, approver), New, Government, RegReview, false, "", "ask_skip_panel", "major", 0},
	{AcceptSeat, in(ExpertReview), by(expert1, expert2, expert3), New, Government, ExpertReview, false, "", "", "", 0},
	{DeclineSeatPanel, in(ExpertReview), by(expert1), New, Government, ExpertReview, false, "", "", "", 0},
	{Recuse, in(ExpertReview), by(expert1), New, Government, ExpertReview, false, "", "accept_invitation", "", 0},
	{GiveOpinion, in(ExpertReview), by(expert1), New, Government, ExpertReview, false, "", "accept_invitation", "", 0},
	{PanelDue, in(ExpertReview), by(timer), New, Government, ExpertReview, false, "", "", "", 0},
	{OpenOpinions, in(ExpertReview), by(officer), New, Government, ExpertReview, false, "", "panel", "", 0},
	{ClosePanel, in(ExpertReview), by(officer), New, Government, RegReview, false, "", "panel open_opinions", "", 0},
	{PutBreach, in(RegReview), by(officer), New, Government, ConsultUnit, false, "", "", "", 0},
	{ChangeAtOnce, in(ConsultUnit), by(handler), New, Government, RegReview, false, "", "", "", 0},
	{NoChange, in(ConsultUnit), by(handler), New, Government, RegReview, false, "", "", "", 0},
	{StopTalks, in(ConsultUnit), by(officer), New, Government, RegReview, false, "", "", "", 0},
	{DraftOpinion, in(RegReview), by(officer), New, Government, RegSign, false, "", "", "", 0},
	{SendBack, in(RegSign), by(approver), New, Government, RegReview, false, "", "", "", 0},
	{ApprovePass, in(RegSign), by(approver), New, Government, ConcludedPass, false, Keep, "", "", 0},
	{ApproveExc, in(RegSign), by(approver), New, Government, ConcludedException, false, Keep, "exception", "", 0},
	{ApproveFail, in(RegSign), by(approver), New, Government, ConcludedFail, false, "", "send_back draft_opinion:fails", "", 0},
	{ReportChanges, in(ConcludedFail), by(handler), New, Government, RegReview, true, "", "revise", "", 0},
	// After the conclusion
	{Revise, in(ConcludedFail), by(handler), New, "", Revising, false, "", "", "", 0},
	{GiveUp, in(ConcludedFail), by(head), New, "", NotIssued, false, Repeal, "", "", 0},
	{GiveUp, in(ConcludedFail), by(head), New, "", NotIssued, false, Repeal, "revise", "", 0},
	{SendLegality, in(ConcludedPass, ConcludedException), by(handler), New, "", Legality, false, "", "", "", 0},
	{MaterialChange, passed, by(handler), New, "", SelfReview, true, "", "", "", 0},
	{RegisterIssue, in(ConcludedPass, Legality), by(issuing, handler, govHead), New, "", Issued, false, "", "", "", 0},
	{RegisterIssue, in(ConcludedException), by(issuing, handler), New, "", IssuedException, false, "", "", "", 0},
	{CloseUnissued, passed, by(head), New, "", ClosedUnissued, false, "", "", "", 0},
	{CloseUnissued, in(ConcludedPass), by(head), New, "", ClosedUnissued, false, "", "material_change", "", 0},
	{CloseUnissued, in(ConcludedPass), by(head), New, "", ClosedUnissued, false, "", "material_change revise", "", 0},
	{CloseUnissued, in(ConcludedPass), by(head), New, "", ClosedUnissued, false, "", "material_change send_check", "", 0},
	{CloseUnissued, in(ConcludedPass), by(head), New, "", ClosedUnissued, false, "", "material_change send_check send_sign", "", 0},
	{CloseUnissued, in(ConcludedPass), by(head), New, Government, ClosedUnissued, false, "", "material_change send_check send_sign sign_prelim", "", 0},
	{CloseUnissued, in(ConcludedPass), by(head), New, Government, ClosedUnissued, false, "",
		"material_change send_check send_sign sign_prelim submit ask_correction return_overdue", "", 0},
	{ExceptionEnds, in(IssuedException), by(timer, issuing), New, "", ExceptionDue, false, "", "", "", 0},
	{RegisterStop, in(ExceptionDue), by(issuing, handler), New, "", Ceased, false, "", "", "", 0},
	// Existing measure
	{Inventory, in(""), by(handler), Existing, "", Inventoried, false, "", "", "", 0},
	{MarkOutOfScope, in(Inventoried), by(head), Existing, "", OutOfScope, false, NotInScope, "", "", 0},
	{MarkLapsed, in(Inventoried), by(head), Existing, "", Lapsed, false, LapsedOutcome, "", "", 0},
	{StartReview, in(Inventoried), by(handler), Existing, "", StockReview, false, "", "", "", 0},
	{StopExecution, in(StockReview, ToRevise, ToRepeal), by(issuing), Existing, "", SuspendedExec, false, "", "", "", 0},
	{AskRevise, in(SuspendedExec), by(handler), Existing, "", "", false, "", "", "", 0},
	{AskRepeal, in(SuspendedExec), by(handler), Existing, "", "", false, "", "", "", 0},
	{ProposeRevise, in(SuspendedExec), by(head), Existing, "", ToRevise, false, "", "ask_revise", "", 0},
	{ProposeRepeal, in(SuspendedExec), by(head), Existing, "", ToRepeal, false, "", "ask_repeal", "", 0},
	{SendSign, in(StockReview), by(handler), Existing, "", StockSign, false, "", "", "", 0},
	{SendBack, in(StockSign), by(head), Existing, "", StockReview, true, "", "", "", 0},
	{SendConfirm, in(StockSign), by(head), Existing, Government, StockConfirm, false, "", "", "confirm", 0},
	{SendBack, in(StockConfirm), by(officer), Existing, Government, StockReview, true, "", "", "", 0},
	{KeepMeasure, in(StockSign), by(head), Existing, "", Kept, false, Keep, "", "", 0},
	{KeepMeasure, in(StockConfirm), by(approver), Existing, Government, Kept, false, Keep, "", "", 0},
	{KeepByException, in(StockSign), by(head), Existing, "", KeptException, false, Keep, "send_back send_sign:exception", "", 0},
	{KeepByException, in(StockConfirm), by(approver), Existing, Government, KeptException, false, Keep, "send_back send_sign:exception send_confirm", "", 0},
	{DecideRevise, in(StockSign), by(head), Existing, "", ToRevise, false, "", "send_back send_sign:breach", "", 0},
	{DecideRevise, in(StockConfirm), by(approver), Existing, Government, ToRevise, false, "", "send_back send_sign:breach send_confirm", "", 0},
	{DecideRepeal, in(StockSign), by(head), Existing, "", ToRepeal, false, "", "", "", 0},
	{DecideRepeal, in(StockConfirm), by(approver), Existing, Government, ToRepeal, false, "", "", "", 0},
	{Switch, in(ToRevise), by(head), Existing, "", ToRepeal, false, "", "", "", 0},
	{Switch, in(ToRepeal), by(head), Existing, "", ToRevise, false, "", "", "", 0},
	{RegisterAmendment, in(ToRevise), by(issuing, handler), Existing, "", Revised, false, Amend, "", "", 0},
	{RegisterRepeal, in(ToRepeal), by(issuing, handler), Existing, "", Repealed, false, Repeal, "", "", 0},
	{ExceptionEnds, in(KeptException), by(timer, issuing), Existing, "", ExceptionDue, false, "", "", "", 0},
	{RegisterStop, in(ExceptionDue), by(issuing), Existing, "", Ceased, false, "", "", "", 0},
	// Since the second revision
	{Inventory, in(""), by(officer), Existing, "", Inventoried, false, "", "", "unreviewed", 2},
	{DraftOpinion, in(RegReview), by(officer), New, Government, RegCheck, false, "", "", "middle", 2},
	{SendSign, in(RegCheck), by(middle), New, Government, RegSign, false, "", "", "", 2},
	{SendBack, in(RegCheck), by(middle, officerK), New, Government, RegReview, false, "", "", "", 2},
	{Deliver, in(ConcludedPass, ConcludedException, ConcludedFail, Legality), by(officer, officer2), New, Government, "", false, "", "", "", 2},
	{Deliver, in(ConcludedFail), by(officer), New, Government, "", false, "", "revise", "", 2},
	{AskMediation, in(ConcludedFail), by(head), New, Government, "", false, "", "", "", 2},
	{AskMediation, in(ConcludedFail), by(head), New, Government, "", false, "", "revise", "", 2},
	{NoteMediation, in(ConcludedFail), by(officer, officer2), New, Government, "", false, "", "ask_mediation", "", 2},
	{NoteMediation, in(ConcludedFail), by(officer), New, Government, "", false, "", "ask_mediation revise", "", 2},
	{RecordLegality, in(Legality), by(handler, handler2), New, "", "", false, "", "", "", 2},
	{ExceptionNotice, in(IssuedException), by(timer), New, "", "", false, "", "", "", 2},
	{ExceptionNotice, in(KeptException), by(timer), Existing, "", "", false, "", "", "", 2},
	{EvaluationDue, in(IssuedException), by(timer), New, "", "", false, "", "", "", 2},
	{EvaluationDue, in(KeptException), by(timer), Existing, "", "", false, "", "", "", 2},
	{Evaluate, in(IssuedException), by(handler), New, "", "", false, "", "evaluation_due", "", 2},
	{Evaluate, in(KeptException), by(handler), Existing, "", "", false, "", "", "", 2},
	{RegisterExtension, in(IssuedException), by(issuing, handler, govHead), New, "", Extended, false, "", "", "", 2},
	{RegisterExtension, in(KeptException), by(issuing, handler, govHead), Existing, "", Extended, false, "", "exception_notice", "", 2},
	{Escalate, in(Submitted, RegReview, JointReview, ExpertReview, ConsultUnit, RegCheck, RegSign), by(timer), New, Government, "", false, "", "", "", 2},
	{Reclock, in(ConcludedPass, ConcludedException, Legality), by(timer), New, "", "", false, "", "", "", 2},
	{Reclock, in(Submitted, CorrectionAsked, Suspended, RegReview, JointReview, ExpertReview, ConsultUnit, RegCheck, RegSign), by(timer), New, Government, "", false, "", "", "", 2},
	{Undo, in(UnitCheck), by(handler), New, "", SelfReview, false, "", "", "", 2},
	{Undo, in(UnitSign), by(checker), New, "", UnitCheck, false, "", "", "", 2},
	{Undo, in(Submitted), by(handler), New, Government, PrelimDone, false, "", "", "", 2},
	{Undo, in(Submitted), by(handler), New, Government, CorrectionAsked, false, "", "ask_correction correct", "", 2},
	{Undo, in(Suspended), by(handler), New, Government, Suspended, false, "", "resume", "", 2},
	{Undo, in(CorrectionAsked, Suspended), by(officer), New, Government, Submitted, false, "", "", "", 2},
	{Undo, in(RegReview), by(officer), New, Government, Submitted, false, "", "", "", 2},
	{Undo, in(ConsultUnit), by(handler), New, Government, ConsultUnit, false, "", "no_change", "", 2},
	{Undo, in(ConsultUnit), by(officer), New, Government, ConsultUnit, false, "", "stop_talks", "", 2},
	{Undo, in(JointReview), by(officer), New, Government, RegReview, false, "", "", "", 2},
	{Undo, in(JointReview), by(officer), New, Government, JointReview, false, "", "joint_due close_joint", "", 2},
	{Undo, in(RegCheck), by(officer), New, Government, RegReview, false, "", "", "", 2},
	{Undo, in(RegCheck), by(middle), New, Government, RegCheck, false, "", "send_sign", "", 2},
	{Undo, in(RegSign), by(officer, officerP), New, Government, RegReview, false, "", "", "", 2}, // the same person, whatever the desk
	{Undo, in(RegSign), by(approver), New, Government, RegSign, false, "", "send_back", "", 2},
	{Undo, in(Legality), by(handler), New, "", ConcludedPass, false, "", "", "", 2},
	{Undo, in(Legality), by(handler), New, "", Legality, false, "", "record_legality", "", 2},
	{Undo, in(StockSign), by(handler), Existing, "", StockReview, false, "", "", "", 2},
	{Undo, in(StockConfirm), by(head), Existing, Government, StockSign, false, "", "", "", 2},
	{Urge, in(Drafting, SelfReview, Revising, ConcludedPass, ConcludedException, ConcludedFail, Legality), by(head, checker, officer, approver), New, "", "", false, "", "", "", 2},
	{Urge, in(UnitCheck), by(handler, head, officer), New, "", "", false, "", "", "", 2},
	{Urge, in(UnitSign), by(handler, checker, officer), New, "", "", false, "", "", "", 2},
	{Urge, in(PrelimDone, CorrectionAsked, Suspended, Returned, ConsultUnit), by(head, officer), New, Government, "", false, "", "", "", 2},
	{Urge, in(Submitted, RegReview), by(handler, head, approver, middle), New, Government, "", false, "", "", "", 2},
	{Urge, in(JointReview, ExpertReview), by(officer, approver), New, Government, "", false, "", "", "", 2},
	{Urge, in(RegCheck), by(officer, handler, approver), New, Government, "", false, "", "", "", 2},
	{Urge, in(RegSign), by(officer, handler, middle), New, Government, "", false, "", "", "", 2},
	{Urge, in(IssuedException), by(head, officer), New, "", "", false, "", "exception_notice", "", 2},
	{Urge, in(ExceptionDue), by(head, officer), New, "", "", false, "", "", "", 2},
	{Urge, in(Inventoried, StockReview, ToRevise, ToRepeal, SuspendedExec, ExceptionDue), by(head, officer), Existing, "", "", false, "", "", "", 2},
	{Urge, in(StockSign), by(handler, officer), Existing, "", "", false, "", "", "", 2},
	{Urge, in(StockConfirm), by(handler, head, middle), Existing, Government, "", false, "", "", "", 2},
	{Urge, in(KeptException), by(head, officer), Existing, "", "", false, "", "evaluation_due", "", 2},
	{SetSecrecy, in(Drafting, SelfReview, Revising, UnitCheck, UnitSign, ConcludedPass, ConcludedException, ConcludedFail, Legality, IssuedException, ExceptionDue),
		by(head, approver), New, "", "", false, "", "", "", 2},
	{SetSecrecy, in(PrelimDone, Submitted, CorrectionAsked, Suspended, Returned, RegReview, JointReview, ExpertReview, ConsultUnit, RegCheck, RegSign),
		by(head, approver), New, Government, "", false, "", "", "", 2},
	{SetSecrecy, in(Inventoried, StockReview, StockSign, KeptException, ExceptionDue, ToRevise, ToRepeal, SuspendedExec), by(head, approver), Existing, "", "", false, "", "", "", 2},
	{SetSecrecy, in(StockConfirm), by(head, approver), Existing, Government, "", false, "", "", "", 2},
}

// neverThere are statuses in which a move beside the line finds nothing to do: nothing that can be taken back leads there, or
// no period of working days runs there.
var neverThere = map[ActionKind][]Status{
	Undo: {Drafting, SelfReview, Revising, PrelimDone, Returned, ExpertReview, ConsultUnit, ConcludedPass, ConcludedException, ConcludedFail, IssuedException, ExceptionDue,
		Inventoried, StockReview, KeptException, ToRevise, ToRepeal, SuspendedExec},
	Reclock: {Drafting, SelfReview, Revising, UnitCheck, UnitSign, PrelimDone, Returned, ConcludedFail, IssuedException, ExceptionDue,
		Inventoried, StockReview, StockSign, StockConfirm, KeptException, ToRevise, ToRepeal, SuspendedExec},
}

// prepare walks to where the row begins.
func (r row) prepare(t testing.TB, procedure int, from Status, route Route) *walk {
	t.Helper()
	switch {
	case r.how == "major": // the record proposes a panel
		w := walkUnder(t, procedure, r.kind, route)
		w.open.Measure.PublicInterest = "major"
		return w.via(toDesk).via(strings.TrimSuffix(r.prior, "convene give_position:breach joint_due"))
	case r.how == "confirm":
		w := walkUnder(t, procedure, r.kind, route)
		w.open.Rules.StockConfirm = true
		return w.via(toStock)
	case r.how == "middle":
		w := walkUnder(t, procedure, r.kind, route)
		w.open.Rules.Middle = true
		return w.via(toDesk)
	case r.how == "unreviewed":
		w := walkUnder(t, procedure, r.kind, route)
		w.open.Unreviewed = true
		return w
	case r.prior == "exception":
		return walkUnder(t, procedure, r.kind, route).via(toExc + " sign_prelim submit accept ask_skip_panel skip_panel draft_opinion:exception")
	}
	w := atUnder(t, procedure, r.kind, route, from)
	for word := range strings.FieldsSeq(r.prior) {
		if word == "panel" {
			for _, e := range []Actor{expert1, expert2, expert3} {
				w.do("accept_invitation", e).do("give_opinion", e)
			}
			continue
		}
		w.do(word)
	}
	return w
}

// TestEveryRowOfTheMachine walks each row under both revisions of the procedure, and finds no move in the code without one.
func TestEveryRowOfTheMachine(t *testing.T) {
	t.Parallel()
	for procedure := 1; procedure <= Procedure; procedure++ {
		t.Run("revision "+strconv.Itoa(procedure), func(t *testing.T) {
			t.Parallel()
			everyRow(t, procedure)
		})
	}
}

func everyRow(t *testing.T, procedure int) {
	type taken struct {
		action ActionKind
		from   Status
		route  Route
	}
	var mu sync.Mutex
	done := map[taken]bool{}
	t.Run("rows", func(t *testing.T) {
		for _, r := range machine {
			for _, route := range []Route{Department, Government} {
				if r.route != "" && r.route != route || r.since > procedure {
					continue
				}
				for _, from := range r.from {
					for _, who := range r.by {
						name := strings.Join([]string{string(r.kind), string(route), string(from), string(r.action), who.Person, string(who.Role), r.prior}, " ")
						t.Run(name, func(t *testing.T) {
							t.Parallel()
							w := r.prepare(t, procedure, from, route)
							before := w.c
							w.do(string(r.action)+":"+r.how, who)
							r.check(t, before, w, who)
							mu.Lock()
							done[taken{r.action, before.Status, route}] = true
							mu.Unlock()
						})
					}
				}
			}
		}
	})
	if procedure < Procedure {
		return
	}
	for _, m := range Moves() {
		for _, route := range []Route{Department, Government} {
			if m.Route != "" && m.Route != route {
				continue
			}
			from := m.From
			if from == nil {
				from = in("")
			}
			for _, s := range from {
				switch {
				case m.Kind != Existing && route == Department && paths[New][Department][s] == "" && paths[New][Government][s] != "": // a status of the other route
				case m.Kind == "" && s == StockConfirm && route == Department:
				case m.Action == CloseUnissued && s == Drafting: // a case never returns to DRAFTING
				case contains(neverThere[m.Action], s):
				case !done[taken{m.Action, s, route}]:
					t.Errorf("no row walks %s from %q on the %s route", m.Action, s, route)
				}
			}
		}
	}
}

// check holds what the row did against what it says.
func (r row) check(t *testing.T, before Case, w *walk, who Actor) {
	t.Helper()
	want := r.to
	if want == "" {
		want = before.Status
	}
	rounds := before.Round
	if r.round || before.Version == 0 {
		rounds++
	}
	outcome := r.counts
	if outcome == "" {
		outcome = before.Outcome // a past outcome stands
	}
	if r.action == RegisterIssue && before.Conclusion.Result == MeetsByExc {
		want = IssuedException
	}
	if w.c.Status != want || w.c.Round != rounds || w.c.Version != before.Version+1 || w.c.Outcome != outcome {
		t.Errorf("to %s, round %d, version %d, outcome %q; want %s, %d, %d, %q",
			w.c.Status, w.c.Round, w.c.Version, w.c.Outcome, want, rounds, before.Version+1, outcome)
	}
	ev := w.events[len(w.events)-1]
	if ev.From != before.Status || ev.To != want || ev.Outcome != r.counts || ev.Version != w.c.Version || ev.Basis == "" ||
		ev.Action.Actor != who || ev.Text != w.c.Text.Hash {
		t.Errorf("event %+v", ev)
	}
}

// TestNobodyElseMay: for every row, people of other roles and other units are refused.
func TestNobodyElseMay(t *testing.T) {
	t.Parallel()
	type part struct {
		role Role
		unit string
	}
	type place struct {
		action ActionKind
		kind   Kind
		from   Status
		prior  string
	}
	may := map[place]map[part]bool{}
	of := func(r row, from Status) place { return place{r.action, r.kind, from, r.prior} }
	for _, r := range machine {
		for _, from := range r.from {
			for _, who := range r.by {
				if may[of(r, from)] == nil {
					may[of(r, from)] = map[part]bool{}
				}
				may[of(r, from)][part{who.Role, who.Unit}] = true
			}
		}
	}
	for _, r := range machine {
		if r.action == Urge || r.action == Undo || r.how == "unreviewed" { // by who did what before: TestUrging, TestUndo, TestTheRegulatorRegistersOnlyTheUnreviewed
			continue
		}
		route := Government
		if r.route != "" {
			route = r.route
		}
		for _, from := range r.from {
			t.Run(strings.Join([]string{string(r.kind), string(from), string(r.action), r.prior}, " "), func(t *testing.T) {
				t.Parallel()
				w := r.prepare(t, Procedure, from, route)
				if from == "" {
					w.c.start(w.open)
				}
				for _, who := range append(everybody, timer) {
					if may[of(r, from)][part{who.Role, who.Unit}] || r.also(who) {
						continue
					}
					if err := Permit(w.c, who, r.action); CodeOf(err) != NotYourRole {
						t.Errorf("%s as %s of %s: %v", who.Person, who.Role, who.Unit, err)
					}
				}
			})
		}
	}
}

// also reports whether the row's part is one of several, of which the table names some: any desk of the issuer, any seat.
func (r row) also(who Actor) bool {
	switch {
	case slices.ContainsFunc(r.by, func(a Actor) bool { return a.Unit == "gov" }):
		return who.Unit == "gov" || who.Unit == "dept" && who.Role == Handler
	case slices.Contains(r.by, seat1):
		return who.Role == UnitHead && (who.Unit == "fin" || who.Unit == "ndrc" || who.Unit == "mot")
	}
	return false
}

func TestWhoMayNot(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		kind   Kind
		route  Route
		at     Status
		action ActionKind
		who    Actor
		want   Code
	}{
		{"a stranger", New, Department, SelfReview, SendCheck, stranger, NotYourRole},
		{"an administrator", New, Government, RegSign, ApprovePass, admin, NotYourRole},
		{"the handler may not sign", New, Department, UnitSign, ConcludePass, handler, NotYourRole},
		{"the regulator has no step on the department route", New, Department, UnitSign, ApprovePass, approver, WrongRoute},
		{"the unit does not conclude on the government route", New, Government, UnitSign, ConcludePass, head, WrongRoute},
		{"not before its turn", New, Government, Submitted, DraftOpinion, officer, NotYourTurn},
		{"a new measure is not kept", New, Government, RegReview, KeepMeasure, head, WrongRoute},
		{"who drafted may not check", New, Department, UnitCheck, SendSign, drafterB, SameHand},
		{"who drafted may not conclude", New, Department, UnitSign, ConcludePass, drafterU, SameHand},
		{"who drafted may not sign the preliminary opinion", New, Government, UnitSign, SignPrelim, drafterU, SameHand},
		{"who proposed may not keep", Existing, Department, StockSign, KeepMeasure, drafterU, SameHand},
		{"the officer may not sign", New, Government, RegSign, ApprovePass, officerP, SameHand},
		{"the drafter is not the officer", New, Government, Submitted, Accept, drafterO, TwoSides},
		{"a unit without a seat", New, Government, JointReview, GivePosition, govHead, NotYourRole},
		{"the drafting unit's head has no seat", New, Government, JointReview, GivePosition, head, NotYourRole},
		{"an expert who is not on the panel", New, Government, ExpertReview, AcceptSeat, expertS, NotYourRole},
		{"an expert who has not accepted", New, Government, ExpertReview, GiveOpinion, expert1, NotYourTurn},
		{"opinions are opened once", New, Government, RegReview, OpenOpinions, officer, NotYourTurn},
		{"no withdrawal nobody asked for", New, Government, PrelimDone, Withdraw, head, NothingAsked},
		{"no recall nobody asked for", New, Government, RegReview, AgreeRecall, officer, NothingAsked},
		{"no panel against the record by one hand", New, Government, RegReview, FormPanel, officer, SecondNeeded},
		{"no waiver where nothing is proposed", New, Government, RegReview, AskSkipPanel, officer, NothingAsked},
		{"giving up needs a failing conclusion", New, Department, Revising, GiveUp, head, NotYourTurn},
		{"only a failing conclusion is answered by reporting changes", New, Government, Revising, ReportChanges, handler, NotYourTurn},
		{"nothing to close before the conclusion", New, Department, SelfReview, CloseUnissued, head, NotYourTurn},
		{"the proposal needs a request", Existing, Government, SuspendedExec, ProposeRepeal, head, NothingAsked},
		{"confirmation is off", Existing, Government, StockSign, SendConfirm, head, OverlayOff},
		{"a timer does what a person does not", New, Government, CorrectionAsked, ReturnOverdue, officer, NotYourRole},
		{"the officer concludes no clean-up", Existing, Government, StockConfirm, KeepMeasure, officer, NotYourRole},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := at(t, tt.kind, tt.route, tt.at)
			if got := CodeOf(Permit(w.c, tt.who, tt.action)); got != tt.want {
				t.Errorf("Permit: %q, want %q", got, tt.want)
			}
			if got := CodeOf(w.apply(tt.action, tt.who, Details{})); got != tt.want {
				t.Errorf("Apply: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSecondHands(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview).do("ask_panel", officer)
	w.refused(SameHand, FormPanel, officer, nil)
	w = at(t, New, Department, UnitSign).do("ask_withdraw", handler)
	w.refused(SameHand, Withdraw, drafterU, nil)
	if got := Turns(w.c); len(got) != 1 || got[0].Role != UnitHead {
		t.Errorf("turns %v", got)
	}
	w = newWalk(t, New, Government)
	w.open.Measure.PublicInterest = "major"
	w.via(toDesk)
	w.refused(SecondNeeded, SkipPanel, officer2, nil)
	w.refused(PanelUndecided, DraftOpinion, officer, nil)
	w.do("ask_skip_panel", officer)
	w.refused(SameHand, SkipPanel, officer, nil)
	w.do("skip_panel", approver)
	if w.c.Waived.AskedBy != "o1" || w.c.Waived.By != "p1" || w.c.Request != nil {
		t.Errorf("waiver %+v", w.c.Waived)
	}
	w.do("draft_opinion")
}

func TestTheOfficerWhoAcceptedSignsNoColleaguesDraft(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview).do("draft_opinion", officer2)
	w.refused(SameHand, ApprovePass, officerP, nil) // officer accepted it
	w.refused(SameHand, ApprovePass, Actor{Person: "o2", Unit: "amr", Role: Approver}, nil)
	w.do("approve_pass")
}

func TestOverlaysOff(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government)
	w.open.Rules.Joint, w.open.Rules.Panel = false, false
	w.open.Measure.PublicInterest = "major"
	w.via(toDesk)
	w.refused(OverlayOff, Convene, officer, nil)
	w.refused(OverlayOff, FormPanel, officer, nil)
	w.do("draft_opinion").do("approve_pass")
	w = newWalk(t, Existing, Government)
	w.open.Rules.StockConfirm = true
	w.via(toStock).refused(ConfirmNeeded, KeepMeasure, head, nil)
}

// breach is what breaks one guard of the procedure, and how it is refused.
type breach struct {
	name   string
	kind   Kind
	route  Route
	at     Status
	action ActionKind
	alter  func(*Details)
	want   Code
}

// guards hold under both revisions.
var guards = []breach{
	{"opening: nothing", New, Department, "", Register, func(d *Details) { d.Opening = nil }, Missing},
	{"opening: a state secret is handled off line", New, Department, "", Register, func(d *Details) { d.Opening.Secret = true }, StateSecret},
	{"opening: no article for the route", New, Department, "", Register, func(d *Details) { d.Opening.RouteArticle = "" }, Missing},
	{"opening: no title", New, Department, "", Register, func(d *Details) { d.Opening.Measure.Title = " " }, Missing},
	{"opening: an existing measure is not registered", New, Department, "", Register, func(d *Details) { d.Opening.Kind = Existing }, WrongRoute},
	{"opening: no such route", New, Department, "", Register, func(d *Details) { d.Opening.Route = "city" }, Invalid},
	{"opening: an odd public interest", New, Department, "", Register, func(d *Details) { d.Opening.Measure.PublicInterest = "huge" }, Invalid},
	{"opening: an existing measure without its number", Existing, Department, "", Inventory, func(d *Details) { d.Opening.Measure.DocNo = "" }, Missing},
	{"opening: an existing measure issued tomorrow", Existing, Department, "", Inventory, func(d *Details) { d.Opening.Measure.IssuedOn = DateOf(start).AddDays(1) }, Invalid},
	{"G1: no decision", New, Department, Drafting, MarkOutOfScope, func(d *Details) { d.Scope = nil }, Missing},
	{"G2: nobody heard", New, Department, Drafting, StartReview, func(d *Details) { d.Heard = nil }, NotHeard},
	{"G2: heard in the future", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.To = DateOf(start).AddDays(9) }, Invalid},
	{"G2: ended before it began", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.From = d.Heard.To.AddDays(1) }, Invalid},
	{"G2: a ground for hearing nobody, without reason", New, Department, Drafting, StartReview, func(d *Details) { d.Heard = &Consultation{NoneGround: "secret"} }, Missing},
	{"G2: an unknown ground", New, Department, Drafting, StartReview, func(d *Details) { d.Heard = &Consultation{NoneGround: "hurry", NoneReason: "x"} }, Invalid},
	{"G2: resumed without hearing", New, Government, Suspended, Resume, func(d *Details) { d.Heard = nil }, NotHeard},
	{"G2: an existing measure never reviewed", Existing, Department, StockReview, SendSign, func(d *Details) { d.Heard = nil }, NotHeard},
	{"G3: no checklist", New, Department, SelfReview, SendCheck, func(d *Details) { d.Checklist = nil }, Missing},
	{"G3: an item left open", New, Department, SelfReview, SendCheck, func(d *Details) { d.Checklist.Clear = d.Checklist.Clear[1:] }, ItemsOpen},
	{"G3: 办法 24 left open", New, Department, SelfReview, SendCheck, func(d *Details) { d.Checklist.Clear = d.Checklist.Clear[:len(d.Checklist.Clear)-1] }, ItemsOpen},
	{"G3: an unknown item", New, Department, SelfReview, SendCheck, func(d *Details) { d.Checklist.Clear = append(d.Checklist.Clear, "IMP-99-1") }, ItemUnknown},
	{"G3: old standards", New, Department, SelfReview, SendCheck, func(d *Details) { d.Checklist.Standards = "2021-06-29" }, StandardsOld},
	{"G3: another text", New, Department, SelfReview, SendCheck, func(d *Details) { d.Checklist.TextHash = hash("other") }, TextMismatch},
	{"G3: a finding without clause", New, Department, SelfReview, SendCheck, find1(func(f *Finding) { f.Clause = "" }), FindingOpen},
	{"G3: a finding without change", New, Department, SelfReview, SendCheck, find1(func(f *Finding) { f.Change = "" }), FindingOpen},
	{"G3: a finding without effect", New, Department, SelfReview, SendCheck, find1(func(f *Finding) { f.Effect = "" }), FindingOpen},
	{"G3: costs without the question of the legal basis", New, Department, SelfReview, SendCheck, find1(func(f *Finding) { f.Item, f.Basis = "IMP-19-3", "" }), BasisOpen},
	{"G3: an item answered yes and no", New, Department, SelfReview, SendCheck, func(d *Details) { d.Checklist.Findings = []Finding{finding("IMP-14-1")} }, Invalid},
	{"G3: a breach put without finding", New, Government, RegReview, PutBreach, func(d *Details) { d.Findings = nil }, Missing},
	{"G3: revising without finding", New, Department, SelfReview, Revise, func(d *Details) { d.Findings = nil }, Missing},
	{"G4: no text", New, Department, Drafting, StartReview, func(d *Details) { d.Text = nil }, Missing},
	{"G4: a text that is no hash", Existing, Department, Inventoried, StartReview, func(d *Details) { d.Text.Hash = "v1" }, Missing},
	{"G6: no conclusion", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion = nil }, Missing},
	{"G6: the finding is another", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.Result = Fails }, Invalid},
	{"G6: another text", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.TextHash = hash("other") }, TextMismatch},
	{"G6: old standards", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.Standards = "2021-06-29" }, StandardsOld},
	{"G6: no number", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.DocNo = " " }, Missing},
	{"G6: signed tomorrow", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.SignedOn = DateOf(start).AddDays(1) }, Invalid},
	{"G6: government: signed without number", New, Government, RegSign, ApprovePass, func(d *Details) { d.Conclusion.DocNo = "" }, Missing},
	{"G6: government: signed with nothing", New, Government, RegSign, ApprovePass, func(d *Details) { d.Conclusion = nil }, Missing},
	{"a failing conclusion without breach", New, Department, UnitSign, ConcludeFail, func(d *Details) { d.Conclusion.Findings = nil }, NoBreach},
	{"a failing draft without breach", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion.Result = Fails }, NoBreach},
	{"a pass with a finding", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.Findings = []Finding{finding("IMP-14-1")} }, BreachOpen},
	{"a passing draft with a finding", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion.Findings = []Finding{finding("IMP-14-1")} }, BreachOpen},
	{"an exception nobody argued", New, Department, UnitSign, ConcludeExc, nil, ExceptionOpen},
	{"an exception the unit never argued", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion.Result = MeetsByExc }, ExceptionOpen},
	{"G8: no packet", New, Government, PrelimDone, Submit, func(d *Details) { d.Packet = nil }, Missing},
	{"G8: no note", New, Government, PrelimDone, Submit, func(d *Details) { delete(d.Packet.Documents, SlotNote) }, PacketOpen},
	{"G8: no preliminary opinion", New, Government, PrelimDone, Submit, func(d *Details) { delete(d.Packet.Documents, SlotPrelim) }, PacketOpen},
	{"G8: another draft", New, Government, PrelimDone, Submit, func(d *Details) { d.Packet.Documents[SlotDraft] = hash("other") }, TextMismatch},
	{"G8: a note without basis", New, Government, PrelimDone, Submit, func(d *Details) { d.Packet.NoteBasis = "" }, Missing},
	{"G8: no official letter", New, Government, PrelimDone, Submit, func(d *Details) { d.Packet.LetterNo = "" }, Missing},
	{"G9: nothing listed", New, Government, Submitted, AskCorrection, func(d *Details) { d.Slots = nil }, Missing},
	{"G9: the draft is not corrected but revised", New, Government, Submitted, AskCorrection, func(d *Details) { d.Slots = []Slot{SlotDraft} }, Invalid},
	{"G9: no reason", New, Government, Submitted, AskCorrection, func(d *Details) { d.Reason = "" }, Missing},
	{"G9: more than a year", New, Government, Submitted, AskCorrection, func(d *Details) { d.Days = 251 }, Invalid},
	{"G9: a negative period", New, Government, Submitted, Suspend, func(d *Details) { d.Days = -1 }, Invalid},
	{"G9: a slot nobody asked for", New, Government, CorrectionAsked, Correct, func(d *Details) { d.Packet.Documents[SlotPrelim] = hash("x") }, SlotNotAsked},
	{"G9: the draft by the side door", New, Government, CorrectionAsked, Correct, func(d *Details) { d.Packet.Documents[SlotDraft] = hash("x") }, SlotNotAsked},
	{"G9: a slot that does not exist", New, Government, CorrectionAsked, Correct, func(d *Details) { d.Packet.Documents["annex"] = hash("x") }, SlotNotAsked},
	{"G9: an asked slot left out", New, Government, CorrectionAsked, Correct, func(d *Details) { d.Packet.Documents = nil }, PacketOpen},
	{"G9: the same document again", New, Government, CorrectionAsked, Correct, func(d *Details) { d.Packet.Documents[SlotNote] = hash("note") }, TextUnchanged},
	{"G10: the same text", New, Department, Revising, NewVersion, sameText, TextUnchanged},
	{"G10: the same text at once", New, Government, ConsultUnit, ChangeAtOnce, sameText, TextUnchanged},
	{"G10: nothing answered", New, Government, ConsultUnit, ChangeAtOnce, func(d *Details) { d.Answers = nil }, ChangesOpen},
	{"G10: an odd answer", New, Government, ConsultUnit, ChangeAtOnce, func(d *Details) { d.Answers[0].Answer = "perhaps" }, Invalid},
	{"G10: a change nobody required", New, Government, ConsultUnit, ChangeAtOnce, func(d *Details) { d.Answers[0].Change = "r9-9" }, Invalid},
	{"G10: refused without reason", New, Government, ConsultUnit, ChangeAtOnce, func(d *Details) { d.Answers[0].Answer = "not" }, Missing},
	{"G10: no change without reason", New, Government, ConsultUnit, NoChange, func(d *Details) { d.Reason = "" }, Missing},
	{"G11: another text", New, Department, ConcludedPass, RegisterIssue, func(d *Details) { d.Issue.TextHash = hash("other") }, TextMismatch},
	{"G11: no text", New, Department, ConcludedPass, RegisterIssue, func(d *Details) { d.Issue.TextHash = "" }, Missing},
	{"G11: no number", New, Department, ConcludedPass, RegisterIssue, func(d *Details) { d.Issue.DocNo = "" }, Missing},
	{"G11: issued before it was concluded", New, Department, ConcludedPass, RegisterIssue, func(d *Details) { d.Issue.On = DateOf(start).AddDays(-1) }, Invalid},
	{"G11: issued tomorrow", New, Department, ConcludedPass, RegisterIssue, func(d *Details) { d.Issue.On = DateOf(start).AddDays(2) }, Invalid},
	{"a material change without another text", New, Department, ConcludedPass, MaterialChange, sameText, TextUnchanged},
	{"joint: no seats", New, Government, RegReview, Convene, func(d *Details) { d.Seats = nil }, Missing},
	{"joint: the drafting unit has no seat", New, Government, RegReview, Convene, func(d *Details) { d.Seats[0].Unit = "dept" }, Invalid},
	{"joint: a unit twice", New, Government, RegReview, Convene, func(d *Details) { d.Seats[0].Unit = d.Seats[1].Unit }, Invalid},
	{"joint: a remit that is not in the text", New, Government, RegReview, Convene, func(d *Details) { d.Seats[0].Remit = []string{"第九条"} }, Invalid},
	{"joint: no position", New, Government, JointReview, GivePosition, func(d *Details) { d.NoObjection = false }, Missing},
	{"joint: breach without reason", New, Government, JointReview, GivePosition, position(Position{Clause: "第一条", Value: -2}), Missing},
	{"joint: off the scale", New, Government, JointReview, GivePosition, position(Position{Clause: "第一条", Value: 3}), Invalid},
	{"joint: an unknown clause", New, Government, JointReview, GivePosition, position(Position{Clause: "第九条", Value: 1}), Invalid},
	{"joint: an unknown item", New, Government, JointReview, GivePosition, position(Position{Clause: "第一条", Value: 1, Item: "X"}), ItemUnknown},
	{"joint: seats have time", New, Government, JointReview, CloseJoint, nil, SeatsOpen},
	{"panel: no question", New, Government, ExpertReview, ClosePanel, nil, Sealed},
	{"panel: no opinions yet", New, Government, ExpertReview, OpenOpinions, nil, QuorumOpen},
	{"panel: no declaration", New, Government, ExpertReview, AcceptSeat, func(d *Details) { d.NoConflict = false }, Missing},
	{"panel: no pledge", New, Government, ExpertReview, AcceptSeat, func(d *Details) { d.Pledge = false }, Missing},
	{"panel: recusal needs a reason", New, Government, ExpertReview, Recuse, func(d *Details) { d.Reason = "" }, Missing},
	{"a request without reason", New, Department, SelfReview, AskWithdraw, func(d *Details) { d.Reason = "" }, Missing},
	{"G9: a correction with nothing", New, Government, CorrectionAsked, Correct, func(d *Details) { d.Packet = nil }, Missing},
	{"joint: no objection, and one", New, Government, JointReview, GivePosition, func(d *Details) { d.Positions = []Position{{Clause: "第一条", Value: 1}} }, Invalid},
	{"opening: no day of issue", Existing, Department, "", Inventory, func(d *Details) { d.Opening.Measure.IssuedOn = "" }, Invalid},
	{"revised: an exception without points", New, Department, Revising, NewVersion, func(d *Details) { d.Exception = &Exception{} }, ExceptionOpen},
	{"draft: nothing", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion = nil }, Missing},
	{"draft: a finding without clause", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion.Findings = []Finding{{Item: "IMP-14-1"}} }, FindingOpen},
	{"draft: a finding of no item", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion.Findings = []Finding{{Item: "IMP-99-1"}} }, ItemUnknown},
	{"existing: nothing decided", Existing, Department, StockSign, KeepMeasure, func(d *Details) { d.Conclusion = nil }, Missing},
	{"existing: kept without number", Existing, Department, StockSign, KeepMeasure, func(d *Details) { d.Conclusion.DocNo = "" }, Missing},
	{"existing: an exception nobody argued", Existing, Department, StockSign, KeepByException, nil, ExceptionOpen},
	{"existing: no checklist", Existing, Department, StockReview, SendSign, func(d *Details) { d.Checklist = nil }, Missing},
	{"existing: an exception proposed and not argued", Existing, Department, StockReview, SendSign, func(d *Details) { d.Proposal = "exception" }, ExceptionOpen},
	{"existing: an amendment without number", Existing, Department, ToRevise, RegisterAmendment, func(d *Details) { d.Issue.DocNo = "" }, Missing},
	{"existing: no proposal", Existing, Department, StockReview, SendSign, func(d *Details) { d.Proposal = "maybe" }, Missing},
	{"existing: revise without breach", Existing, Department, StockSign, DecideRevise, nil, NoBreach},
	{"existing: a finding nobody could answer", Existing, Department, StockSign, SendBack, func(d *Details) { d.Findings = []Finding{finding("IMP-14-1")} }, Invalid},
	{"existing: no case that amends it", Existing, Department, ToRevise, RegisterAmendment, func(d *Details) { d.Linked = "" }, Missing},
	{"existing: no repealing document", Existing, Department, ToRepeal, RegisterRepeal, func(d *Details) { d.Issue = nil }, Missing},
}

// oldGuards are how cases that opened before the second revision are refused.
var oldGuards = []breach{
	{"G1: a superior document is no ground", New, Department, Drafting, MarkOutOfScope, func(d *Details) { d.Scope.Ground = "superior_document" }, SuperiorNoBasis},
	{"G1: no article", New, Department, Drafting, MarkOutOfScope, func(d *Details) { d.Scope.Article = "" }, Missing},
	{"G1: no reason", Existing, Department, Inventoried, MarkOutOfScope, func(d *Details) { d.Scope.Reason = "　" }, Missing},
	{"G1: no text", New, Department, Drafting, MarkOutOfScope, func(d *Details) { d.Scope.TextHash = "" }, Missing},
	{"G1: a text that is no hash", New, Department, Drafting, MarkOutOfScope, func(d *Details) { d.Scope.TextHash = "v1" }, Invalid},
	{"G2: nothing said", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.Said = "" }, NotHeard},
	{"G6: not written", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.Written = "" }, Missing},
	{"G6: how opinions were heard", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.HowHeard = "" }, Missing},
	{"G6: government: no word of the preliminary opinion", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion.Prelim = "" }, Missing},
	{"G6: government: no such finding", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion.Result = "meets_if_amended" }, Invalid},
	{"a material change that is none", New, Department, ConcludedPass, MaterialChange, func(d *Details) { d.Material = false }, Missing},
	{"revised: new opinions without words", New, Department, Revising, NewVersion, func(d *Details) { d.Heard = &Consultation{Whom: "协会"} }, NotHeard},
}

// newGuards came with the second revision.
var newGuards = []breach{
	{"opening: a revision nobody knows", New, Department, "", Register, func(d *Details) { d.Opening.Procedure = Procedure + 1 }, Invalid},
	{"opening: a revision below none", New, Department, "", Register, func(d *Details) { d.Opening.Procedure = -1 }, Invalid},
	{"opening: the public interest was not asked", New, Department, "", Register, func(d *Details) { d.Opening.Measure.PublicInterest = "" }, Missing},
	{"opening: a new measure is not found unreviewed", New, Department, "", Register, func(d *Details) { d.Opening.Unreviewed = true }, Invalid},
	{"opening: issued before the year 2000", Existing, Department, "", Inventory, func(d *Details) { d.Opening.Measure.IssuedOn = "1999-12-31" }, Invalid},
	{"G1: no answers", New, Department, Drafting, MarkOutOfScope, func(d *Details) { d.Scope.Answers = nil }, ScopeOpen},
	{"G1: answers that lead into scope", New, Department, Drafting, MarkOutOfScope, func(d *Details) { d.Scope.Answers = scopeWay(true) }, Invalid},
	{"G1: an answer without reason leads nobody out", New, Department, Drafting, MarkOutOfScope, func(d *Details) { d.Scope.Answers[len(d.Scope.Answers)-1].Reason = " " }, Missing},
	{"G1: no reason on the whole", Existing, Department, Inventoried, MarkOutOfScope, func(d *Details) { d.Scope.Reason = "　" }, Missing},
	{"G1: decided on no text", New, Department, Drafting, MarkOutOfScope, func(d *Details) { d.Scope.TextHash = "" }, Missing},
	{"G1: a review without the scope answers", New, Department, Drafting, StartReview, func(d *Details) { d.Scope = nil }, Missing},
	{"G1: a review of what is out of scope", New, Department, Drafting, StartReview, func(d *Details) { d.Scope.Answers = scopeWay(false) }, Invalid},
	{"G1: a review with the questions half answered", Existing, Department, Inventoried, StartReview, func(d *Details) { d.Scope.Answers = d.Scope.Answers[:1] }, ScopeOpen},
	{"G8: a document no list knows", New, Government, PrelimDone, Submit, func(d *Details) { d.Packet.Documents["minutes"] = hash("minutes") }, Invalid},
	{"G2: nobody named by kind", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.Kinds = nil }, Missing},
	{"G2: an unknown kind", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.Kinds = []string{"friends"} }, Invalid},
	{"G2: not asked about competition", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.Asked = false }, Missing},
	{"G2: no opinion, and not said that nobody answered", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.Opinions = nil }, Missing},
	{"G2: opinions, and yet nobody answered", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.NoReplies = true }, Invalid},
	{"G2: an opinion of nobody", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.Opinions[0].From = "" }, Missing},
	{"G2: an opinion without words", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.Opinions[0].Said = " " }, Missing},
	{"G2: an opinion not answered", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.Opinions[0].Answer = "" }, Invalid},
	{"G2: an opinion refused without reason", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.Opinions[1].Why = "" }, Missing},
	{"G2: heard before the year 2000", New, Department, Drafting, StartReview, func(d *Details) { d.Heard.From = "1999-12-31" }, Invalid},
	{"G3: a basis of no item", New, Department, SelfReview, SendCheck, based(Based{Clause: "第二条", Item: "IMP-99-1", Kind: "law", Which: "x"}), ItemUnknown},
	{"G3: a basis outside the costs group", New, Department, SelfReview, SendCheck, based(Based{Clause: "第二条", Item: "IMP-14-1", Kind: "law", Which: "x"}), Invalid},
	{"G3: a provincial rule is no basis", New, Department, SelfReview, SendCheck, based(Based{Clause: "第二条", Item: "IMP-19-3", Kind: "provincial_rule", Which: "某省规章"}), BasisOpen},
	{"G3: a basis without its name", New, Department, SelfReview, SendCheck, based(Based{Clause: "第二条", Item: "IMP-19-3", Kind: "law"}), BasisOpen},
	{"G3: a reason for an item that was not answered", New, Department, SelfReview, SendCheck, func(d *Details) { d.Checklist.Notes = []Note{{Item: "IMP-99-1", Reason: "x"}} }, Invalid},
	{"G6: not written", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.Written = "" }, ConclusionOpen},
	{"G6: how opinions were heard", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.HowHeard = "" }, ConclusionOpen},
	{"G6: advice without words", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.Advice = []string{" "} }, ConclusionOpen},
	{"G6: a ground for hearing nobody that is not the recorded one", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.NotHeard = "secret" }, ConclusionOpen},
	{"G6: government: no word of the preliminary opinion", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion.Prelim = "" }, ConclusionOpen},
	{"G6: government: no such finding", New, Government, RegReview, DraftOpinion, func(d *Details) { d.Conclusion.Result = "meets_if_amended" }, ConclusionOpen},
	{"G6: signed before the year 2000", New, Department, UnitSign, ConcludePass, func(d *Details) { d.Conclusion.SignedOn = "1999-12-31" }, Invalid},
	{"G10: adopted, in a clause that is not there", New, Government, ConsultUnit, ChangeAtOnce, func(d *Details) { d.Answers[0].Clause = "第九条" }, Invalid},
	{"G11: issued before the year 2000", New, Department, ConcludedPass, RegisterIssue, func(d *Details) { d.Issue.On = "1999-12-31" }, Invalid},
	{"G11: a difference without the three questions", New, Department, ConcludedPass, RegisterIssue, func(d *Details) { d.Issue.TextHash, d.Issue.Difference = hash("other"), "三个问题均答否" }, TextMismatch},
	{"G11: the three questions without a statement", New, Department, ConcludedPass, RegisterIssue, func(d *Details) { d.Issue.TextHash, d.Issue.Questions = hash("other"), &Questions{Met: true} }, Missing},
	{"G11: a material difference", New, Department, ConcludedPass, RegisterIssue, func(d *Details) { d.Issue.TextHash, d.Issue.Questions = hash("other"), material() }, MaterialText},
	{"a material change without the three questions", New, Department, ConcludedPass, MaterialChange, func(d *Details) { d.Questions = nil }, Missing},
	{"a material change without a statement", New, Department, ConcludedPass, MaterialChange, func(d *Details) { d.Questions.Why = "" }, Missing},
	{"a material change of which one answer is no", New, Department, ConcludedPass, MaterialChange, func(d *Details) { d.Questions.Important = false }, Invalid},
	{"revised: new opinions without words", New, Department, Revising, NewVersion, func(d *Details) { d.Heard = &Consultation{Whom: "协会"} }, Missing},
	{"legality: nothing", New, Department, Legality, RecordLegality, func(d *Details) { d.Legal = nil }, Missing},
	{"legality: no such result", New, Department, Legality, RecordLegality, func(d *Details) { d.Legal.Result = "maybe" }, Invalid},
	{"legality: by nobody", New, Department, Legality, RecordLegality, func(d *Details) { d.Legal.By = "" }, Missing},
	{"legality: tomorrow", New, Department, Legality, RecordLegality, func(d *Details) { d.Legal.On = d.Legal.On.AddDays(2) }, Invalid},
	{"legality: failed without a word", New, Department, Legality, RecordLegality, func(d *Details) { d.Legal.Result = "fail" }, Missing},
	{"delivery: nothing", New, Government, ConcludedPass, Deliver, func(d *Details) { d.Delivery = nil }, Missing},
	{"delivery: sealed before it was signed", New, Government, ConcludedPass, Deliver, func(d *Details) { d.Delivery.SealedOn = d.Delivery.SealedOn.AddDays(-1) }, Invalid},
	{"delivery: before it was sealed", New, Government, ConcludedPass, Deliver, func(d *Details) { d.Delivery.On = d.Delivery.On.AddDays(-1) }, Invalid},
	{"delivery: tomorrow", New, Government, ConcludedFail, Deliver, func(d *Details) { d.Delivery.On = d.Delivery.On.AddDays(2) }, Invalid},
	{"delivery: by no way", New, Government, ConcludedPass, Deliver, func(d *Details) { d.Delivery.How = "pigeon" }, Invalid},
	{"delivery: to nobody", New, Government, ConcludedPass, Deliver, func(d *Details) { d.Delivery.Receiver = " " }, Missing},
	{"mediation: no reason", New, Government, ConcludedFail, AskMediation, func(d *Details) { d.Reason = "" }, Missing},
	{"exception: an evaluation without a report", New, Department, IssuedException, Evaluate, func(d *Details) { d.Report = "" }, Missing},
	{"exception: an evaluation without a finding", New, Department, IssuedException, Evaluate, func(d *Details) { d.Reason = "" }, Missing},
	{"exception: carried on by no case", New, Department, IssuedException, RegisterExtension, func(d *Details) { d.Linked = "0b5c" }, Missing},
	{"urging without a reason", New, Government, Submitted, Urge, func(d *Details) { d.Reason = " " }, Missing},
	{"undo without a reason", New, Government, Submitted, Undo, func(d *Details) { d.Reason = " " }, Missing},
}

// TestGuards breaks each guard and meets the code that names it.
func TestGuards(t *testing.T) {
	t.Parallel()
	breakEach(t, Procedure, append(slices.Clone(guards), newGuards...))
}

// TestGuardsOfOldCases: a case keeps the guards of the procedure under which it opened.
func TestGuardsOfOldCases(t *testing.T) {
	t.Parallel()
	breakEach(t, 1, append(slices.Clone(guards), oldGuards...))
}

func breakEach(t *testing.T, procedure int, list []breach) {
	for _, tt := range list {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := atUnder(t, procedure, tt.kind, tt.route, tt.at)
			w.refused(tt.want, tt.action, w.usual(tt.action), func(d *Details) {
				if tt.alter != nil {
					tt.alter(d)
				}
				if d.Text != nil && d.Text.Hash == "same" {
					d.Text.Hash = w.c.Text.Hash
				}
			})
		})
	}
}

func sameText(d *Details) { d.Text.Hash = "same" }

// find1 makes one answer of the checklist a finding, altered.
func find1(alter func(*Finding)) func(*Details) {
	return func(d *Details) {
		f := finding("IMP-14-1")
		alter(&f)
		d.Checklist.Findings = []Finding{f}
		d.Checklist.Clear = slices.DeleteFunc(d.Checklist.Clear, func(id string) bool { return id == f.Item })
	}
}

// based answers an item by a basis that was found.
func based(b Based) func(*Details) {
	return func(d *Details) {
		d.Checklist.Based = []Based{b}
		d.Checklist.Clear = slices.DeleteFunc(d.Checklist.Clear, func(id string) bool { return id == b.Item })
	}
}

func position(p Position) func(*Details) {
	return func(d *Details) { d.NoObjection, d.Positions = false, []Position{p} }
}

func TestPublicInterestAsksForThePublic(t *testing.T) {
	t.Parallel()
	for procedure := 1; procedure <= Procedure; procedure++ {
		w := walkUnder(t, procedure, New, Department)
		w.open.Measure.PublicInterest = "touched"
		w.do("register").refused(PublicNotHeard, StartReview, handler, func(d *Details) { d.Heard.PublicHeard, d.Heard.Kinds = false, []string{"competitors"} })
		w.do("start_review")
	}
	w := newWalk(t, New, Department).do("register") // nothing touched: operators are enough
	d := w.details(StartReview, "")
	d.Heard.Kinds = []string{"competitors"}
	if err := w.apply(StartReview, handler, d); err != nil {
		t.Error(err)
	}
}

func TestAGroundForHearingNobody(t *testing.T) {
	t.Parallel()
	w := at(t, New, Department, Drafting)
	d := w.details(StartReview, "")
	d.Heard = &Consultation{NoneGround: "secret", NoneReason: "涉及商业秘密，知悉范围限定"}
	if err := w.apply(StartReview, handler, d); err != nil {
		t.Fatal(err)
	}
	w.via("send_check send_sign")
	w.refused(ConclusionOpen, ConcludePass, head, func(d *Details) { d.Conclusion.NotHeard = "" })
	w.refused(ConclusionOpen, ConcludePass, head, func(d *Details) { d.Conclusion.NotHeard = "tender" })
	if w.do("conclude_pass"); w.c.Conclusion.NotHeard != "secret" {
		t.Errorf("the conclusion repeats %q", w.c.Conclusion.NotHeard)
	}
}

func TestExceptionPoints(t *testing.T) {
	t.Parallel()
	today := DateOf(start)
	for _, tt := range []struct {
		name  string
		alter func(*Exception)
		want  Code
	}{
		{"complete", func(*Exception) {}, ""},
		{"an end condition", func(e *Exception) { e.Until, e.Condition = "", "国家储备体系建成之日" }, ""},
		{"no ground", func(e *Exception) { e.Ground = "" }, ExceptionOpen},
		{"a ground the law does not know", func(e *Exception) { e.Ground = "REG-12-5" }, ExceptionOpen},
		{"no effect", func(e *Exception) { e.Effect = " " }, ExceptionOpen},
		{"no alternatives weighed", func(e *Exception) { e.Alternatives = "" }, ExceptionOpen},
		{"no reason for the period", func(e *Exception) { e.PeriodWhy = "" }, ExceptionOpen},
		{"neither period nor condition", func(e *Exception) { e.Until = "" }, ExceptionOpen},
		{"long-term is no condition", func(e *Exception) { e.Until, e.Condition = "", "长期" }, ExceptionOpen},
		{"long-term is no day", func(e *Exception) { e.Until = "长期" }, ExceptionOpen},
		{"ended yesterday", func(e *Exception) { e.Until = today.AddDays(-1) }, ExceptionOpen},
		{"ends today", func(e *Exception) { e.Until = today }, ExceptionOpen},
		{"ends tomorrow", func(e *Exception) { e.Until = today.AddDays(1) }, ""},
		{"ten years to the day", func(e *Exception) { e.Until = today.AddYears(10) }, ""},
		{"a day more than ten years", func(e *Exception) { e.Until = today.AddYears(10).AddDays(1) }, ExceptionOpen},
		{"30 February", func(e *Exception) { e.Until = "2027-02-30" }, ExceptionOpen},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := at(t, New, Department, SelfReview)
			d := w.details(SendCheck, "exception")
			tt.alter(d.Exception)
			if got := CodeOf(w.apply(SendCheck, handler, d)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAnExceptionClaimedDoesNotLetABreachPass(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Department).via(toExc)
	w.refused(BreachOpen, ConcludePass, head, nil)
	w.do("conclude_exception")
}

func TestAnExceptionDoesNotSwallowRequiredChanges(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government).via(toExc + " sign_prelim submit accept ask_skip_panel skip_panel put_breach no_change")
	w.refused(BreachOpen, DraftOpinion, officer, func(d *Details) { d.Conclusion.Result = MeetsByExc })
	d := w.details(DraftOpinion, "exception")
	d.Conclusion.Dropped = []Withdrawal{{Change: w.c.Changes[0].ID, Reason: "属于适用例外规定的内容"}}
	if err := w.apply(DraftOpinion, officer, d); err != nil {
		t.Fatal(err)
	}
}

func TestAnExpiredExceptionIsNotSigned(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government).via(toExc)
	w.now = w.now.AddDate(1, 0, 0)
	w.refused(ExceptionOpen, SignPrelim, head, nil)
}

func TestTheSunsetOfAnException(t *testing.T) {
	t.Parallel()
	w := at(t, New, Department, IssuedException)
	if got := w.c.Clock.Due; !got.Equal(w.c.Exception.Until.End()) {
		t.Errorf("due %s", got)
	}
	if err := w.apply(ExceptionEnds, timer, Details{}); CodeOf(err) != NotYourTurn {
		t.Errorf("before the end: %v", err)
	}
	w.now = w.c.Clock.Due.Add(-time.Microsecond)
	if err := w.apply(ExceptionEnds, timer, Details{}); CodeOf(err) != NotYourTurn {
		t.Errorf("at the last instant of the last day: %v", err)
	}
	w.refused(Missing, ExceptionEnds, issuing, func(d *Details) { d.Reason = "" })
	w.do("exception_ends").do("register_stop")
	if w.c.Outcome != Keep {
		t.Errorf("outcome %q", w.c.Outcome)
	}
}

func TestAnEndConditionIsSomebodysTurn(t *testing.T) {
	t.Parallel()
	w := at(t, New, Department, SelfReview)
	d := w.details(SendCheck, "exception")
	d.Exception.Until, d.Exception.Condition = "", "储备体系建成"
	if err := w.apply(SendCheck, handler, d); err != nil {
		t.Fatal(err)
	}
	w.via("send_sign conclude_exception register_issue")
	if w.c.Clock != nil || len(Turns(w.c)) == 0 {
		t.Errorf("clock %v, turns %v", w.c.Clock, Turns(w.c))
	}
}

// TestConflict: two people at once on the main line, sixty seats, one seat in two tabs.
// Two officers close the same joint review: the second is told who was first, not that the case has moved on.
func TestTheSecondIsToldWhoWasFirst(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview)
	seen := w.c.Version
	draft := w.details(DraftOpinion, "")
	w.do("draft_opinion", officer)
	_, _, err := Apply(w.c, Action{Kind: DraftOpinion, Actor: officer2, Seen: seen, Details: draft}, w.now)
	if CodeOf(err) != Conflict {
		t.Errorf("from the page before: %v", err)
	}
	_, _, err = Apply(w.c, Action{Kind: DraftOpinion, Actor: officer2, Seen: w.c.Version, Details: draft}, w.now)
	if CodeOf(err) != NotYourTurn {
		t.Errorf("from the page of now: %v", err)
	}
	_, _, err = Apply(w.c, Action{Kind: DraftOpinion, Actor: handler, Seen: seen, Details: draft}, w.now)
	if CodeOf(err) == "" {
		t.Error("a stale page gives nobody a part in the case")
	}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview)
	seen, now := w.c.Version, w.now
	w.do("ask_panel", officer)
	_, _, err := Apply(w.c, Action{Kind: PutBreach, Actor: officer2, Seen: seen, Details: w.details(PutBreach, "")}, now)
	want := Refuse(Conflict, "who", "o1", "action", "ask_panel", "at", now.Format(time.RFC3339))
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Error(diff)
	}
	if got := at(t, New, Government, RegReview); CodeOf(func() error {
		_, _, err := Apply(got.c, Action{Kind: PutBreach, Actor: officer2, Seen: got.c.Version + 7, Details: got.details(PutBreach, "")}, now)
		return err
	}()) != "" {
		t.Error("a page newer than the case was refused")
	}

	w = at(t, New, Government, RegReview)
	d := Details{Days: 5}
	for i := range 60 {
		d.Seats = append(d.Seats, Invitation{Unit: "seat" + string(rune('A'+i))})
	}
	if err := w.apply(Convene, officer, d); err != nil {
		t.Fatal(err)
	}
	seen = w.c.Version
	for i := range 60 {
		who := Actor{Person: "p" + string(rune('A'+i)), Unit: "seat" + string(rune('A'+i)), Role: UnitHead}
		next, _, err := Apply(w.c, Action{Kind: GivePosition, Actor: who, Seen: seen, Details: Details{NoObjection: true}}, w.now)
		if err != nil {
			t.Fatalf("seat %d: %v", i, err)
		}
		w.c = next
	}
	who := Actor{Person: "pA", Unit: "seatA", Role: UnitHead}
	if _, _, err := Apply(w.c, Action{Kind: GivePosition, Actor: who, Seen: seen, Details: Details{NoObjection: true}}, w.now); CodeOf(err) != Conflict {
		t.Errorf("the same seat from a second tab: %v", err)
	}
	if _, _, err := Apply(w.c, Action{Kind: GivePosition, Actor: who, Seen: w.c.Version, Details: Details{NoObjection: true}}, w.now); err != nil {
		t.Errorf("the same seat, having looked: %v", err)
	}
	if _, _, err := Apply(w.c, Action{Kind: CloseJoint, Actor: officer, Seen: seen}, w.now); err != nil {
		t.Errorf("the officer is not in the way of seats: %v", err)
	}
}

func TestNobodySitsOnTwoSides(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview).do("give_position", seat1).do("joint_due").do("close_joint").do("ask_panel")
	w.refused(Invalid, FormPanel, officer2, func(d *Details) { d.Panel.Experts[2] = "s1" })
	w.refused(Invalid, FormPanel, officer2, func(d *Details) { d.Panel.Experts[2] = "h1" })
	w.do("form_panel").do("accept_invitation", expert1)
	// The expert turns up at the regulator, and is refused though the role fits.
	w.refused(TwoSides, ClosePanel, Actor{Person: "e1", Unit: "amr", Role: Officer}, nil)
	w.refused(TwoSides, ClosePanel, Actor{Person: "s1", Unit: "amr", Role: Officer}, nil)
}

// TestNoEscape is G13: after a breach was put or a review failed, only revising or not issuing is left.
func TestNoEscape(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, ConsultUnit).via("stop_talks")
	w.refused(NoEscape, AskRecall, handler, nil)
	w.refused(NoEscape, AgreeRecall, officer, nil)
	w.via("suspend reopen")
	w.refused(NoEscape, AskWithdraw, handler, nil)
	w.refused(NoEscape, Withdraw, head, nil)
	w.refused(NotYourTurn, CloseUnissued, head, nil)
	w.via("revise new_version send_check send_sign sign_prelim")
	w.refused(NoEscape, AskWithdraw, handler, nil)
	w.via("submit recall")
	w.refused(NoEscape, AskWithdraw, handler, nil)

	w = at(t, New, Department, ConcludedFail).via("revise")
	w.refused(NoEscape, AskWithdraw, handler, nil)
	w.refused(NotYourTurn, CloseUnissued, head, nil)
	w.via("new_version send_check send_sign send_back")
	w.refused(NoEscape, AskWithdraw, handler, nil)
	w.via("send_check send_sign conclude_pass material_change")
	w.refused(NoEscape, AskWithdraw, handler, nil)
	w.do("close_unissued")
	if w.c.Outcome != Amend {
		t.Errorf("outcome %q", w.c.Outcome)
	}

	// A breach put on the changed text cannot be left behind by closing the case as merely not issued.
	w = at(t, New, Government, ConcludedPass).via("material_change send_check send_sign sign_prelim submit accept put_breach stop_talks suspend reopen")
	w.refused(NoEscape, CloseUnissued, head, nil)
	w.refused(NotYourTurn, GiveUp, head, nil)
}

func TestARecallEndsWhenTheOfficerHasOpenedIt(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, Submitted).via("ask_correction correct")
	w.refused(NotYourTurn, Recall, handler, nil)
	w = at(t, New, Government, Suspended).via("resume")
	w.refused(NotYourTurn, Recall, handler, nil)
}

func TestACorrectionTouchesOnlyWhatWasAsked(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, CorrectionAsked)
	before := w.c
	w.do("correct")
	for slot, h := range before.Packet.Documents {
		if (w.c.Packet.Documents[slot] != h) != (slot == SlotNote) {
			t.Errorf("slot %s", slot)
		}
	}
	if w.c.Packet.NoteBasis != "补充依据" || w.c.Packet.LetterNo != before.Packet.LetterNo || w.c.Text.Hash != before.Text.Hash || before.Packet.NoteBasis != "上位规划" {
		t.Errorf("packet %+v", w.c.Packet)
	}
	w = at(t, New, Government, CorrectionAsked)
	w.now = w.c.Clock.Due.Add(-time.Microsecond)
	late := *w
	w.do("correct")
	late.now = late.now.Add(time.Microsecond)
	late.refused(NotYourTurn, Correct, handler, nil)
}

func TestACorrectionAndAJointReviewHaveAnEnd(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government)
	w.open.Rules.CorrectionDays, w.open.Rules.JointDays = 0, 0
	w.via(toPrelim+" submit").refused(Missing, AskCorrection, officer, func(d *Details) { d.Days = 0 })
	w.do("accept").refused(Missing, Convene, officer, func(d *Details) { d.Days = 0 })
	w = at(t, New, Government, Submitted)
	if err := w.apply(AskCorrection, officer, Details{Reason: "缺说明", Slots: []Slot{SlotNote}}); err != nil || w.c.Clock.Days != 3 {
		t.Errorf("the local default: %v, %v", err, w.c.Clock)
	}
}

func TestASuspensionMayHaveNoPeriod(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, Submitted)
	if err := w.apply(Suspend, officer, Details{Reason: "未听取意见"}); err != nil || w.c.Clock != nil {
		t.Fatalf("%v, clock %v", err, w.c.Clock)
	}
	w.now = w.now.AddDate(5, 0, 0)
	if err := w.apply(ReturnOverdue, timer, Details{}); CodeOf(err) != NotYourTurn {
		t.Errorf("no period, and yet returned: %v", err)
	}
}

// TestTimers: a timer fires once, not early, not on a provisional end, and not into a later round.
func TestTimers(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, CorrectionAsked)
	first := *w.c.Clock
	if err := w.apply(ReturnOverdue, timer, Details{}); CodeOf(err) != NotYourTurn {
		t.Errorf("early: %v", err)
	}
	w.via("correct ask_correction")
	w.now = first.Due
	old := Action{Kind: ReturnOverdue, Actor: timer, Seen: first.Version}
	if _, _, err := Apply(w.c, old, w.c.Clock.Due.Add(time.Hour)); CodeOf(err) != Conflict {
		t.Errorf("the first clock on the second period: %v", err)
	}
	w.via("return_overdue submit ask_correction")
	if _, _, err := Apply(w.c, old, w.c.Clock.Due.Add(time.Hour)); CodeOf(err) != Conflict {
		t.Errorf("the first clock in the second round: %v", err)
	}
	w.c.Clock.Provisional = true
	w.now = w.c.Clock.Due.Add(time.Hour)
	if err := w.apply(ReturnOverdue, timer, Details{}); CodeOf(err) != NotYourTurn {
		t.Errorf("provisional: %v", err)
	}
	w.do("correct") // and nobody is late
	w = at(t, New, Government, JointReview).do("joint_due")
	if err := w.apply(JointDue, timer, Details{}); err == nil {
		t.Error("a period ends once")
	}
}

func TestSilenceIsNotAgreement(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview).do("give_position:breach", seat1).do("joint_due")
	status := func(unit string) SeatStatus { return w.c.Seat(unit).Status }
	if status("fin") != SeatAnswered || status("ndrc") != SeatNoAnswer || status("mot") != SeatNoAnswer {
		t.Errorf("seats %+v", w.c.Joint.Seats)
	}
	if len(w.c.Seat("mot").Positions) != 0 || w.c.Divergence() != 0 {
		t.Error("a silent seat has a position")
	}
	w.do("give_position:plus", seat3)
	if status("mot") != SeatLate || w.c.Divergence() != 4 {
		t.Errorf("late: %s, divergence %v", status("mot"), w.c.Divergence())
	}
	w.do("close_joint")
	w.refused(NotYourTurn, GivePosition, seat2, nil)
	w.refused(PanelUndecided, DraftOpinion, officer, nil)
}

func TestAPositionAfterTheEndIsLateThoughNoTimerFired(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview)
	w.now = w.c.Clock.Due
	w.do("give_position", seat1)
	if got := w.c.Seat("fin").Status; got != SeatLate {
		t.Errorf("seat is %s", got)
	}
	w = at(t, New, Government, JointReview)
	w.now = w.c.Clock.Due.Add(-time.Microsecond)
	w.do("give_position", seat1)
	if got := w.c.Seat("fin").Status; got != SeatAnswered {
		t.Errorf("seat is %s", got)
	}
}

func TestOneObjectionNeverCancelsOthers(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview).do("give_position", seat2)
	before := *w.c.Seat("ndrc")
	if len(before.Positions) != 2 {
		t.Errorf("无异议 covers its remit: %+v", before.Positions)
	}
	w.do("give_position:breach", seat1).do("decline_seat", seat3)
	if diff := cmp.Diff(before, *w.c.Seat("ndrc")); diff != "" {
		t.Error(diff)
	}
	if w.c.Status != JointReview || w.c.Seat("fin").Positions[0].Value != -2 || w.c.Seat("mot").Status != SeatDeclined {
		t.Errorf("%s %+v", w.c.Status, w.c.Joint.Seats)
	}
	w.do("close_joint") // all answered: before the end
	if w.c.Outcome != "" || w.c.Conclusion != nil {
		t.Error("a joint review concluded something")
	}
}

func TestASeatStaysInItsRemit(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview)
	w.refused(Invalid, GivePosition, seat2, position(Position{Clause: "第三条", Value: 1}))
	w.refused(Invalid, GivePosition, seat1, func(d *Details) { d.Positions = []Position{{Clause: "第一条", Value: 1}} })
	w.do("give_position", seat2)
}

func TestThePanelAdvises(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, ExpertReview).do("accept_invitation", expert1).do("accept_invitation", expert2).do("decline_invitation", expert3)
	w.refused(NotYourRole, AcceptSeat, expert3, nil)
	w.refused(NotYourTurn, AcceptSeat, expert1, nil)
	w.do("give_opinion", expert1)
	w.refused(QuorumOpen, OpenOpinions, officer, nil)
	w.do("give_opinion", expert1).do("give_opinion", expert2) // a second version before the seal is broken
	if m := w.c.Member("e1"); m.Versions != 2 {
		t.Errorf("versions %d", m.Versions)
	}
	w.refused(Missing, GiveOpinion, expert1, func(d *Details) { d.Opinion.Confidence = 6 })
	w.do("open_opinions")
	w.refused(Sealed, GiveOpinion, expert1, nil)
	w.refused(Sealed, OpenOpinions, officer, nil)
	w.refused(Missing, ClosePanel, officer, func(d *Details) { d.Report = "" })
	voided := *w
	voided.do("recuse", expert2) // a conflict found late voids the opinion
	voided.refused(QuorumOpen, ClosePanel, officer, nil)
	voided.do("close_panel:none")
	w.do("close_panel")
	w.refused(ConclusionOpen, DraftOpinion, officer, func(d *Details) { d.Conclusion.UsePanel = "" })
	if w.c.Status != RegReview || w.c.Conclusion != nil || w.c.Draft != nil || w.c.Outcome != "" {
		t.Error("a panel concluded something")
	}
	w.do("draft_opinion").do("approve_pass")
}

func TestThePlanOfAPanel(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview).do("ask_panel")
	for name, tt := range map[string]struct {
		alter func(*Details)
		want  Code
	}{
		"nothing":                    {func(d *Details) { d.Panel = nil }, Missing},
		"no question":                {func(d *Details) { d.Panel.Questions = nil }, Missing},
		"no expert":                  {func(d *Details) { d.Panel.Experts = nil }, Invalid},
		"a quorum larger than all":   {func(d *Details) { d.Panel.Quorum = 4 }, Invalid},
		"no quorum":                  {func(d *Details) { d.Panel.Quorum = 0 }, Invalid},
		"an expert twice":            {func(d *Details) { d.Panel.Experts[1] = "e1" }, Invalid},
		"an expert who drafted":      {func(d *Details) { d.Panel.Experts[1] = "h1" }, Invalid},
		"an expert without a name":   {func(d *Details) { d.Panel.Experts[1] = "" }, Invalid},
		"an expert who is the chief": {func(d *Details) { d.Panel.Experts[1] = "o1" }, Invalid},
	} {
		t.Run(name, func(t *testing.T) { w.refused(tt.want, FormPanel, officer2, tt.alter) })
	}
	joint := at(t, New, Government, JointReview).via("joint_due close_joint")
	joint.refused(ConclusionOpen, DraftOpinion, officer, func(d *Details) { d.Conclusion.UseJoint = "" })
	old := atUnder(t, 1, New, Government, JointReview).via("joint_due close_joint")
	old.refused(Missing, DraftOpinion, officer, func(d *Details) { d.Conclusion.UseJoint = "" })
}

func TestAKeptMeasureHasNoBreach(t *testing.T) {
	t.Parallel()
	w := newWalk(t, Existing, Department).via(toStock + ":breach")
	w.refused(BreachOpen, KeepMeasure, head, nil)
	w.refused(ExceptionOpen, KeepByException, head, nil)
	w.refused(Missing, DecideRevise, head, func(d *Details) { d.Reason = "" })
	w.do("to_revise")
}

func TestOpinionsOpenAtTheEndOfThePeriodWithAQuorum(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, ExpertReview)
	for _, e := range []Actor{expert1, expert2} {
		w.do("accept_invitation", e).do("give_opinion", e)
	}
	w.refused(QuorumOpen, OpenOpinions, officer, nil) // the third still has time
	w.do("panel_due").do("open_opinions")
}

func TestTheApproverSignsWhatWasDrafted(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview).do("draft_opinion:fails")
	w.refused(Invalid, ApprovePass, approver, nil)
	w.refused(Invalid, ApproveExc, approver, nil)
	d := w.details(ApproveFail, "")
	d.Conclusion = &Conclusion{Result: Meets, TextHash: hash("other"), Written: hash("another"), DocNo: "函1"}
	if err := w.apply(ApproveFail, approver, d); err != nil {
		t.Fatal(err)
	}
	k := w.c.Conclusion
	if k.Result != Fails || k.TextHash != w.c.Text.Hash || k.Written != hash("written") || k.By != "o1" || k.Approver != "p1" || k.DocNo != "函1" {
		t.Errorf("signed %+v", k)
	}
	if len(w.c.Changes) != 1 || w.c.Draft != nil {
		t.Errorf("changes %+v", w.c.Changes)
	}
}

// TestKeepOrAmend: a required change that is made counts as amended, in every pattern and on both routes; advice does not.
func TestKeepOrAmend(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		route Route
		path  string
		want  Outcome
	}{
		{"pattern i: refused, failed, revised, reported", Government, toDesk + " put_breach no_change draft_opinion:fails approve_fail revise report_changes draft_opinion approve_pass", Amend},
		{"pattern i, by a full new round", Government, toDesk + " put_breach no_change draft_opinion:fails approve_fail revise new_version send_check send_sign sign_prelim submit accept draft_opinion approve_pass", Amend},
		{"pattern ii: no time to talk", Government, toDesk + " put_breach stop_talks draft_opinion:fails approve_fail revise report_changes draft_opinion approve_pass", Amend},
		{"pattern ii, without talks", Government, toDesk + " draft_opinion:fails approve_fail revise report_changes draft_opinion approve_pass", Amend},
		{"pattern iii: changed at once", Government, toDesk + " put_breach change_at_once draft_opinion approve_pass", Amend},
		{"pattern iv: advice only", Government, toDesk + " draft_opinion approve_pass", Keep},
		{"advice, and a new text before it was submitted", Government, "register start_review revise new_version send_check send_sign sign_prelim submit accept draft_opinion approve_pass", Keep},
		{"a correction is no amendment", Government, toDesk + " ask_correction correct accept draft_opinion approve_pass", Keep},
		{"returned and submitted again with the same text", Government, paths[New][Government][Returned] + " submit accept draft_opinion approve_pass", Keep},
		{"department: failed, then revised", Department, toSign + " conclude_fail revise new_version send_check send_sign conclude_pass", Amend},
		{"department: sent back with a required change", Department, "register start_review send_check send_back:breach revise new_version send_check send_sign conclude_pass", Amend},
		{"department: the head requires a change", Department, toSign + " send_back:breach revise new_version send_check send_sign conclude_pass", Amend},
		{"department: changed before the first check", Department, "register start_review revise new_version send_check send_sign conclude_pass", Keep},
		{"department: sent back with a word only", Department, "register start_review send_check send_back send_check send_sign conclude_pass", Keep},
		{"department: failed, given up", Department, toSign + " conclude_fail give_up", Repeal},
		{"government: failed, given up while revising", Government, toDesk + " draft_opinion:fails approve_fail revise give_up", Repeal},
		{"a failing conclusion counts nothing yet", Government, toDesk + " draft_opinion:fails approve_fail", ""},
		{"a material change keeps the outcome", Department, toSign + " conclude_pass material_change", Keep},
		{"a material change without required change", Department, toSign + " conclude_pass material_change send_check send_sign conclude_pass", Keep},
		{"a material change that is amended", Department, toSign + " conclude_pass material_change send_check send_back:breach revise new_version send_check send_sign conclude_pass", Amend},
		{"existing: kept", stockRow, toStock + " keep", Keep},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kind, route := New, tt.route
			if route == stockRow {
				kind, route = Existing, Department
			}
			w := newWalk(t, kind, route).via(tt.path)
			if w.c.Outcome != tt.want {
				t.Errorf("outcome %q, want %q", w.c.Outcome, tt.want)
			}
			repeals := 0
			for _, ev := range w.events {
				if ev.Outcome == Repeal {
					repeals++
				}
			}
			if repeals > 1 || (repeals == 1) != (tt.want == Repeal) {
				t.Errorf("repeal counted %d times", repeals)
			}
			for _, ch := range w.c.Changes {
				if (tt.want == Keep || tt.want == Amend) && w.c.Status == ConcludedPass && !ch.Closed {
					t.Errorf("change %s is still open", ch.ID)
				}
			}
		})
	}
}

// stockRow marks a row of an existing measure in the table above.
const stockRow Route = "existing"

func TestARequiredChangeDroppedIsNoAmendment(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, ConsultUnit).do("no_change")
	w.refused(BreachOpen, DraftOpinion, officer, nil)
	drop := func(d *Details) { d.Conclusion.Dropped = []Withdrawal{{Change: w.c.Changes[0].ID}} }
	w.refused(Missing, DraftOpinion, officer, drop)
	d := w.details(DraftOpinion, "")
	drop(&d)
	d.Conclusion.Dropped[0].Reason = "上位法另有规定"
	if err := w.apply(DraftOpinion, officer, d); err != nil {
		t.Fatal(err)
	}
	if w.do("approve_pass"); w.c.Outcome != Keep {
		t.Errorf("outcome %q", w.c.Outcome)
	}
	// Refused and dropped, while the text changed for another reason: no required change was made.
	w = at(t, New, Government, ConsultUnit).do("change_at_once:not")
	d = w.details(DraftOpinion, "")
	d.Conclusion.Dropped = []Withdrawal{{Change: w.c.Changes[0].ID, Reason: "上位法另有规定"}}
	if err := w.apply(DraftOpinion, officer, d); err != nil {
		t.Fatal(err)
	}
	if w.do("approve_pass"); w.c.Outcome != Keep {
		t.Errorf("outcome %q", w.c.Outcome)
	}
}

func TestBackToTheFirstTextIsNoAmendment(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, ConsultUnit)
	first := w.c.Text
	w.via("change_at_once draft_opinion:fails approve_fail revise")
	d := w.details(ReportChanges, "not")
	d.Text = &first
	if err := w.apply(ReportChanges, handler, d); err != nil {
		t.Fatal(err)
	}
	d = w.details(DraftOpinion, "")
	for _, ch := range w.c.Changes[1:] {
		d.Conclusion.Dropped = append(d.Conclusion.Dropped, Withdrawal{Change: ch.ID, Reason: "上位法另有规定"})
	}
	if err := w.apply(DraftOpinion, officer, d); CodeOf(err) != BreachOpen {
		t.Errorf("adopted once, and taken back: %v", err)
	}
	d.Conclusion.Dropped = append(d.Conclusion.Dropped, Withdrawal{Change: w.c.Changes[0].ID, Reason: "上位法另有规定"})
	if err := w.apply(DraftOpinion, officer, d); err != nil {
		t.Fatal(err)
	}
	if w.do("approve_pass"); w.c.Outcome != Keep {
		t.Errorf("outcome %q", w.c.Outcome)
	}
}

func TestAdoptedMeansAnotherText(t *testing.T) {
	t.Parallel()
	w := at(t, New, Department, UnitCheck).do("send_back:breach")
	// A handler who disagrees says so with a reason and sends the same text again; the head decides.
	w.refused(TextUnchanged, SendCheck, handler, func(d *Details) { d.Answers = w.answers("adopted") })
	unanswered := *w
	unanswered.do("send_check").refused(ChangesOpen, SendSign, checker, nil)
	w.do("send_check:not").do("send_sign")
	w.refused(BreachOpen, ConcludePass, head, nil)
	w.do("conclude_fail")

	// Back to the very text the change was required of, claiming to have adopted it.
	w = at(t, New, Government, ConsultUnit)
	first := w.c.Text
	w.do("change_at_once:not").do("draft_opinion:fails").do("approve_fail").do("revise")
	w.refused(TextUnchanged, ReportChanges, handler, func(d *Details) { d.Text = &first })
}

func TestTheSameTextWithNewOpinionsOrANewArgument(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		d    func(*walk) Details
	}{
		{"new opinions", func(w *walk) Details { return Details{Heard: w.heard()} }},
		{"a new argument for an exception", func(w *walk) Details { return Details{Exception: w.exception()} }},
	} {
		w := at(t, New, Department, ConcludedFail).do("revise")
		text := w.c.Text
		d := tt.d(w)
		d.Text, d.Answers = &text, w.answers("not")
		if err := w.apply(NewVersion, handler, d); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestAPassSinceTheFailureIsNotGivenUp(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Department).via(toSign + " conclude_fail revise new_version send_check send_sign conclude_pass material_change revise")
	w.refused(NotYourTurn, GiveUp, head, nil)
	w.do("close_unissued")
	if w.c.Outcome != Amend {
		t.Errorf("outcome %q", w.c.Outcome)
	}
	w = newWalk(t, New, Government).via(toDesk + " draft_opinion:fails approve_fail revise report_changes draft_opinion approve_pass material_change revise")
	w.refused(NotYourTurn, ReportChanges, handler, nil) // a material change goes the whole way again
}

func TestThePanelOfTheFirstRoundIsGoneInTheSecond(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview).via("joint_due close_joint ask_recall agree_recall")
	if w.c.Joint != nil || w.c.Round != 2 || w.c.Checklist == nil {
		t.Errorf("round %d, joint %v", w.c.Round, w.c.Joint)
	}
	w = at(t, New, Government, JointReview).via("joint_due close_joint draft_opinion:fails approve_fail revise report_changes")
	if w.c.Joint == nil || w.c.Round != 2 {
		t.Error("the light path keeps the advice given")
	}
}

func TestStandardsOfTheDayOfTheConclusion(t *testing.T) {
	t.Parallel()
	w := at(t, New, Department, UnitSign)
	w.c.Checklist = &Checklist{Standards: "2021-06-29", TextHash: w.c.Text.Hash, Clear: w.c.Checklist.Clear}
	w.refused(StandardsOld, ConcludePass, head, nil)
	w.c.Checklist = nil
	w.refused(ItemsOpen, ConcludePass, head, nil)
	w.c.Heard = nil
	w.refused(NotHeard, ConcludePass, head, nil)
}

func TestIssueOfADifferentText(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, Legality)
	d := w.details(RegisterIssue, "")
	d.Issue.TextHash, d.Issue.Questions = hash("typo mended"), &Questions{Met: true, Concerns: true, Why: "仅改错别字，不影响准入、流动、成本和行为"}
	if err := w.apply(RegisterIssue, issuing, d); err != nil {
		t.Fatal(err)
	}
	if w.c.Issue.Sealed {
		t.Error("another text is sealed")
	}
	w = at(t, New, Government, Legality)
	d = w.details(RegisterIssue, "")
	d.Issue.Sealed = false
	if err := w.apply(RegisterIssue, issuing, d); err != nil || !w.c.Issue.Sealed {
		t.Errorf("the concluded text is not sealed: %v", err)
	}
	// As it was before.
	w = atUnder(t, 1, New, Government, Legality)
	d = w.details(RegisterIssue, "")
	d.Issue.TextHash, d.Issue.Difference = hash("typo mended"), "三个问题均答否：仅改错别字"
	if err := w.apply(RegisterIssue, issuing, d); err != nil {
		t.Fatal(err)
	}
	w = oldWalk(t, New, Department)
	w.open.Rules.Legality = true
	w.via(toSign+" conclude_pass").refused(Missing, RegisterIssue, issuing, func(d *Details) { d.Issue.Legality = "" })
}

func TestClosedCasesAcceptNothing(t *testing.T) {
	t.Parallel()
	for _, path := range []string{toSign + " conclude_fail give_up", toSign + " conclude_pass register_issue", "register ask_withdraw withdraw", "register mark_out_of_scope"} {
		w := newWalk(t, New, Department).via(path)
		for _, m := range Moves() {
			for _, who := range append(everybody, timer) {
				if err := w.apply(m.Action, who, Details{}); CodeOf(err) != AlreadyDone {
					t.Fatalf("%s by %s after %q: %v", m.Action, who.Person, path, err)
				}
			}
		}
		if Turns(w.c) != nil {
			t.Errorf("somebody's turn in %s", w.c.Status)
		}
	}
}

func TestWhoseTurnWhileAPeriodRuns(t *testing.T) {
	t.Parallel()
	officerToo := func(c Case) bool {
		return slices.ContainsFunc(Turns(c), func(turn Turn) bool { return turn.Role == Officer })
	}
	joint, panel := at(t, New, Government, JointReview), at(t, New, Government, ExpertReview)
	for _, w := range []*walk{joint, panel} {
		if officerToo(w.c) || len(Turns(w.c)) != 3 {
			t.Errorf("%s: turns %v", w.c.Status, Turns(w.c))
		}
		provisional := w.c.clone()
		provisional.Clock.Provisional = true
		if !officerToo(provisional) {
			t.Errorf("%s: no timer will end a provisional period, and the officer is not told", w.c.Status)
		}
	}
	if joint.do("joint_due"); !officerToo(joint.c) || len(Turns(joint.c)) != 1 {
		t.Errorf("at the end of the period: %v", Turns(joint.c))
	}
	if panel.do("panel_due"); !officerToo(panel.c) {
		t.Errorf("at the end of the period: %v", Turns(panel.c))
	}
	joint.do("close_joint").do("ask_panel")
	if want := (Turn{Unit: "amr", Role: Approver, What: RegReview}); !contains(Turns(joint.c), want) {
		t.Errorf("a request waits for a second hand: %v", Turns(joint.c))
	}
}
