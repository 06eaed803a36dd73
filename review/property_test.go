package review

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// The invariants that every step of every life is held against (core flow, "invariants to test"), and where:
//
//	 1  nothing is issued without a passing conclusion on that very text                     concluded
//	 2  on the government route the conclusion is the regulator's                            concluded
//	 3  an exception has its ground, no lesser alternative, its points, a period or an end    concluded
//	 4  no conclusion without opinions heard, or the ground for hearing nobody               concluded
//	 5  a countersignature or comment moves nothing: what moves a status is a row of Moves   accepted
//	 6  a seat's, an expert's or time's act is never the conclusion                          advised
//	 7  interviews and 8 spot checks are no part of the machine, nor are reports
//	 9  a decision that a measure is out of scope has its reason                             led
//	10  every change is an event with actor, time, text and basis                            accepted
//	11  a required change names clause, item and change                                      accepted
//	12  what was counted in the past does not move                                           standing
//
// and besides: what is due happens and happens once, nothing of a closed round acts in the next (timely, stale); the regulator's
// clock stands still while the packet is with the unit (metered); undo brings back what was, on its day, to who did it (undone).

// town is a case, the people round it, and what the test itself remembers of the case to judge it by.
type town struct {
	*walk
	pick   func(n int) int // a number below n
	first  string          // first counted text
	counts map[string]bool // required changes recorded since then: made or not, by the last answer
	spans  []Span          // in which the regulator's clock ran since the last submission
	points []Checkpoint    // everything time was ever going to do
	past   *town           // before the last act: what undo brings back
	years  map[time.Time]Outcome
	taken  func(Move)
}

func newTown(t reporter, kind Kind, pick func(n int) int, taken func(Move)) *town {
	procedure := Procedure
	if pick(4) == 0 {
		procedure = pick(2)
	}
	w := walkUnder(t, procedure, kind, []Route{Department, Government}[pick(2)])
	w.open.Procedure = procedure
	coin := func() bool { return pick(2) == 0 }
	w.open.Rules = Rules{Version: "1", Joint: pick(4) > 0, Panel: pick(4) > 0, StockConfirm: pick(3) > 0, Legality: coin(), Threshold: []float64{1, 1.5, 3}[pick(3)],
		CorrectionDays: pick(4), JointDays: pick(4), PanelDays: pick(4)}
	w.open.Measure.PublicInterest = []string{"", "touched", "major"}[pick(3)]
	if !w.old() {
		r := &w.open.Rules
		r.ReviewDays, r.PauseTalks, r.IssueDays, r.EvaluateMonths, r.UrgeHours, r.Middle = pick(6), coin(), pick(3)*10, pick(3)*4, 1+pick(30), coin()
		if coin() {
			r.Slots = []SlotRule{{ID: "basis", Zh: "制定依据", En: "Basis", Required: coin()}}
		}
		w.open.Measure.PublicInterest = []string{"none", "none", "touched", "major"}[pick(4)]
		w.open.Unreviewed = kind == Existing && pick(3) == 0
	}
	w.open.Measure.ReviewedBefore = coin()
	if pick(5) == 0 { // near the end of the loaded calendar
		w.now = time.Date(2026, 12, 21+pick(10), 3, 0, 0, 0, time.UTC)
	}
	return &town{walk: w, pick: pick, counts: map[string]bool{}, years: map[time.Time]Outcome{}, taken: taken}
}

// here are the actions that some row has in the status.
func here(s Status) []ActionKind {
	var out []ActionKind
	for _, m := range moves {
		if (m.From == nil && s == "" || contains(m.From, s)) && !contains(out, m.Action) {
			out = append(out, m.Action)
		}
	}
	return out
}

// beginnings are where lives start, so that the far ends of the procedure are reached as well.
var beginnings = map[Kind]map[Route][]string{
	New: {
		Department: {"", "register start_review", toSign, toExc, toSign + " conclude_fail", toSign + " conclude_pass material_change",
			toExc + " conclude_exception send_legality record_legality register_issue"},
		Government: {"", toPrelim, toDesk, toExc + " sign_prelim submit accept", toDesk + " convene", toDesk + " draft_opinion:fails send_sign approve_fail",
			toDesk + " ask_panel form_panel accept_invitation@e1 accept_invitation@e2 give_opinion@e1",
			toDesk + " ask_panel form_panel accept_invitation@e1 accept_invitation@e2 give_opinion@e1 give_opinion@e2 decline_invitation@e3",
			toExc + " sign_prelim submit accept ask_skip_panel skip_panel draft_opinion:exception send_sign",
			toExc + " sign_prelim submit accept ask_skip_panel skip_panel draft_opinion:exception send_sign approve_exception send_legality record_legality register_issue",
			toDesk + " ask_skip_panel skip_panel draft_opinion", toDesk + " ask_skip_panel skip_panel draft_opinion send_sign approve_pass"},
	},
	Existing: {
		Department: {"", toStock, toStock + ":exception", toStock + ":breach", toStock + ":exception keep_exception"},
		Government: {"", toStock, toStock + " send_confirm", toStock + ":exception send_confirm", toStock + ":breach send_confirm", toStock + ":exception send_confirm keep_exception"},
	},
}

// begin walks a beginning as far as the local rules let it.
func (w *town) begin() {
	list := beginnings[w.open.Kind][w.open.Route]
	for word := range strings.FieldsSeq(list[w.pick(len(list))]) {
		name, person, named := strings.Cut(word, "@")
		name, how, _ := strings.Cut(name, ":")
		kind := ActionKind(name)
		if !contains(here(w.c.Status), kind) {
			continue // the local rule leads elsewhere
		}
		who := w.usual(kind)
		if named {
			who = Actor{Person: person, Role: Expert}
		}
		_ = w.try(Action{Kind: kind, Actor: who, Seen: w.c.Version, Details: w.details(kind, how)})
	}
}

// step lets something happen: time passes, a timer fires, rightly or wrongly, or a person acts.
func (w *town) step(tried map[string]int) {
	switch w.pick(10) {
	case 0:
		if due := Checkpoints(w.c); len(due) > 0 && w.now.Before(due[0].At) && w.pick(2) == 0 {
			w.now = due[0].At.Add(time.Duration(w.pick(3)-1) * time.Microsecond)
			break
		}
		w.now = w.now.Add([]time.Duration{time.Minute, 24 * time.Hour, 9 * 24 * time.Hour}[w.pick(3)])
	case 1, 2:
		w.fire()
	default:
		w.act(tried)
	}
}

// clockwork is what a timer may do.
var clockwork = []ActionKind{ReturnOverdue, JointDue, PanelDue, ExceptionEnds, ExceptionNotice, EvaluationDue, Escalate}

// fire lets the next timer go off, in time or early, or one that nobody set.
func (w *town) fire() {
	due := Checkpoints(w.c)
	switch n := w.pick(8); {
	case n == 0:
		_ = w.try(Action{Kind: Reclock, Actor: timer, Seen: w.c.Version})
		return
	case n == 1 || len(due) == 0:
		_ = w.try(Action{Kind: clockwork[w.pick(len(clockwork))], Actor: timer, Seen: w.pick(w.c.Version + 1)})
		return
	}
	cp := due[w.pick(len(due))]
	if w.pick(4) > 0 && w.now.Before(cp.At) {
		w.now = cp.At
	}
	early := w.now.Before(cp.At)
	err := w.try(Action{Kind: cp.Act, Actor: timer, Seen: w.c.Version})
	switch {
	case early != (err != nil):
		w.Fatalf("%+v at %s: %v", cp, w.now, err)
	case err == nil && contains(Checkpoints(w.c), cp):
		w.Fatalf("%+v has happened, and is still to come", cp)
	}
}

// act lets somebody do something: mostly what the case allows, mostly in order.
func (w *town) act(tried map[string]int) {
	who, kind := everybody[w.pick(len(everybody))], moves[w.pick(len(moves))].Action
	type offer struct {
		who  Actor
		kind ActionKind
		row  string
	}
	var offers []offer
	if w.pick(8) > 0 && w.c.Version > 0 {
		for _, k := range here(w.c.Status) {
			for _, a := range everybody {
				if m, err := permit(&w.c, a, k); err == nil && (!m.To.Closed() || w.pick(4) == 0) {
					offers = append(offers, offer{a, k, fmt.Sprint(m)})
				}
			}
		}
	}
	if n := len(offers); n > 0 {
		o := offers[w.pick(n)]
		if tried != nil && w.pick(2) == 0 { // towards what was tried least
			o = slices.MinFunc(offers, func(a, b offer) int { return tried[a.row] - tried[b.row] })
		}
		if tried != nil {
			tried[o.row]++
		}
		who, kind = o.who, o.kind
	}
	if w.c.Version == 0 && w.pick(10) > 0 {
		who, kind = handler, map[Kind]ActionKind{New: Register, Existing: Inventory}[w.open.Kind]
	}
	if kind == Correct && w.c.Asked == nil {
		return // it cannot even be written down
	}
	a := Action{Kind: kind, Actor: who, Seen: w.c.Version, Details: w.details(kind, []string{"", "", "breach", "exception", "not", "fails", "none", "plus"}[w.pick(8)])}
	if k := a.Conclusion; k != nil && w.pick(3) == 0 {
		for _, ch := range w.c.Changes {
			if !ch.Closed && !ch.made() {
				k.Dropped = append(k.Dropped, Withdrawal{Change: ch.ID, Reason: "不再要求"})
			}
		}
	}
	switch w.pick(12) {
	case 0:
		w.spoil(reflect.ValueOf(&a.Details).Elem(), 3)
	case 1:
		a.Seen = w.pick(w.c.Version + 1)
	}
	_ = w.try(a)
}

// spoil empties one field of what an action brings, at any depth.
func (w *town) spoil(v reflect.Value, depth int) {
	var given []reflect.Value
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() {
			given = append(given, f)
		}
	}
	if len(given) == 0 {
		return
	}
	f := given[w.pick(len(given))]
	switch {
	case depth > 0 && f.Kind() == reflect.Pointer && w.pick(3) > 0:
		w.spoil(f.Elem(), depth-1)
	case depth > 0 && f.Kind() == reflect.Slice && f.Index(0).Kind() == reflect.Struct && w.pick(3) > 0:
		w.spoil(f.Index(w.pick(f.Len())), depth-1)
	case f.Kind() == reflect.Slice && w.pick(2) == 0:
		f.Set(f.Slice(0, f.Len()-1))
	default:
		f.SetZero()
	}
}

// Refusals that Permit may give. Apply gives them only when Permit does, but for what time or the payload decides.
var permitCodes = []Code{AlreadyDone, WrongRoute, NotYourTurn, NotYourRole, TwoSides, OverlayOff, ConfirmNeeded, SameHand, NothingAsked,
	SecondNeeded, NoEscape, Concluded, Sealed, NothingToUndo, NobodyToUrge}

func (w *town) json(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		w.Fatalf("%v", err)
	}
	return b
}

// try applies the action and holds the result against every invariant.
func (w *town) try(a Action) error {
	before, given := w.json(w.c), w.json(a)
	allowed := Permit(w.c, a.Actor, a.Kind)
	move, _ := permit(&w.c, a.Actor, a.Kind)
	next, ev, err := Apply(w.c, a, w.now)
	say := func(format string, args ...any) {
		w.Helper()
		w.Fatalf("%s by %s (%s) in %q: %s\naction %s\ncase %s", a.Kind, a.Actor.Person, a.Actor.Role, w.c.Status, fmt.Sprintf(format, args...), given, before)
	}
	if !bytes.Equal(before, w.json(w.c)) || !bytes.Equal(given, w.json(a)) {
		say("Apply changed what it was given: %s", w.json(w.c))
	}

	// The same after the state and the action travelled as JSON.
	var c2 Case
	var a2 Action
	if json.Unmarshal(before, &c2) != nil || json.Unmarshal(given, &a2) != nil {
		say("does not travel")
	}
	if diff := cmp.Diff(w.c, c2, cmpopts.EquateEmpty()); diff != "" {
		say("came back as another:\n%s", diff)
	}
	next2, ev2, err2 := Apply(c2, a2, w.now)
	if !bytes.Equal(w.json(next), w.json(next2)) || !bytes.Equal(w.json(ev), w.json(ev2)) || fmt.Sprint(err) != fmt.Sprint(err2) {
		say("after travelling: %v, %s; before: %v, %s", err2, w.json(next2), err, w.json(next))
	}

	if err != nil {
		code := CodeOf(err)
		timed := a.Kind == Correct || a.Actor.Role == Timer || a.Kind == ClosePanel && code == Sealed // a report needs opened opinions, none does not
		switch {
		case code == "":
			say("no refusal but %v", err)
		case !reflect.DeepEqual(next, Case{}) || !reflect.DeepEqual(ev, Event{}):
			say("refused, and yet something came back")
		case allowed != nil && CodeOf(allowed) != code && CodeOf(Overtaken(w.c, a, allowed)) != code && !a.Kind.Opens():
			say("Permit says %v, Apply %v", allowed, err)
		case allowed == nil && contains(permitCodes, code) && !timed && !a.Kind.Opens():
			say("Permit says yes, Apply %v", err)
		case w.c.Status.Closed() && code != AlreadyDone && (code != Conflict || a.Seen >= w.c.Main.Version):
			say("a closed case says %v", err)
		}
		return err
	}
	if allowed != nil && !a.Kind.Opens() {
		say("Permit refuses it: %v", allowed)
	}
	if w.c.Status.Closed() {
		say("a closed case took it")
	}
	was, own := *w, *w.walk
	was.walk, was.counts, was.past = &own, maps.Clone(w.counts), nil
	w.accepted(w.c, a, next, ev, say)
	if w.taken != nil {
		if a.Kind.Opens() {
			move = moves[slices.IndexFunc(moves, func(m Move) bool { return m.Action == a.Kind })]
		}
		w.taken(move)
	}
	w.c = w.saved(next)
	w.keep(ev)
	w.metered(a, say)
	w.past = &was
	for _, cp := range Checkpoints(w.c) {
		if !contains(w.points, cp) {
			w.points = append(w.points, cp)
		}
	}
	w.now = w.now.Add(time.Second)
	w.standing(say)
	return nil
}

// counting are the only actions that count a case, and as what.
var counting = map[ActionKind][]Outcome{
	ConcludePass: {Keep, Amend}, ConcludeExc: {Keep, Amend}, ApprovePass: {Keep, Amend}, ApproveExc: {Keep, Amend}, GiveUp: {Repeal}, Withdraw: {Withdrew},
	MarkOutOfScope: {NotInScope}, MarkLapsed: {LapsedOutcome}, KeepMeasure: {Keep}, KeepByException: {Keep}, RegisterAmendment: {Amend}, RegisterRepeal: {Repeal},
}

// accepted holds one accepted action against the rules.
func (w *town) accepted(c Case, a Action, next Case, ev Event, say func(string, ...any)) {
	if a.Kind == Undo {
		w.undone(c, a, next, say)
	} else if can := w.undoableBy(next, a); can != next.Undoable || can != (next.Before != nil) {
		say("can be taken back: %v, and the case says %v", can, next.Undoable)
	}
	w.timely(c, a, next, say)
	if next.Status != c.Status && !slices.ContainsFunc(moves, func(m Move) bool { return m.Action == a.Kind }) {
		say("invariant 5: no row of the machine")
	}
	if next.Version != c.Version+1 || ev.Version != next.Version || len(w.events)+1 != next.Version {
		say("version %d after %d", next.Version, c.Version)
	}
	if ev.From != c.Status || ev.To != next.Status || ev.Basis == "" || !reflect.DeepEqual(ev.Action, a) || ev.Action.Actor.Role == "" || !ev.At.Equal(w.now) || ev.Text != next.Text.Hash || ev.Case != c.ID {
		say("invariant 10: the event is %s", w.json(ev))
	}
	if next.Round < c.Round || next.Round > c.Round+1 || ev.Round != max(c.Round, 1) {
		say("round %d after %d", next.Round, c.Round)
	}
	if c.Version > 0 && (!reflect.DeepEqual(next.Measure, c.Measure) || !reflect.DeepEqual(next.Rules, c.Rules) || next.Kind != c.Kind || next.Route != c.Route || next.Unit != c.Unit || next.Regulator != c.Regulator) {
		say("changed what a case opened with")
	}
	if c.BreachPut && !next.BreachPut || c.Failed && !next.Failed {
		say("a breach or a failure was forgotten")
	}

	// What counts, and how.
	switch {
	case (ev.Outcome != "") != (len(counting[a.Kind]) > 0):
		say("counts %q", ev.Outcome)
	case ev.Outcome == "" && (next.Outcome != c.Outcome || next.Counted != c.Counted):
		say("the outcome moved without being counted")
	case ev.Outcome != "" && (!contains(counting[a.Kind], ev.Outcome) || next.Outcome != ev.Outcome || !next.Counted.Equal(ev.At)):
		say("counts %q", ev.Outcome)
	}
	for id, answer := range answersOf(a) {
		if _, ok := w.counts[id]; ok {
			w.counts[id] = answer == "adopted" || answer == "partly"
		}
	}
	if w.first == "" && (c.Route == Department && a.Kind == SendCheck || a.Kind == Submit) {
		w.first = next.Text.Hash
	}
	if ev.Outcome == Keep || ev.Outcome == Amend {
		want, made := Keep, false
		for _, m := range w.counts {
			made = made || m
		}
		if made && next.Text.Hash != w.first || c.Kind == Existing && a.Kind == RegisterAmendment {
			want = Amend
		}
		if ev.Outcome != want {
			say("counts %s, want %s", ev.Outcome, want)
		}
	}
	for _, ch := range next.Changes[min(len(c.Changes), len(next.Changes)):] {
		if w.first != "" {
			w.counts[ch.ID] = false
		}
		if f := ch.Finding; f.Clause == "" || f.Item == "" || f.Change == "" || f.Effect == "" {
			say("invariant 11: a required change without clause, item, effect or change: %+v", f)
		}
	}

	// Who may have done it.
	for _, h := range next.Hands {
		for _, other := range next.Hands {
			if h.Person == other.Person && h.Side != other.Side {
				say("%s sits on two sides", h.Person)
			}
		}
	}
	w.concluded(c, a, next, say)
	w.advised(c, a, next, say)
	w.led(c, a, next, say)
}

// concluded holds a new conclusion, and an issue, against invariants 1 to 4.
func (w *town) concluded(c Case, a Action, next Case, say func(string, ...any)) {
	if next.Status != c.Status && (next.Status == Issued || next.Status == IssuedException) {
		k, is := c.Conclusion, next.Issue
		if !contains(passed, c.Status) || k == nil || k.Result == Fails || k.TextHash != c.Text.Hash || is.TextHash != k.TextHash && is.Difference == "" && is.Questions == nil {
			say("invariant 1: issued without a conclusion on this text")
		}
		if q := is.Questions; is.TextHash != k.TextHash && !w.old() && (q == nil || q.Met && q.Concerns && q.Important || q.Why == "") || is.Sealed != (is.TextHash == k.TextHash && !w.old()) {
			say("invariant 1: issued is another text: %+v", is)
		}
		if w.open.Rules.Legality && !w.old() && (c.Legal == nil || c.Legal.Result == "fail") {
			say("issued without the legality review that the local rule asks for")
		}
	}
	k := next.Conclusion
	if k == c.Conclusion {
		return
	}
	inRegulator := a.Actor.Role == Approver && a.Actor.Unit == c.Regulator
	inUnit := a.Actor.Role == UnitHead && a.Actor.Unit == c.Unit
	switch {
	case k.Approver != a.Actor.Person || k.Approver == k.By || k.Approver == k.Checker || k.By == k.Checker || k.DocNo == "" || k.Written == "" || k.TextHash != next.Text.Hash || k.HowHeard == "":
		say("concluded by %+v", k)
	case c.Kind == New && c.Route == Government && (!inRegulator || k.Approver == c.Officer):
		say("invariant 2: only the regulator's approver concludes on the government route")
	case c.Kind == New && c.Route == Government && w.open.Rules.Middle != (k.Checker != ""):
		say("checked by %q", k.Checker)
	case c.Kind == New && c.Route == Department && !inUnit, c.Kind == Existing && !inUnit && c.Status != StockConfirm:
		say("invariant 2: only the unit's head concludes on the department route")
	case next.Heard == nil && !(c.Kind == Existing && c.Measure.ReviewedBefore):
		say("invariant 4: concluded, and nobody was heard")
	case next.Heard != nil && !w.old() && k.NotHeard != next.Heard.NoneGround:
		say("invariant 4: the ground for hearing nobody is not repeated")
	case k.Result != Fails && slices.ContainsFunc(next.Changes, func(ch Change) bool { return !ch.Closed }):
		say("passed with an open change")
	case k.Result == Meets && len(k.Findings) > 0, k.Result == Fails && len(next.openChanges()) == 0:
		say("the finding does not fit")
	case !w.old() && len(k.Missing(c)) > 0:
		say("signed without %v", k.Missing(c))
	}
	if e := next.Exception; k.Result == MeetsByExc && (e == nil || e.Ground == "" || e.Effect == "" || e.Alternatives == "" || e.PeriodWhy == "" ||
		e.Until <= DateOf(w.now) && e.Condition == "") {
		say("invariant 3: an exception without its points: %+v", e)
	}
}

// advised: what seats, experts, administrators and time do concludes nothing, and touches nobody else's entry (invariant 6).
func (w *town) advised(c Case, a Action, next Case, say func(string, ...any)) {
	if contains([]Role{Expert, Timer, Admin}, a.Actor.Role) || a.Kind == GivePosition || a.Kind == DeclineSeat || a.Kind == Urge || a.Kind == NoteMediation {
		if next.Conclusion != c.Conclusion || next.Outcome != c.Outcome || next.Draft != c.Draft {
			say("invariant 6: advice or time concluded something")
		}
		if a.Actor.Role != Timer && next.Status != c.Status {
			say("invariant 6: advice moved the status to %s", next.Status)
		}
	}
	if a.Kind == GivePosition || a.Kind == DeclineSeat {
		for i, s := range next.Joint.Seats {
			if s.Unit != a.Actor.Unit && !reflect.DeepEqual(s, c.Joint.Seats[i]) {
				say("touched the seat of %s", s.Unit)
			}
		}
	}
}

// led holds the ends against their conditions (invariant 9).
func (w *town) led(c Case, a Action, next Case, say func(string, ...any)) {
	switch next.Status {
	case OutOfScope:
		if s := next.Scope; s == nil || s.In || s.Reason == "" || s.Article == "" || s.By == "" || s.TextHash == "" || s.Ground == "superior_document" || s.Ground == "" {
			say("invariant 9: out of scope: %+v", s)
		}
	case Withdrawn:
		if c.BreachPut || c.Failed || c.Outcome != "" {
			say("escaped")
		}
	case NotIssued:
		if !c.Failed {
			say("given up without a failing conclusion")
		}
	case Extended:
		if c.Clock != nil && !w.now.Before(c.Clock.Due) || len(next.Linked) != 36 {
			say("carried on after its end")
		}
	}
	if a.Kind == StartReview && !w.old() && (next.Scope == nil || !next.Scope.In || next.Scope.Article == "" || next.Scope.TextHash != next.Text.Hash) {
		say("under review, and not in scope: %+v", next.Scope)
	}
}

// takenBack are the acts that undo takes back: those that only move papers from one desk to the next.
var takenBack = []ActionKind{SendCheck, SendSign, SendBack, SendConfirm, Submit, Accept, AskCorrection, Suspend, Correct, Resume, Convene, CloseJoint, NoChange,
	StopTalks, DraftOpinion, SendLegality, RecordLegality}

// undoableBy reports whether an act may be taken back by what the procedure says of it.
func (w *town) undoableBy(next Case, a Action) bool {
	return !w.old() && contains(takenBack, a.Kind) && next.Round == max(w.c.Round, 1)
}

// undone holds an undo against the case before the act it took back.
func (w *town) undone(c Case, a Action, next Case, say func(string, ...any)) {
	last := w.events[len(w.events)-1]
	switch {
	case !contains(takenBack, last.Action.Kind) || last.Round != c.Round:
		say("took back %s", last.Action.Kind)
	case last.Action.Actor.Person != a.Actor.Person:
		say("took back what %s did", last.Action.Actor.Person)
	case DateOf(last.At) != DateOf(w.now):
		say("took back what was done on %s", DateOf(last.At))
	case w.past == nil:
		say("took back an act twice")
	}
	want := w.past.c
	want.Version, want.Main, want.Hands, want.Before, want.Undoable = next.Version, next.Main, next.Hands, nil, false
	if diff := cmp.Diff(want, next); diff != "" {
		say("undo did not bring back what was:\n%s", diff)
	}
	w.first, w.counts, w.spans = w.past.first, maps.Clone(w.past.counts), w.past.spans
}

// timely: time does only what is due, and whatever it does was announced.
func (w *town) timely(c Case, a Action, next Case, say func(string, ...any)) {
	if a.Actor.Role != Timer {
		return
	}
	if a.Kind == Reclock {
		if next.Status != c.Status || (c.Clock == nil || c.Clock.Days == 0 || c.Clock.Past) && !c.Review.Running() {
			say("nothing to compute anew")
		}
		return
	}
	if !slices.ContainsFunc(Checkpoints(c), func(cp Checkpoint) bool { return cp.Act == a.Kind && !w.now.Before(cp.At) }) {
		say("time did what was not due: %+v", Checkpoints(c))
	}
}

// stale tries everything that time was once going to do and no longer is, in a closed round or in this one: none acts.
func (w *town) stale(say func(string, ...any)) {
	now := Checkpoints(w.c)
	for _, cp := range w.points {
		at := w.now
		if at.Before(cp.At) {
			at = cp.At
		}
		if contains(now, cp) || slices.ContainsFunc(now, func(n Checkpoint) bool { return n.Act == cp.Act && !at.Before(n.At) }) {
			continue // it is still to come, or its like is due
		}
		if _, _, err := Apply(w.c, Action{Kind: cp.Act, Actor: timer, Seen: cp.Clock}, at); err == nil {
			say("%+v of an earlier state acted", cp)
		}
	}
}

// metered keeps the test's own record of when the regulator's clock ran, and compares.
func (w *town) metered(a Action, say func(string, ...any)) {
	c, r := w.c, w.open.Rules
	if w.old() || r.ReviewDays == 0 || c.Kind != New || c.Route != Government {
		if c.Review != nil {
			say("a clock that the local rule does not have: %+v", c.Review)
		}
		return
	}
	runs := contains([]Status{Submitted, RegReview, JointReview, ExpertReview, RegCheck, RegSign}, c.Status) || c.Status == ConsultUnit && !r.PauseTalks
	open := len(w.spans) > 0 && w.spans[len(w.spans)-1].To.IsZero()
	switch {
	case a.Kind == Undo: // undone brought the spans back
	case a.Kind == Submit || a.Kind == ReportChanges:
		w.spans = []Span{{From: w.now}}
	case len(w.spans) == 0:
	case runs && !open:
		w.spans = append(slices.Clone(w.spans), Span{From: w.now})
	case !runs && open:
		w.spans = slices.Clone(w.spans)
		w.spans[len(w.spans)-1].To = w.now
	}
	var got []Span
	if c.Review != nil {
		got = c.Review.Spans
	}
	if diff := cmp.Diff(w.spans, got, cmpopts.EquateEmpty()); diff != "" {
		say("the regulator's clock ran otherwise:\n%s", diff)
	}
	for i, s := range got {
		last := i == len(got)-1
		if !last && (s.To.IsZero() || s.To.Before(s.From) || got[i+1].From.Before(s.To)) || last && !s.To.IsZero() && s.To.Before(s.From) {
			say("spans out of order: %+v", got)
		}
		for _, h := range w.withTheUnit() {
			if h.From.Before(s.To) && s.From.Before(h.To) {
				say("the clock ran from %s to %s while the packet was with the unit from %s to %s", s.From, s.To, h.From, h.To)
			}
		}
	}
	if m := c.Review; m != nil && (m.Running() == m.Due.IsZero() || m.Days != r.ReviewDays) {
		say("clock %+v", m)
	}
}

// withTheUnit are the stretches of time in which a correction or a suspension kept the packet with the unit; what was taken back
// never was.
func (w *town) withTheUnit() []Span {
	var kept []Event
	for _, e := range w.events {
		if e.Action.Kind == Undo {
			kept = kept[:len(kept)-1]
			continue
		}
		kept = append(kept, e)
	}
	var out []Span
	for i, e := range kept[:max(len(kept)-1, 0)] {
		if e.To == CorrectionAsked || e.To == Suspended {
			out = append(out, Span{From: e.At, To: kept[i+1].At})
		}
	}
	return out
}

func answersOf(a Action) map[string]string {
	out := map[string]string{}
	for _, an := range a.Answers {
		out[an.Change] = an.Answer
	}
	return out
}

// outcomeIn is what a case counts as in [from, to): its last outcome made in that period.
func outcomeIn(events []Event, from, to time.Time) Outcome {
	var last Outcome
	for _, e := range events {
		if e.Outcome != "" && !e.At.Before(from) && e.At.Before(to) {
			last = e.Outcome
		}
	}
	return last
}

// standing holds the case as it now is against the rules.
func (w *town) standing(say func(string, ...any)) {
	c := w.c
	if last := outcomeIn(w.events, time.Time{}, w.now); last != c.Outcome {
		say("the events count %q, the case %q", last, c.Outcome)
	}
	w.years[w.now] = c.Outcome
	for at, was := range w.years { // the past does not move
		if got := outcomeIn(w.events, time.Time{}, at); got != was {
			say("invariant 12: on %s it counted as %q, and now %q", at, was, got)
		}
	}
	turns := Turns(c)
	due := Checkpoints(c)
	switch {
	case c.Status.Closed() && (len(turns) > 0 || c.Clock != nil || len(due) > 0 || c.Review.Running()):
		say("closed as %s with turns %v, clock %v, checkpoints %v", c.Status, turns, c.Clock, due)
	case !slices.IsSortedFunc(due, func(a, b Checkpoint) int { return a.At.Compare(b.At) }):
		say("checkpoints out of order: %v", due)
	case !c.Status.Closed() && len(turns) == 0 && len(due) == 0:
		say("it is nobody's turn in %s", c.Status)
	}
	for i, turn := range turns {
		if contains(turns[:i], turn) {
			say("%v has two turns", turn)
		}
		if !slices.ContainsFunc(everybody, func(a Actor) bool {
			return a.Role == turn.Role && a.Unit == turn.Unit && (turn.Person == "" || turn.Person == a.Person) &&
				slices.ContainsFunc(here(c.Status), func(k ActionKind) bool { return Permit(c, a, k) == nil })
		}) {
			say("it is the turn of %+v in %s, who can do nothing", turn, c.Status)
		}
	}
	if c.FirstText != w.first && c.Kind == New {
		say("first counted text %q, want %q", c.FirstText, w.first)
	}
	w.stale(say)
	w.sealed(say)
}

// sealed looks at the case and its events with everybody's eyes.
func (w *town) sealed(say func(string, ...any)) {
	for _, v := range []Viewer{byUnit, byRegulator, byIssuer} {
		if w.c.Before != nil && View(w.c, v).Before != nil {
			say("%s sees the case as it was before", v.Person)
		}
	}
	if w.c.Joint == nil && w.c.Panel == nil && w.c.Draft == nil {
		return
	}
	before := w.json(w.c)
	for _, v := range []Viewer{{"h1", []string{"dept"}}, {"s1", []string{"fin"}}, {"o1", []string{"amr"}}, {Person: "e1"}, {Person: "e2"}, {"g1", []string{"gov"}}} {
		seen := View(w.c, v)
		page := string(w.json(seen))
		for i := range w.events {
			if e, ok := ViewEvent(w.c, w.events[i], v); ok {
				page += "\n" + string(w.json(e))
			}
		}
		inBureau := contains(v.Units, "amr")
		for _, e := range []string{"e1", "e2", "e3"} {
			if !inBureau && v.Person != e && strings.Contains(page, `"`+e+`"`) {
				say("%s reads the name of expert %s: …%s", v.Person, e, page[max(0, strings.Index(page, `"`+e+`"`)-200):])
			}
		}
		if p := seen.Panel; p != nil && p.Status == PanelOpining {
			for _, m := range p.Members {
				if m.Person != v.Person && (m.Opinion != nil || m.Status == memberAnswered || m.Versions > 0) {
					say("%s reads a sealed opinion", v.Person)
				}
			}
		}
		if j := seen.Joint; j != nil && !j.Closed && !inBureau {
			for _, s := range j.Seats {
				if !contains(v.Units, s.Unit) && (len(s.Positions) > 0 || s.Status != "") {
					say("%s reads the position of %s", v.Person, s.Unit)
				}
			}
		}
		if !inBureau && seen.Draft != nil {
			say("%s reads the regulator's draft", v.Person)
		}
	}
	if !bytes.Equal(before, w.json(w.c)) {
		say("looking changed the case")
	}
}

// TestAnyLife lets random people do random things.
func TestAnyLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") }
		w := newTown(t, []Kind{New, New, Existing}[number(3)], number, nil)
		w.begin()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			w.step(nil)
		}
		again, err := Retell(w.c.ID, w.record)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(w.c, again, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("the case as it is retold (-lived +retold):\n%s", d)
		}
	})
}

// TestEveryMoveIsTaken walks many lives from fixed seeds, towards what was done least, and looks what was never done.
func TestEveryMoveIsTaken(t *testing.T) {
	t.Parallel()
	const walkers, lives, steps = 4, 160, 45
	var mu sync.Mutex
	rows := map[string]int{}
	t.Run("lives", func(t *testing.T) {
		for n := range uint64(walkers) {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				random, own, tried := rand.New(rand.NewPCG(n, 20250420)), map[string]int{}, map[string]int{}
				for life := range lives {
					kind := New
					if life%3 == 2 {
						kind = Existing
					}
					w := newTown(t, kind, random.IntN, func(m Move) { own[fmt.Sprint(m)]++ })
					w.begin()
					for range steps {
						w.step(tried)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				for row, times := range own {
					rows[row] += times
				}
			})
		}
	})
	least := 1 << 30
	for _, m := range Moves() {
		times := rows[fmt.Sprint(m)]
		least = min(least, times)
		if times == 0 {
			t.Errorf("never taken: %s from %v by %v (%s %s)", m.Action, m.From, m.By, m.Kind, m.Route)
		}
	}
	t.Logf("%d rows; the rarest was taken %d times", len(Moves()), least)
}
