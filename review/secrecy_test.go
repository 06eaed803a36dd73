package review

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// reads reports whether one who has these desks reads the case.
func reads(c Case, v Viewer) bool {
	return slices.ContainsFunc(Grants(c), func(g Grant) bool {
		return g.Unit != "" && slices.Contains(v.Units, g.Unit) || g.Person != "" && g.Person == v.Person
	})
}

// sitting is the viewer whom the server makes of somebody with one membership.
func sitting(a Actor) Viewer {
	return Viewer{Person: a.Person, Units: []string{a.Unit, Desk(a.Unit, a.Role), Chair(a.Unit, a.Person)}}
}

// restrictedAt is a restricted case that names h2 and o2, at a status.
func restrictedAt(t *testing.T, route Route, s Status) *walk {
	w := newWalk(t, New, route)
	w.open.Secrecy, w.open.Readers = Restricted, []string{"h2", "o2"}
	return w.via(paths[New][route][s])
}

// TestWhoReadsARestrictedCase: who is named, who acts or has acted, and who answers for the restriction; nobody else of the units
// that would read another case.
func TestWhoReadsARestrictedCase(t *testing.T) {
	t.Parallel()
	idle := map[string]Actor{
		"another handler": {Person: "h9", Unit: "dept", Role: Handler}, "another of the review body": {Person: "b9", Unit: "dept", Role: ReviewBody},
		"another officer": {Person: "o9", Unit: "amr", Role: Officer}, "another checker": {Person: "k9", Unit: "amr", Role: Checker},
		"the issuer's handler": issuing, "the issuer's head": govHead, "an invited seat": seat1, "an expert on the panel": expert1, "a stranger": stranger,
	}
	for _, tt := range []struct {
		name   string
		route  Route
		status Status
		may    []string // of idle
	}{
		{"with the handler: the handlers' desk has the turn", Department, SelfReview, []string{"another handler"}},
		{"with the review body", Department, UnitCheck, []string{"another of the review body"}},
		{"with the head", Department, UnitSign, nil},
		{"submitted: it is the officers' turn", Government, Submitted, []string{"another officer"}},
		{"under review: the officers' desk has the turn", Government, RegReview, []string{"another officer"}},
		{"with the approver", Government, RegSign, nil},
		{"with the seats", Government, JointReview, []string{"an invited seat"}},
		{"with the experts", Government, ExpertReview, []string{"an expert on the panel"}},
		{"concluded, still to be delivered", Government, ConcludedPass, []string{"another handler", "another officer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := restrictedAt(t, tt.route, tt.status)
			for name, who := range idle {
				v := sitting(who)
				if who.Role == Expert {
					v = Viewer{Person: who.Person}
				}
				if got, want := reads(w.c, v), slices.Contains(tt.may, name); got != want {
					t.Errorf("%s reads: %v", name, got)
				}
			}
			for name, who := range map[string]Actor{"a named handler": handler2, "a named officer": officer2, "the handler who opened it": handler, "the unit's head": head, "the approver": approver} {
				if !reads(w.c, sitting(who)) {
					t.Errorf("%s does not read it", name)
				}
			}
			for name, who := range map[string]Actor{"the named handler in another unit": {Person: "h2", Unit: "other", Role: Handler}, "the handler who opened it, gone to another unit": {Person: "h1", Unit: "other", Role: Handler}} {
				if reads(w.c, sitting(who)) {
					t.Errorf("%s reads it", name)
				}
			}
			for _, unit := range []string{"dept", "amr", "gov", "fin"} {
				if reads(w.c, Viewer{Person: "z", Units: []string{unit}}) {
					t.Errorf("%s as a whole reads it", unit)
				}
			}
			for _, turn := range Turns(w.c) { // whoever must act can look
				if !reads(w.c, Viewer{Person: turn.Person, Units: []string{Desk(turn.Unit, turn.Role)}}) {
					t.Errorf("the turn of %+v does not read it", turn)
				}
			}
		})
	}
}

// TestASeatThatAnsweredReadsThroughWhoAnswered: its turn is over, the person's part is not.
func TestASeatThatAnsweredReadsThroughWhoAnswered(t *testing.T) {
	t.Parallel()
	w := restrictedAt(t, Government, JointReview).do("give_position", seat1)
	colleague := Actor{Person: "s9", Unit: "fin", Role: UnitHead}
	if !reads(w.c, sitting(seat1)) || reads(w.c, sitting(colleague)) {
		t.Errorf("who answered: %v, a colleague: %v", reads(w.c, sitting(seat1)), reads(w.c, sitting(colleague)))
	}
}

func TestWhoMayChangeHowFarACaseIsKnown(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview)
	if !reads(w.c, sitting(issuing)) {
		t.Fatal("the issuer reads an internal case")
	}
	w.do("set_secrecy", head)
	if w.c.Secrecy != Restricted || w.c.Status != RegReview || reads(w.c, sitting(issuing)) || !reads(w.c, sitting(officer2)) {
		t.Errorf("restricted by the head: %s %v", w.c.Secrecy, Grants(w.c))
	}
	w.refused(NotYourRole, SetSecrecy, handler, nil)
	w.refused(NotYourRole, SetSecrecy, officer, nil)
	w.refused(NotYourRole, SetSecrecy, Actor{Person: "x", Unit: "fin", Role: UnitHead}, nil)
	w.refused(Missing, SetSecrecy, approver, func(d *Details) { d.Reason = " " })
	w.refused(Missing, SetSecrecy, approver, func(d *Details) { d.Secrecy, d.Readers = "", nil })
	w.refused(Invalid, SetSecrecy, approver, func(d *Details) { d.Secrecy = "secret" })
	w.refused(Invalid, SetSecrecy, approver, func(d *Details) { d.Secrecy = Internal })
	w.refused(Invalid, SetSecrecy, approver, func(d *Details) { d.Readers = []string{"h2", "h2"} })
	w.refused(Invalid, SetSecrecy, approver, func(d *Details) { d.Readers = strings.Split(strings.Repeat("x ", maxReaders)+"y", " ") })
	if err := w.apply(SetSecrecy, approver, Details{Reason: "方案已公开征求意见", Secrecy: Public}); err != nil || !reads(w.c, sitting(issuing)) || len(w.c.Readers) > 0 {
		t.Errorf("opened again: %v %v", err, w.c.Readers)
	}
	old := atUnder(t, 1, New, Government, RegReview)
	old.refused(NotYourTurn, SetSecrecy, head, nil)
	for name, alter := range map[string]func(*Opening){
		"a degree there is not":       func(o *Opening) { o.Secrecy = "top" },
		"readers where all may read":  func(o *Opening) { o.Readers = []string{"h2"} },
		"a degree for an older case":  func(o *Opening) { o.Secrecy, o.Procedure = Restricted, 1 },
		"a reader without a name":     func(o *Opening) { o.Secrecy, o.Readers = Restricted, []string{""} },
		"the same reader named twice": func(o *Opening) { o.Secrecy, o.Readers = Restricted, []string{"a", "a"} },
	} {
		w := newWalk(t, New, Government)
		w.open.Measure.PublicInterest = "touched"
		alter(&w.open)
		if err := w.apply(Register, handler, w.details(Register, "")); CodeOf(err) != Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNamesOfReadersStayInside: neither a seat nor an expert learns whom the case names, from the case or its history.
func TestNamesOfReadersStayInside(t *testing.T) {
	t.Parallel()
	w := restrictedAt(t, Government, JointReview).do("set_secrecy", head)
	for name, v := range map[string]Viewer{"a seat": bySeat, "an expert": byExpert, "the issuer": byIssuer} {
		page := []any{View(w.c, v)}
		for _, e := range w.events {
			if e, ok := ViewEvent(w.c, e, v); ok {
				page = append(page, e)
			}
		}
		if b, _ := json.Marshal(page); strings.Contains(string(b), `"readers"`) {
			t.Errorf("%s reads whom it names: %s", name, b)
		}
	}
	if got := View(w.c, byUnit).Readers; !slices.Equal(got, []string{"h2", "o2"}) {
		t.Errorf("the unit reads %v", got)
	}
	if w.events[0].Action.Opening.Readers == nil {
		t.Error("the record itself lost them")
	}
}
