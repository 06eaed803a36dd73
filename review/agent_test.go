package review

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// acting is a person in a part, for another or not.
func acting(as Actor, person, principal string) Actor {
	as.Person, as.For = person, principal
	return as
}

// hands are whoever stands behind an act.
func hands(a Actor) []string { return []string{a.Person, a.For} }

func share(a, b Actor) bool {
	return slices.ContainsFunc(hands(a), func(p string) bool { return p != "" && slices.Contains(hands(b), p) })
}

// everyHand is each of three people acting for themselves and for each of the others.
func everyHand(as Actor) []Actor {
	var out []Actor
	for _, person := range []string{"a", "b", "c"} {
		for _, principal := range []string{"", "a", "b", "c"} {
			if person != principal {
				out = append(out, acting(as, person, principal))
			}
		}
	}
	return out
}

// TestASecondHandIsAnothersWhoeverActsForWhom: each first act by each hand, and then the act that needs a second one.
func TestASecondHandIsAnothersWhoeverActsForWhom(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		kind     Kind
		route    Route
		path     string // before the first act
		rules    func(*Rules)
		first    string
		by       Actor
		between  string
		second   ActionKind
		secondBy Actor
	}{
		{"the head does not conclude on what the same hand put forward", New, Department, "register", nil, "start_review", handler, "send_check send_sign", ConcludePass, head},
		{"nor sign the preliminary review", New, Government, "register", nil, "start_review", handler, "send_check send_sign", SignPrelim, head},
		{"the review body does not send on what the same hand put forward", New, Government, "register", nil, "start_review", handler, "send_check", SendSign, checker},
		{"the approver does not sign what the same hand drafted", New, Government, toDesk, nil, "draft_opinion", officer, "", ApprovePass, approver},
		{"nor what the same hand accepted", New, Government, toPrelim + " submit", nil, "accept", officer, "draft_opinion", ApprovePass, approver},
		{"the checker does not check what the same hand drafted", New, Government, toDesk, func(r *Rules) { r.Middle = true }, "draft_opinion", officer, "", SendSign, middle},
		{"the approver does not sign what the same hand checked", New, Government, toDesk + " draft_opinion", func(r *Rules) { r.Middle = true }, "send_sign", middle, "", ApprovePass, approver},
		{"a clean-up is not decided by the hand that proposed", Existing, Department, "inventory start_review", nil, "send_sign", handler, "", KeepMeasure, head},
		{"a withdrawal asked for is not granted by the same hand", New, Department, "register", nil, "ask_withdraw", handler, "", Withdraw, head},
		{"nor a panel that nothing proposes formed", New, Government, toDesk, nil, "ask_panel", officer, "", FormPanel, approver},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, first := range everyHand(tt.by) {
				w := newWalk(t, tt.kind, tt.route)
				if tt.rules != nil {
					tt.rules(&w.open.Rules)
				}
				w.via(tt.path).do(tt.first, first).via(tt.between)
				for _, second := range everyHand(tt.secondBy) {
					want := Code("")
					if share(first, second) {
						want = SameHand
					}
					if got := CodeOf(Permit(w.c, second, tt.second)); got != want {
						t.Errorf("%s for %q, then %s for %q: %q, want %q", first.Person, first.For, second.Person, second.For, got, want)
					}
				}
			}
		})
	}
}

// TestBothStandOnTheSide: an act for somebody is theirs as well; neither of the two sits on another side afterwards.
func TestBothStandOnTheSide(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegReview).do("convene", acting(officer2, "o3", "o2"))
	for _, person := range []string{"o2", "o3"} {
		if !slices.Contains(w.c.Hands, Hand{Person: person, Side: RegulatorSide}) {
			t.Errorf("%s is no hand: %v", person, w.c.Hands)
		}
		for name, who := range map[string]Actor{"in person": acting(seat1, person, ""), "as an agent": acting(seat1, person, "s1"), "through an agent": acting(seat1, "x1", person)} {
			if err := Permit(w.c, who, GivePosition); CodeOf(err) != TwoSides {
				t.Errorf("%s, %s: %v", person, name, err)
			}
		}
	}
	if err := Permit(w.c, acting(seat1, "x1", "s1"), GivePosition); err != nil {
		t.Errorf("an agent with no part: %v", err)
	}
}

func TestNobodyStandsInForAnExpert(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, ExpertReview)
	for name, who := range map[string]Actor{"an expert for an expert": acting(expert1, "e1", "e2"), "somebody for an expert": acting(expert1, "x1", "e1"), "for oneself": acting(officer, "o1", "o1")} {
		kind := AcceptSeat
		if who.Role != Expert {
			kind = ClosePanel
		}
		if err := Permit(w.c, who, kind); CodeOf(err) != NotYourRole {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAnAgentsHandIsWrittenDown: who, and for whom, in the conclusion as in the event.
func TestAnAgentsHandIsWrittenDown(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government)
	w.open.Rules.Middle = true
	w.via(toPrelim+" submit").do("accept", acting(officer, "o3", "o1")).do("draft_opinion", acting(officer, "o3", "o1")).
		do("send_sign", acting(middle, "k3", "k1")).do("approve_pass", acting(approver, "p3", "p1"))
	k := w.c.Conclusion
	got := []string{w.c.Officer, w.c.OfficerFor, k.By, k.ByFor, k.Checker, k.CheckerFor, k.Approver, k.ApproverFor}
	if want := []string{"o3", "o1", "o3", "o1", "k3", "k1", "p3", "p1"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if a := w.events[len(w.events)-1].Action.Actor; a.Person != "p3" || a.For != "p1" {
		t.Errorf("event by %+v", a)
	}
}

// TestAnAgentNeverSignsTheirOwn walks lives in which everybody may act for somebody, and looks at what was signed.
func TestAnAgentNeverSignsTheirOwn(t *testing.T) {
	t.Parallel()
	people := []string{"a", "b", "c", "d", "e"}
	signed := 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWalk(t, New, Government)
		w.open.Rules.Middle = rapid.Bool().Draw(t, "middle")
		by := map[ActionKind]Actor{}
		path := []ActionKind{Register, StartReview, SendCheck, SendSign, SignPrelim, Submit, Accept, DraftOpinion, SendSign, ApprovePass}
		for i, kind := range path {
			if kind == SendSign && i > 4 && w.c.Status != RegCheck {
				continue
			}
			who := acting(w.usual(kind), rapid.SampledFrom(people).Draw(t, "person"), rapid.SampledFrom(append([]string{"", "", ""}, people...)).Draw(t, "for"))
			if err := w.apply(kind, who, w.details(kind, "")); err != nil {
				switch CodeOf(err) {
				case SameHand, TwoSides, NotYourRole:
				default:
					t.Fatalf("%s: %v", kind, err)
				}
				w.do(string(kind)) // by people with no other part
				who = w.events[len(w.events)-1].Action.Actor
			}
			by[kind] = who
			var firsts []ActionKind
			switch kind {
			case SignPrelim:
				firsts = []ActionKind{StartReview}
			case ApprovePass:
				firsts = []ActionKind{Accept, DraftOpinion}
				signed++
			}
			for _, f := range firsts {
				if share(by[f], who) {
					t.Fatalf("%s by %+v after %s by %+v", kind, who, f, by[f])
				}
			}
		}
		for _, x := range w.c.Hands {
			for _, y := range w.c.Hands {
				if x.Person == y.Person && x.Side != y.Side {
					t.Fatalf("%s has two sides", x.Person)
				}
			}
		}
	})
	if signed == 0 {
		t.Error("nothing was signed")
	}
}
