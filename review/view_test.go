package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The kinds of people who look at a case.
var (
	byUnit      = Viewer{"h1", []string{"dept"}}
	byIssuer    = Viewer{"g1", []string{"gov"}}
	byRegulator = Viewer{"o1", []string{"amr"}}
	bySeat      = Viewer{"s1", []string{"fin"}}
	byExpert    = Viewer{Person: "e1"}
	byOther     = Viewer{Person: "e2"}
)

// TestSealedOpinions looks at a panel that is opining, and again when it is opened.
func TestSealedOpinions(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, ExpertReview).do("accept_invitation", expert1).do("give_opinion", expert1).do("accept_invitation", expert2)
	opened := *w
	opened.events = append([]Event(nil), w.events...)
	opened.do("give_opinion", expert2).do("decline_invitation", expert3).do("open_opinions")
	for _, tt := range []struct {
		name         string
		v            Viewer
		sealed, open [2]string // what is read of e1: name, then opinion while sealed; and when opened
	}{
		{"the drafting unit", byUnit, [2]string{"专家甲", ""}, [2]string{"专家甲", "限制流动"}},
		{"the issuer", byIssuer, [2]string{"专家甲", ""}, [2]string{"专家甲", "限制流动"}},
		{"a seat", bySeat, [2]string{"专家甲", ""}, [2]string{"专家甲", "限制流动"}},
		{"the regulator knows whom it asked, not what they say", byRegulator, [2]string{"e1", ""}, [2]string{"e1", "限制流动"}},
		{"the expert", byExpert, [2]string{"e1", "限制流动"}, [2]string{"e1", "限制流动"}},
		{"another expert", byOther, [2]string{"专家甲", ""}, [2]string{"专家甲", "限制流动"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, at := range []struct {
				w    *walk
				want [2]string
			}{{w, tt.sealed}, {&opened, tt.open}} {
				m := View(at.w.c, tt.v).Panel.Members[0]
				got := [2]string{m.Person, ""}
				if m.Opinion != nil {
					got[1] = m.Opinion.Reasons
				}
				if diff := cmp.Diff(at.want, got); diff != "" {
					t.Errorf("%s: %s", at.w.c.Panel.Status, diff)
				}
				read := ""
				for _, e := range at.w.events {
					if e, ok := ViewEvent(at.w.c, e, tt.v); ok && e.Action.Kind == GiveOpinion && (e.Action.Actor.Person == "e1" || e.Action.Actor.Person == "专家甲") {
						read = e.Action.Opinion.Reasons
						if (e.Action.Actor.Person == "e1") != (at.want[0] == "e1") {
							t.Errorf("the event names %s", e.Action.Actor.Person)
						}
					}
				}
				if read != at.want[1] {
					t.Errorf("%s: the events say %q", at.w.c.Panel.Status, read)
				}
			}
			if page, _ := json.Marshal(View(opened.c, tt.v)); tt.open[0] != "e1" && strings.Contains(string(page), `"e1"`) {
				t.Errorf("the expert's name shows: %s", page)
			}
			if m := View(w.c, tt.v).Panel.Members[0]; tt.v.Person != "e1" && (m.Status != memberAccepted || m.Versions != 0 || m.Mark != (Mark{})) {
				t.Errorf("who has answered shows: %+v", m)
			}
		})
	}
}

func TestPositionsOfARunningJointReview(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview).do("give_position:breach", seat1)
	closed := *w
	closed.events = append([]Event(nil), w.events...)
	closed.do("joint_due").do("close_joint")
	for _, tt := range []struct {
		name string
		v    Viewer
		want bool // reads the position while the review runs
	}{
		{"the regulator", byRegulator, true},
		{"the seat its own", bySeat, true},
		{"another seat", Viewer{"s2", []string{"ndrc"}}, false},
		{"the drafting unit", byUnit, false},
		{"the issuer", byIssuer, false},
	} {
		for _, at := range []struct {
			w    *walk
			want bool
		}{{w, tt.want}, {&closed, true}} {
			c := View(at.w.c, tt.v)
			s := c.Seat("fin")
			_, ok := ViewEvent(at.w.c, at.w.events[len(w.events)-1], tt.v)
			if (len(s.Positions) > 0) != at.want || (s.Status == SeatAnswered) != at.want || ok != at.want {
				t.Errorf("%s: seat %+v, event %v; want %v", tt.name, s, ok, at.want)
			}
		}
	}
}

func TestTheDraftOpinionIsTheRegulatorsOwn(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegSign)
	last := w.events[len(w.events)-1]
	for _, v := range []Viewer{byUnit, bySeat, byExpert, byIssuer} {
		e, _ := ViewEvent(w.c, last, v)
		if View(w.c, v).Draft != nil || e.Action.Conclusion != nil {
			t.Errorf("%s reads the draft", v.Person)
		}
	}
	if e, _ := ViewEvent(w.c, last, byRegulator); View(w.c, byRegulator).Draft == nil || e.Action.Conclusion == nil {
		t.Error("the regulator does not read its own draft")
	}
	w.do("send_back")
	last = w.events[len(w.events)-1]
	if e, ok := ViewEvent(w.c, last, byUnit); !ok || e.Action.Reason != "" || View(w.c, byUnit).Draft != nil {
		t.Errorf("the unit reads why the draft was sent back: %v", e.Action)
	}
	if e, _ := ViewEvent(w.c, last, byRegulator); e.Action.Reason == "" {
		t.Error("the regulator does not read why")
	}
	w.do("draft_opinion").do("approve_pass")
	if View(w.c, byUnit).Conclusion == nil {
		t.Error("the signed conclusion is the unit's to read")
	}
}

// TestTheCaseBeforeAnActIsShownToNobody: what undo would bring back is no second copy to read from.
func TestTheCaseBeforeAnActIsShownToNobody(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegSign)
	if w.c.Before == nil {
		t.Fatal("nothing to take back")
	}
	for _, v := range []Viewer{byUnit, byIssuer, byRegulator, bySeat, byExpert} {
		if seen := View(w.c, v); seen.Before != nil || !seen.Undoable {
			t.Errorf("%s: before %v, can be taken back %v", v.Person, seen.Before, seen.Undoable)
		}
	}
	if w.c.Before == nil {
		t.Error("looking changed the case")
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview).via("joint_due close_joint ask_panel form_panel").do("decline_invitation", expert1).do("accept_invitation", expert2)
	w.do("recuse", expert2)
	want := []Grant{{Unit: "dept"}, {Unit: "amr"}, {Unit: "gov"}, {Unit: "fin"}, {Unit: "ndrc"}, {Unit: "mot"}, {Person: "e3"}}
	if diff := cmp.Diff(want, Grants(w.c)); diff != "" {
		t.Error(diff)
	}
}

func TestAliasesAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i := range 31 {
		if a := Alias(i); seen[a] || !strings.HasPrefix(a, "专家") {
			t.Errorf("alias %d is %q", i, a)
		} else {
			seen[a] = true
		}
	}
}

func TestRefusalsKeepTheirCode(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("save case 7: %w", Refuse(Missing, "field", "reason", "at", "x"))
	if CodeOf(err) != Missing || err.Error() != `save case 7: missing at="x" field="reason"` {
		t.Error(err)
	}
	if CodeOf(nil) != "" || CodeOf(errors.New("disk")) != "" {
		t.Error("no refusal has a code")
	}
}

// TestWhoOwesAnAnswerIsNotReadOffWhomOneMayUrge: while seats are hidden, the unit is offered no urging of the officer, whether all have
// answered or not.
func TestWhoOwesAnAnswerIsNotReadOffWhomOneMayUrge(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview)
	for _, seat := range []Actor{seat1, seat2, seat3} {
		if err := Permit(View(w.c, byUnit), handler, Urge); CodeOf(err) != NobodyToUrge {
			t.Errorf("before %s answered: %v", seat.Unit, err)
		}
		w.do("give_position", seat)
	}
	if err := Permit(View(w.c, byUnit), handler, Urge); CodeOf(err) != NobodyToUrge {
		t.Errorf("when all had answered: %v", err)
	}
	if err := Permit(w.c, approver, Urge); err != nil {
		t.Errorf("the regulator, who sees them: %v", err)
	}
}
