package review

import (
	"slices"
	"strings"
	"testing"
)

// told is who is told what of the last event, as the record tells it: a turn only when it begins.
func (w *walk) told(before Case) []string {
	w.Helper()
	var out []string
	for _, n := range NoticesOf(w.c, w.events[len(w.events)-1]) {
		if n.OnTurn && slices.ContainsFunc(Turns(before), func(t Turn) bool { return t.Unit == n.Unit && t.Role == n.Role && t.Person == n.Person }) {
			continue
		}
		to := n.Person
		if to == "" {
			to = n.Unit + "/" + string(n.Role)
		}
		out = append(out, string(n.Kind)+" "+to)
	}
	return out
}

func TestWhoIsToldWhat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		kind  Kind
		route Route
		path  string // the last word is what is told of
		want  []string
	}{
		{"the desk that opens a case needs not be told", New, Department, "register", nil},
		{"whose turn begins", New, Department, "register start_review send_check", []string{"turn dept/review_body"}},
		{"sent back, and not also that it is their turn", New, Department, "register start_review send_check send_back", []string{"sent_back dept/handler"}},
		{"concluded", New, Department, toSign + " conclude_pass", []string{"concluded dept/handler"}},
		{"submitted", New, Government, toPrelim + " submit", []string{"turn amr/officer"}},
		{"a correction is asked for", New, Government, toPrelim + " submit ask_correction", []string{"correction_asked dept/handler"}},
		{"time returns it: both sides", New, Government, toPrelim + " submit ask_correction return_overdue", []string{"returned dept/handler", "returned amr/officer"}},
		{"suspended", New, Government, toPrelim + " submit suspend", []string{"suspended dept/handler"}},
		{"seats are invited", New, Government, toDesk + " convene", []string{"seat_invited fin/unit_head", "seat_invited ndrc/unit_head", "seat_invited mot/unit_head"}},
		{"experts are invited", New, Government, toDesk + " convene joint_due close_joint ask_panel form_panel", []string{"expert_invited e1", "expert_invited e2", "expert_invited e3"}},
		{"a breach is put", New, Government, toDesk + " put_breach", []string{"breach_put dept/handler"}},
		{"the approver's turn", New, Government, toDesk + " draft_opinion", []string{"turn amr/approver"}},
		{"a draft sent back stays within the regulator", New, Government, toDesk + " draft_opinion send_back", []string{"sent_back amr/officer"}},
		{"the regulator concludes", New, Government, toDesk + " draft_opinion approve_pass", []string{"concluded dept/handler", "concluded amr/officer"}},
		{"it is delivered", New, Government, toDesk + " draft_opinion approve_pass deliver", []string{"delivered dept/handler"}},
		{"issued, to the regulator as well", New, Government, toDesk + " draft_opinion approve_pass deliver register_issue", []string{"issued dept/handler", "issued amr/officer"}},
		{"a withdrawal is asked for", New, Department, "register ask_withdraw", []string{"turn dept/unit_head"}},
		{"withdrawn", New, Department, "register ask_withdraw withdraw", []string{"withdrawn dept/handler"}},
		{"overdue", New, Government, toDesk + " escalate", []string{"overdue amr/approver", "overdue amr/officer"}},
		{"urged", New, Government, toDesk + " urge", []string{"urged amr/officer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, words := newWalk(t, tt.kind, tt.route), strings.Fields(tt.path)
			w.via(strings.Join(words[:len(words)-1], " "))
			before := w.c
			last := words[len(words)-1]
			who := []Actor{}
			if last == "urge" {
				who = []Actor{handler}
			}
			w.do(last, who...)
			if got := w.told(before); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// panelOf is a case whose experts are invited.
func panelOf(t *testing.T) *walk {
	return newWalk(t, New, Government).via(toDesk + " convene joint_due close_joint ask_panel form_panel")
}

func TestWhoDeclinedOrSteppedAsideIsToldNothing(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"decline_invitation", "recuse"} {
		t.Run("an expert: "+how, func(t *testing.T) {
			t.Parallel()
			w := panelOf(t)
			if how == "recuse" {
				w.do("accept_invitation", expert1)
			}
			before := w.c
			w.do(how, expert1)
			if got := w.told(before); !slices.Equal(got, []string{"expert_left amr/officer"}) {
				t.Errorf("of %s is told: %q", how, got)
			}
			w.silent(t, expert1.Person, "")
			w.do("urge", officer)
			w.silent(t, expert1.Person, "")
		})
	}
	t.Run("a seat that declined", func(t *testing.T) {
		t.Parallel()
		w := newWalk(t, New, Government).via(toDesk + " convene")
		before := w.c
		w.do("decline_seat", seat1)
		if got := w.told(before); !slices.Equal(got, []string{"seat_declined amr/officer"}) {
			t.Errorf("told: %q", got)
		}
		w.silent(t, "", seat1.Unit)
		for _, word := range strings.Fields("joint_due close_joint draft_opinion approve_pass") {
			w.do(word)
			w.silent(t, "", seat1.Unit)
		}
		if got := w.told(before); !slices.Contains(got, "concluded ndrc/unit_head") {
			t.Errorf("the other seats are not told what became of it: %q", got)
		}
	})
	t.Run("a seat of a round that is over", func(t *testing.T) {
		t.Parallel()
		w := newWalk(t, New, Government).via(toDesk + " convene joint_due close_joint ask_recall agree_recall")
		for _, unit := range []string{seat1.Unit, seat2.Unit, seat3.Unit} {
			w.silent(t, "", unit)
		}
	})
}

// silent checks that nothing of the last event goes to a person or a unit, on whatever ground.
func (w *walk) silent(t *testing.T, person, unit string) {
	t.Helper()
	e := w.events[len(w.events)-1]
	for _, n := range NoticesOf(w.c, e) {
		if person != "" && n.Person == person || unit != "" && n.Unit == unit {
			t.Errorf("%s: told %+v", e.Action.Kind, n)
		}
	}
}

func TestASealedOpinionIsToldToNobody(t *testing.T) {
	t.Parallel()
	w := panelOf(t).do("accept_invitation", expert1)
	before := w.c
	w.do("give_opinion", expert1)
	if got := w.told(before); got != nil {
		t.Errorf("of an opinion is told: %q", got)
	}
}

func TestAFinishedRecordFromAFileTellsNobody(t *testing.T) {
	t.Parallel()
	c := Case{Status: Kept, Kind: Existing, Unit: "dept", Regulator: "amr"}
	if got := NoticesOf(c, Event{Action: Action{Kind: ImportFinished}, To: Kept}); got != nil {
		t.Errorf("%v", got)
	}
}

func TestEveryNoticeIsOfAKnownKindAndHasOneAddressee(t *testing.T) {
	t.Parallel()
	for _, path := range []string{toDesk + " convene joint_due close_joint ask_panel form_panel", toDesk + " put_breach no_change draft_opinion:fails approve_fail deliver ask_mediation note_mediation"} {
		w := newWalk(t, New, Government)
		for word := range strings.FieldsSeq(path) {
			w.do(word)
			seen := map[[3]string]bool{}
			for _, n := range NoticesOf(w.c, w.events[len(w.events)-1]) {
				if !slices.Contains(NoticeKinds(), n.Kind) || (n.Unit == "") == (n.Person == "") {
					t.Errorf("%s: %+v", word, n)
				}
				to := [3]string{n.Unit, string(n.Role), n.Person}
				if seen[to] {
					t.Errorf("%s tells %v twice", word, to)
				}
				seen[to] = true
			}
		}
	}
	for _, k := range NoticeKinds() {
		zh, en := k.Words()
		if zh == "" || en == "" || strings.ContainsAny(zh+en, "{}") {
			t.Errorf("%s: %q %q", k, zh, en)
		}
	}
	if zh, _ := NoticeKind("other").Words(); zh != "" {
		t.Error("an unknown kind has words")
	}
}

func TestAnExceptionTellsItsUnitAndTheIssuer(t *testing.T) {
	t.Parallel()
	w := inForceFor(t, 200, nil)
	for _, tt := range []struct{ word, want string }{{"evaluation_due", ""}, {"exception_notice", "exception_90"}, {"exception_notice", "exception_30"},
		{"exception_notice", "exception_7"}, {"exception_ends", "exception_ended"}} {
		before := w.c
		if _, ok := w.checkpoint(ActionKind(tt.word)); !ok {
			continue // evaluated later than the end
		}
		w.do(tt.word)
		got := w.told(before)
		want := []string{tt.want + " dept/handler", tt.want + " gov/unit_head"}
		if tt.word == "exception_ends" && w.c.Route == Government {
			want = append(want, tt.want+" amr/officer")
		}
		if tt.word != "evaluation_due" && !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", tt.word, got, want)
		}
	}
	if w.c.Status != ExceptionDue {
		t.Errorf("ended %s", w.c.Status)
	}
}
