package review

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// town is a case, the people round it, and what the test itself remembers of the case to judge it by.
type town struct {
	*walk
	pick   func(n int) int // a number below n
	first  string          // first counted text
	counts map[string]bool // required changes recorded since then: made or not, by the last answer
	clocks []Clock         // every period that ever ran
	years  map[time.Time]Outcome
	taken  func(Move)
}

func newTown(t reporter, kind Kind, pick func(n int) int, taken func(Move)) *town {
	w := newWalk(t, kind, []Route{Department, Government}[pick(2)])
	coin := func() bool { return pick(2) == 0 }
	w.open.Rules = Rules{Version: "1", Joint: pick(4) > 0, Panel: pick(4) > 0, StockConfirm: pick(3) > 0, Legality: coin(), Threshold: []float64{1, 1.5, 3}[pick(3)],
		CorrectionDays: pick(4), JointDays: pick(4), PanelDays: pick(4)}
	w.open.Measure.PublicInterest = []string{"", "touched", "major"}[pick(3)]
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
		Department: {"", "register start_review", toSign, toExc, toSign + " conclude_fail", toSign + " conclude_pass material_change"},
		Government: {"", toPrelim, toDesk, toExc + " sign_prelim submit accept", toDesk + " convene", toDesk + " draft_opinion:fails approve_fail",
			toDesk + " ask_panel form_panel accept_invitation@e1 accept_invitation@e2 give_opinion@e1",
			toDesk + " ask_panel form_panel accept_invitation@e1 accept_invitation@e2 give_opinion@e1 give_opinion@e2 decline_invitation@e3",
			toExc + " sign_prelim submit accept ask_skip_panel skip_panel draft_opinion:exception", toDesk + " ask_skip_panel skip_panel draft_opinion approve_pass"},
	},
	Existing: {
		Department: {"", toStock, toStock + ":exception", toStock + ":breach"},
		Government: {"", toStock, toStock + " send_confirm", toStock + ":exception send_confirm", toStock + ":breach send_confirm"},
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
		if k := w.c.Clock; k != nil && w.now.Before(k.Due) && w.pick(2) == 0 {
			w.now = k.Due.Add(time.Duration(w.pick(3)-1) * time.Microsecond)
			break
		}
		w.now = w.now.Add([]time.Duration{time.Minute, 24 * time.Hour, 9 * 24 * time.Hour}[w.pick(3)])
	case 1, 2:
		w.fire()
	default:
		w.act(tried)
	}
}

// fire lets the timer of some period go off, and whatever action a timer may have.
func (w *town) fire() {
	if len(w.clocks) == 0 {
		return
	}
	k := w.clocks[len(w.clocks)-1-w.pick(min(len(w.clocks), 3))]
	if w.pick(3) > 0 && w.now.Before(k.Due) {
		w.now = k.Due
	}
	kind := []ActionKind{ReturnOverdue, JointDue, PanelDue, ExceptionEnds}[w.pick(4)]
	for _, here := range here(w.c.Status) {
		if contains([]ActionKind{ReturnOverdue, JointDue, PanelDue, ExceptionEnds}, here) && w.pick(5) > 0 {
			kind = here
		}
	}
	current := w.c.Clock != nil && w.c.Clock.Version == k.Version
	err := w.try(Action{Kind: kind, Actor: timer, Seen: k.Version})
	if err == nil && (!current || k.Provisional || w.now.Before(k.Due)) {
		w.Fatalf("%s fired for the period of version %d, due %s, at %s", kind, k.Version, k.Due, w.now)
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
	SecondNeeded, NoEscape, Concluded, Sealed}

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
	w.accepted(w.c, a, next, ev, say)
	if w.taken != nil {
		if a.Kind.Opens() {
			move = moves[slices.IndexFunc(moves, func(m Move) bool { return m.Action == a.Kind })]
		}
		w.taken(move)
	}
	w.events = append(w.events, ev)
	w.c = w.saved(next)
	if k := w.c.Clock; k != nil && (len(w.clocks) == 0 || w.clocks[len(w.clocks)-1].Version != k.Version) {
		w.clocks = append(w.clocks, *k)
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
	if next.Version != c.Version+1 || ev.Version != next.Version || len(w.events)+1 != next.Version {
		say("version %d after %d", next.Version, c.Version)
	}
	if ev.From != c.Status || ev.To != next.Status || ev.Basis == "" || !reflect.DeepEqual(ev.Action, a) || !ev.At.Equal(w.now) || ev.Text != next.Text.Hash || ev.Case != c.ID {
		say("the event is %s", w.json(ev))
	}
	if next.Round < c.Round || next.Round > c.Round+1 || ev.Round != max(c.Round, 1) {
		say("round %d after %d", next.Round, c.Round)
	}
	if c.Version > 0 && (!reflect.DeepEqual(next.Measure, c.Measure) || next.Rules != c.Rules || next.Kind != c.Kind || next.Route != c.Route || next.Unit != c.Unit || next.Regulator != c.Regulator) {
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
	for _, ch := range next.Changes[len(c.Changes):] {
		if w.first != "" {
			w.counts[ch.ID] = false
		}
		if f := ch.Finding; f.Clause == "" || f.Item == "" || f.Change == "" || f.Effect == "" {
			say("a required change without clause, item, effect or change: %+v", f)
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
	if k := next.Conclusion; k != c.Conclusion {
		inRegulator := a.Actor.Role == Approver && a.Actor.Unit == c.Regulator
		inUnit := a.Actor.Role == UnitHead && a.Actor.Unit == c.Unit
		switch {
		case k.Approver != a.Actor.Person || k.Approver == k.By || k.DocNo == "" || k.Written == "" || k.TextHash != next.Text.Hash || k.HowHeard == "":
			say("concluded by %+v", k)
		case c.Kind == New && c.Route == Government && (!inRegulator || k.Approver == c.Officer):
			say("only the regulator's approver concludes on the government route")
		case c.Kind == New && c.Route == Department && !inUnit, c.Kind == Existing && !inUnit && c.Status != StockConfirm:
			say("only the unit's head concludes on the department route")
		case next.Heard == nil && !(c.Kind == Existing && c.Measure.ReviewedBefore):
			say("concluded, and nobody was heard")
		case k.Result != Fails && slices.ContainsFunc(next.Changes, func(ch Change) bool { return !ch.Closed }):
			say("passed with an open change")
		case k.Result == Meets && len(k.Findings) > 0, k.Result == Fails && len(next.openChanges()) == 0:
			say("the finding does not fit")
		}
		if e := next.Exception; k.Result == MeetsByExc && (e == nil || e.Ground == "" || e.Effect == "" || e.Alternatives == "" || e.PeriodWhy == "" ||
			e.Until <= DateOf(w.now) && e.Condition == "") {
			say("an exception without its points: %+v", e)
		}
	}
	if contains([]Role{Expert, Timer, Admin}, a.Actor.Role) || a.Kind == GivePosition || a.Kind == DeclineSeat {
		if next.Conclusion != c.Conclusion || next.Outcome != c.Outcome || next.Draft != c.Draft {
			say("advice or time concluded something")
		}
		if a.Actor.Role != Timer && next.Status != c.Status {
			say("advice moved the status to %s", next.Status)
		}
	}
	if a.Kind == GivePosition || a.Kind == DeclineSeat {
		for i, s := range next.Joint.Seats {
			if s.Unit != a.Actor.Unit && !reflect.DeepEqual(s, c.Joint.Seats[i]) {
				say("touched the seat of %s", s.Unit)
			}
		}
	}

	// Where it led.
	switch next.Status {
	case Issued, IssuedException:
		k := c.Conclusion
		if !contains(passed, c.Status) || k == nil || k.Result == Fails || k.TextHash != c.Text.Hash || next.Issue.TextHash != k.TextHash && next.Issue.Difference == "" {
			say("issued without a conclusion on this text")
		}
	case OutOfScope:
		if s := next.Scope; s == nil || s.Reason == "" || s.Article == "" || s.By == "" || s.TextHash == "" || s.Ground == "superior_document" {
			say("out of scope: %+v", s)
		}
	case Withdrawn:
		if c.BreachPut || c.Failed || c.Outcome != "" {
			say("escaped")
		}
	case NotIssued:
		if !c.Failed {
			say("given up without a failing conclusion")
		}
	}
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
			say("on %s it counted as %q, and now %q", at, was, got)
		}
	}
	turns := Turns(c)
	running := c.Clock != nil && !c.Clock.Due.IsZero() && !c.Clock.Provisional && !c.Clock.Past
	switch {
	case c.Status.Closed() && (len(turns) > 0 || c.Clock != nil):
		say("closed as %s with turns %v, clock %v", c.Status, turns, c.Clock)
	case !c.Status.Closed() && len(turns) == 0 && !running:
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
	w.sealed(say)
}

// sealed looks at the case and its events with everybody's eyes.
func (w *town) sealed(say func(string, ...any)) {
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
