package review

import (
	"slices"
	"strings"
	"testing"
)

// The four patterns of B1-14, as the signed conclusion says them.
func TestFourPatterns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		path string
		want string
	}{
		{"i: the unit does not change", " put_breach no_change draft_opinion:fails approve_fail", "i"},
		{"ii: no time to talk", " put_breach stop_talks draft_opinion:fails approve_fail", "ii"},
		{"iii: changed at once", " put_breach change_at_once draft_opinion approve_pass", "iii"},
		{"iv: meets, with advice", " draft_opinion approve_pass", "iv"},
		{"the last talks count", " put_breach no_change put_breach stop_talks draft_opinion:fails approve_fail", "ii"},
		{"a failure nobody talked about is none", " draft_opinion:fails approve_fail", ""},
		{"talks of an earlier round are over", " put_breach no_change draft_opinion:fails approve_fail revise report_changes draft_opinion:fails approve_fail", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWalk(t, New, Government).via(toDesk + tt.path)
			if got := w.c.Conclusion.Pattern; got != tt.want {
				t.Errorf("pattern %q, want %q", got, tt.want)
			}
		})
	}
	w := at(t, New, Government, RegReview) // without a word of advice
	d := w.details(DraftOpinion, "")
	d.Conclusion.Advice, d.Conclusion.Pattern = nil, "i"
	if err := w.apply(DraftOpinion, officer, d); err != nil {
		t.Fatal(err)
	}
	if w.do("approve_pass"); w.c.Conclusion.Pattern != "" {
		t.Errorf("nothing advised, and pattern %q", w.c.Conclusion.Pattern)
	}
	old := oldWalk(t, New, Government).via(toDesk + " put_breach no_change draft_opinion:fails approve_fail")
	if old.c.Conclusion.Pattern != "" {
		t.Errorf("an old case has pattern %q", old.c.Conclusion.Pattern)
	}
}

func TestEveryMissingPartOfAConclusionIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, JointReview).via("joint_due close_joint ask_panel form_panel").do("close_panel:none")
	err := w.apply(DraftOpinion, officer, Details{Conclusion: &Conclusion{NotHeard: "secret", Risks: []string{""}}})
	want := Refuse(ConclusionOpen, "fields", "conclusion.result, conclusion.textHash, conclusion.standards, conclusion.written, conclusion.howHeard, "+
		"conclusion.notHeard, conclusion.prelim, conclusion.useJoint, conclusion.usePanel, conclusion.advice")
	if err == nil || err.Error() != want.Error() {
		t.Errorf("got  %v\nwant %v", err, want)
	}
	whole := w.conclusion(Meets)
	if missing := whole.Missing(w.c); missing != nil {
		t.Errorf("a whole conclusion lacks %v", missing)
	}
	w = at(t, New, Department, UnitSign) // no regulator, no seats, no experts
	if missing := (Conclusion{}).Missing(w.c); len(missing) != 5 {
		t.Errorf("on the department route it lacks %v", missing)
	}
}

func TestEveryMissingDocumentIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Government)
	w.open.Rules.Slots = []SlotRule{{ID: "basis", Zh: "制定依据", En: "Basis", Required: true}, {ID: "survey", Zh: "问卷", En: "Survey"}}
	w.via(toPrelim)
	err := w.apply(Submit, handler, Details{Packet: &Packet{Documents: map[Slot]string{SlotDraft: w.c.Text.Hash}}})
	if err == nil || err.Error() != `packet_open slot="note, prelim, heard, basis"` {
		t.Errorf("got %v", err)
	}
	w.do("submit")
	// The local list can be asked for in a correction; what is on no list cannot.
	w.refused(Invalid, AskCorrection, officer, func(d *Details) { d.Slots = []Slot{"annex"} })
	if err := w.apply(AskCorrection, officer, Details{Reason: "依据不全", Slots: []Slot{"basis"}, Days: 3}); err != nil {
		t.Fatal(err)
	}
	w.refused(SlotNotAsked, Correct, handler, func(d *Details) { d.Packet.Documents["survey"] = hash("x") })
	w.do("correct")
	old := atUnder(t, 1, New, Government, PrelimDone)
	err = old.apply(Submit, handler, Details{Packet: &Packet{Documents: map[Slot]string{SlotDraft: old.c.Text.Hash}}})
	if err == nil || err.Error() != `packet_open slot="note"` {
		t.Errorf("an old case: %v", err)
	}
}

// edit is the present text with some clauses changed, in the order of labels.
func (w *walk) edit(words ...string) *Text {
	t := w.newText()
	t.Sums = slices.Clone(w.c.Text.Sums)
	for i, word := range words {
		if word != "" {
			t.Sums[i] = hash(word)[:8]
		}
	}
	return t
}

func TestAdoptedWithUnchangedWordsIsFlagged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		text   func(*walk) *Text
		answer Answer
		want   bool
	}{
		{"the clause changed", func(w *walk) *Text { return w.edit("", "new words") }, Answer{Answer: "adopted"}, false},
		{"another clause changed", func(w *walk) *Text { return w.edit("new words") }, Answer{Answer: "adopted"}, true},
		{"partly, and the clause is the same", func(w *walk) *Text { return w.edit("new words") }, Answer{Answer: "partly", Reason: "部分采纳"}, true},
		{"the words moved to another clause", func(w *walk) *Text {
			x := w.edit("", "", "")
			x.Sums[1], x.Sums[2] = x.Sums[2], x.Sums[1]
			return x
		}, Answer{Answer: "adopted", Clause: "第二条"}, true},
		{"said to be taken out, and still there", func(w *walk) *Text { return w.edit("new words") }, Answer{Answer: "adopted", Clause: Removed}, true},
		{"taken out", func(w *walk) *Text {
			x := w.edit()
			x.Clauses, x.Sums = []string{"第一条", "第二条"}, []string{x.Sums[0], x.Sums[2]}
			return x
		}, Answer{Answer: "adopted", Clause: Removed}, false},
		{"not adopted says so by itself", func(w *walk) *Text { return w.edit("new words") }, Answer{Answer: "not", Reason: "另有依据"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := at(t, New, Government, ConsultUnit)
			tt.answer.Change = w.c.Changes[0].ID
			if err := w.apply(ChangeAtOnce, handler, Details{Text: tt.text(w), Answers: []Answer{tt.answer}}); err != nil {
				t.Fatal(err)
			}
			if ch := w.c.Changes[0]; ch.Flagged != tt.want {
				t.Errorf("flagged %v: %+v", ch.Flagged, ch)
			}
		})
	}
	w := at(t, New, Government, ConsultUnit) // the clause is gone, and where the answer stands is not said
	x := w.edit()
	x.Clauses = []string{"第一条", "第三条", "第四条"}
	if err := w.apply(ChangeAtOnce, handler, Details{Text: x, Answers: []Answer{{Change: w.c.Changes[0].ID, Answer: "adopted"}}}); CodeOf(err) != Invalid {
		t.Errorf("an answer in no clause: %v", err)
	}
}

func TestAReportOfChangesTouchesWhatWasRequired(t *testing.T) {
	t.Parallel()
	failed := func() *walk {
		return newWalk(t, New, Government).via(toDesk + " draft_opinion:fails approve_fail revise")
	}
	w := failed()
	report := func(x *Text, clause string) error {
		a := w.answers("adopted")
		a[0].Clause = clause
		return w.apply(ReportChanges, handler, Details{Text: x, Answers: a})
	}
	if err := report(w.edit("more", "as asked", "and more"), ""); err == nil || err.Error() != `changes_beyond clauses="第一条、第三条"` {
		t.Errorf("two clauses nobody asked about: %v", err)
	}
	added := w.edit("", "as asked")
	added.Clauses, added.Sums = append(slices.Clone(labels), "第四条"), append(added.Sums, "ffffffff")
	if err := report(added, ""); CodeOf(err) != ChangesBeyond {
		t.Errorf("a clause added: %v", err)
	}
	renumbered := w.edit("", "as asked")
	renumbered.Clauses = []string{"第二条", "第三条", "第四条"}
	if err := report(renumbered, "第三条"); err != nil {
		t.Errorf("renumbered, with the same words: %v", err)
	}
	w = failed()
	if err := report(w.edit("", "as asked"), ""); err != nil || w.c.Status != RegReview {
		t.Errorf("what was asked: %v", err)
	}
	// A full round may change whatever it likes, and an old case is compared by a person.
	w = failed()
	if err := w.apply(NewVersion, handler, Details{Text: w.edit("more", "as asked", "and more"), Answers: w.answers("adopted")}); err != nil {
		t.Error(err)
	}
	old := oldWalk(t, New, Government).via(toDesk + " draft_opinion:fails approve_fail revise")
	old.do("report_changes")
}

func TestACostsItemWithABasisIsNoBreach(t *testing.T) {
	t.Parallel()
	w := at(t, New, Department, SelfReview)
	d := w.details(SendCheck, "")
	based(Based{Clause: "第二条", Item: "IMP-19-3", Kind: "regulation", Which: "某条例第八条"})(&d)
	d.Checklist.Notes = []Note{{Item: "IMP-19-3", Reason: "有行政法规依据"}, {Item: "IMP-14-1", Reason: "无所在地要求"}}
	if err := w.apply(SendCheck, handler, d); err != nil {
		t.Fatal(err)
	}
	w.via("send_sign conclude_pass")
}

func TestOpinionsThatNobodyGave(t *testing.T) {
	t.Parallel()
	w := at(t, New, Department, Drafting)
	d := w.details(StartReview, "")
	d.Heard.Opinions, d.Heard.NoReplies = nil, true
	if err := w.apply(StartReview, handler, d); err != nil {
		t.Error(err)
	}
}

func TestTheRouteChosenAgainstWhoIssues(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Department)
	w.open.RouteDerived = Government
	w.refused(RouteOdd, Register, handler, nil)
	w.refused(RouteOdd, Register, handler, func(d *Details) { d.Opening.RouteReason = " " })
	w.open.RouteReason = "政府已授权部门印发"
	if w.do("register"); w.c.RouteReason == "" || w.c.RouteDerived != Government || w.c.Route != Department {
		t.Errorf("opened as %+v", w.c)
	}
	newWalk(t, New, Government).do("register") // as derived: no reason needed
}

func TestTheRegulatorRegistersOnlyTheUnreviewed(t *testing.T) {
	t.Parallel()
	w := newWalk(t, Existing, Department)
	w.refused(NotYourRole, Inventory, officer, nil)
	w.open.Unreviewed = true
	w.refused(NotYourRole, Inventory, approver, nil)
	w.refused(NotYourRole, Inventory, Actor{Person: "o9", Unit: "amr-of-another-city", Role: Officer}, nil)
	if w.do("inventory", officer); !w.c.Unreviewed || w.c.Status != Inventoried {
		t.Errorf("registered as %+v", w.c)
	}
	w.refused(NotYourRole, StartReview, officer, nil) // and the unit reviews it
	w.do("start_review")
	w = newWalk(t, Existing, Department)
	w.open.Unreviewed = true
	w.do("inventory", handler)
}

func TestTheMiddleStep(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, RegCheck)
	if got := Turns(w.c); len(got) != 1 || got[0].Role != Checker || got[0].Unit != "amr" {
		t.Errorf("turns %v", got)
	}
	w.refused(NotYourTurn, ApprovePass, approver, nil)
	w.refused(SameHand, SendSign, officerK, nil)
	w.do("send_back", middle).do("draft_opinion").do("send_sign", middle)
	w.refused(SameHand, ApprovePass, middleP, nil)
	w.refused(SameHand, ApprovePass, officerP, nil)
	if w.do("approve_pass"); w.c.Conclusion.Checker != "k1" || w.c.Conclusion.By != "o1" || w.c.Conclusion.Approver != "p1" {
		t.Errorf("signed by %+v", w.c.Conclusion)
	}
	w = at(t, New, Government, RegSign) // without the local rule there is no such step
	w.refused(NotYourRole, SendBack, middle, nil)
	for _, k := range []string{"k1", "u1"} {
		d := w.details(DraftOpinion, "")
		d.Conclusion.Checker = k // what is sent is not believed
		w.do("send_back", approver)
		if err := w.apply(DraftOpinion, officer, d); err != nil || w.c.Draft.Checker != "" {
			t.Errorf("checked by %q: %v", w.c.Draft.Checker, err)
		}
	}
}

func TestTheRegulatorsInsideIsNotShown(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"sent back by who checks":           "send_back",
		"taken back by who drafted":         "undo",
		"sent on, and taken back":           "send_sign undo",
		"sent back, and that taken back":    "send_back undo",
		"sent on, sent back by who signs":   "send_sign send_back",
		"that taken back":                   "send_sign send_back undo",
		"urged from inside the regulator":   "send_sign urge@o1",
		"urged before the unit urged again": "send_sign urge@o1 urge@h1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := at(t, New, Government, RegCheck)
			for word := range strings.FieldsSeq(path) {
				kind, person, named := strings.Cut(word, "@")
				if !named {
					w.do(kind)
					continue
				}
				who := everybody[slices.IndexFunc(everybody, func(a Actor) bool { return a.Person == person })]
				w.do(kind, who)
			}
			for _, v := range []Viewer{byUnit, byIssuer} {
				for _, e := range w.events {
					own := e.Action.Actor.Unit == "dept"
					if seen, ok := ViewEvent(w.c, e, v); ok && !own && e.Version > 8 && (seen.Action.Reason != "" || seen.Action.Conclusion != nil) {
						t.Errorf("%s reads why: %s", v.Person, seen.Action.Kind)
					}
				}
				for u := View(w.c, v).Urged; u != nil; u = u.Prior {
					if u.Unit == "amr" {
						t.Errorf("%s reads how the regulator urges its own", v.Person)
					}
				}
			}
		})
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, ConcludedFail)
	waits := func() bool { return contains(Turns(w.c), Turn{Unit: "amr", Role: Officer, What: w.c.Status}) }
	if !waits() {
		t.Error("nobody is asked to deliver")
	}
	w.do("revise")
	if !waits() {
		t.Error("the unit goes on, and nobody is asked to deliver any more")
	}
	w.now = w.now.AddDate(0, 0, 2)
	d := w.details(Deliver, "")
	d.Delivery.SealedOn = w.day(-1)
	if err := w.apply(Deliver, officer, d); err != nil {
		t.Fatal(err)
	}
	if w.c.Delivery.By != "o1" || waits() || w.c.Status != Revising {
		t.Errorf("delivered %+v", w.c.Delivery)
	}
	w.refused(NotYourTurn, Deliver, officer, nil) // once
	w.do("report_changes").do("draft_opinion").do("approve_pass")
	if w.c.Delivery != nil || !waits() {
		t.Error("the next conclusion is delivered by itself")
	}
	w.do("deliver")
	// It does not stand in anybody's way, and a page from before it is no conflict.
	before := at(t, New, Government, ConcludedPass)
	seen := before.c.Version
	before.do("deliver")
	if _, _, err := Apply(before.c, Action{Kind: SendLegality, Actor: handler, Seen: seen}, before.now); err != nil {
		t.Error(err)
	}
	at(t, New, Department, ConcludedPass).refused(WrongRoute, Deliver, officer, nil)
	atUnder(t, 1, New, Government, ConcludedPass).refused(NotYourTurn, Deliver, officer, nil)
}

func TestMediationIsANote(t *testing.T) {
	t.Parallel()
	w := at(t, New, Government, ConcludedFail)
	w.refused(NothingAsked, NoteMediation, officer, nil)
	w.refused(NotYourRole, AskMediation, handler, nil)
	w.do("ask_mediation")
	w.refused(NotYourTurn, AskMediation, head, nil)
	if !contains(Turns(w.c), Turn{Unit: "amr", Role: Officer, What: ConcludedFail}) {
		t.Errorf("turns %v", Turns(w.c))
	}
	failing := w.c.Conclusion
	w.refused(Missing, NoteMediation, officer, func(d *Details) { d.Reason = "" })
	w.do("note_mediation")
	if m := w.c.Mediation; w.c.Conclusion != failing || w.c.Status != ConcludedFail || w.c.Outcome != "" || m.AskedBy != "u1" || m.NotedBy != "o1" || m.Result == "" {
		t.Errorf("mediation %+v, conclusion %+v", w.c.Mediation, w.c.Conclusion)
	}
	w.refused(NothingAsked, NoteMediation, officer, nil)
	w.do("ask_mediation").do("revise").do("note_mediation")
	if w.do("give_up"); w.c.Outcome != Repeal {
		t.Errorf("outcome %q", w.c.Outcome)
	}
	// There is nothing to mediate before a failing conclusion, nor after a pass.
	at(t, New, Government, Revising).refused(NotYourTurn, AskMediation, head, nil)
	newWalk(t, New, Government).via(toDesk+" draft_opinion:fails approve_fail revise report_changes draft_opinion approve_pass material_change revise").
		refused(NotYourTurn, AskMediation, head, nil)
	atUnder(t, 1, New, Government, ConcludedFail).refused(NotYourTurn, AskMediation, head, nil)
}

func TestTheLegalityGate(t *testing.T) {
	t.Parallel()
	gated := func() *walk {
		w := newWalk(t, New, Department)
		w.open.Rules.Legality = true
		return w.via(toSign + " conclude_pass")
	}
	w := gated()
	w.refused(LegalityOpen, RegisterIssue, issuing, nil)
	w.do("send_legality").refused(LegalityOpen, RegisterIssue, issuing, nil)
	w.do("record_legality:fails").refused(LegalityOpen, RegisterIssue, issuing, nil)
	w.do("material_change")
	if w.c.Legal != nil {
		t.Error("the result of the old text stands for the new one")
	}
	w.via("send_check send_sign conclude_pass send_legality record_legality register_issue")
	w = gated().do("send_legality")
	w.now = w.now.AddDate(0, 0, 3)
	w.refused(Invalid, RecordLegality, handler, func(d *Details) { d.Legal.On = w.c.Conclusion.SignedOn.AddDays(-1) })
	d := w.details(RecordLegality, "")
	d.Legal.Result = "changes"
	if err := w.apply(RecordLegality, handler, d); err != nil {
		t.Fatal(err)
	}
	w.do("register_issue")
	// Without the gate the two may run side by side, and nothing waits for it.
	w = at(t, New, Department, Legality)
	d = w.details(RecordLegality, "")
	d.Legal.On = w.c.Conclusion.SignedOn.AddDays(-1)
	if err := w.apply(RecordLegality, handler, d); err != nil {
		t.Error(err)
	}
	at(t, New, Department, Legality).do("register_issue")
	at(t, New, Department, ConcludedPass).refused(NotYourTurn, RecordLegality, handler, nil)
	atUnder(t, 1, New, Department, Legality).refused(NotYourTurn, RecordLegality, handler, nil)
}

func TestTheReminderToRegisterTheIssue(t *testing.T) {
	t.Parallel()
	w := at(t, New, Department, ConcludedPass)
	clock := *w.c.Clock
	if due, _ := w.cal.Due(clock.From, 30); clock.Days != 30 || !clock.Due.Equal(due) {
		t.Errorf("clock %+v", clock)
	}
	if got := Checkpoints(w.c); len(got) != 0 {
		t.Errorf("a reminder does something: %v", got)
	}
	if w.do("send_legality"); w.c.Clock == nil || *w.c.Clock != clock {
		t.Errorf("it does not run on: %+v", w.c.Clock)
	}
	if w.do("register_issue"); w.c.Clock != nil {
		t.Errorf("clock %+v", w.c.Clock)
	}
	if w := at(t, New, Department, ConcludedFail); w.c.Clock != nil {
		t.Errorf("nothing is to be issued, and clock %+v", w.c.Clock)
	}
	w = newWalk(t, New, Department)
	w.open.Rules.IssueDays = 0
	if w.via(toSign + " conclude_pass"); w.c.Clock != nil {
		t.Errorf("switched off, and clock %+v", w.c.Clock)
	}
}

func TestTheScopeDecisionStaysWithTheCase(t *testing.T) {
	t.Parallel()
	w := at(t, New, Department, Drafting)
	d := w.details(MarkOutOfScope, "")
	d.Scope.In, d.Scope.Ground, d.Scope.Article, d.Scope.By = true, "other", "条例 99", "nobody" // what is sent is not believed
	if err := w.apply(MarkOutOfScope, head, d); err != nil {
		t.Fatal(err)
	}
	s := w.c.Scope
	verdict, err := DecideScope(scopeWay(false))
	if err != nil || s.In || s.Ground != verdict.Ground || s.Article != verdict.Article || s.By != "u1" || len(s.Answers) == 0 || w.c.Outcome != NotInScope {
		t.Errorf("decided %+v, want %+v, %v", s, verdict, err)
	}
	w = at(t, New, Department, SelfReview)
	if s := w.c.Scope; !s.In || s.TextHash != w.c.Text.Hash || s.By != "h1" || s.Article == "" {
		t.Errorf("in scope by %+v", s)
	}
}

// TestUnitsThatIssueTogetherReadTheCase: the units that issue with the lead read, and act on nothing.
func TestUnitsThatIssueTogetherReadTheCase(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Department)
	w.open.With = []string{"water", "dept"}
	w.do("register")
	if got := Grants(w.c); !contains(got, Grant{Unit: "water"}) || len(got) != 4 {
		t.Errorf("grants %v", got)
	}
	w.refused(NotYourRole, StartReview, Actor{Person: "w1", Unit: "water", Role: Handler}, nil)
}

// TestAnOldCaseLivesAsItDid: nothing of the second revision is asked of a case that opened before, to its end.
func TestAnOldCaseLivesAsItDid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		kind    Kind
		route   Route
		path    string
		status  Status
		outcome Outcome
	}{
		{"department", New, Department, toSign + " conclude_fail revise new_version send_check send_sign conclude_pass send_legality register_issue", Issued, Amend},
		{"department, an exception to its end", New, Department, toExc + " conclude_exception register_issue exception_ends register_stop", Ceased, Keep},
		{"government, returned and failed", New, Government, toPrelim + " submit recall submit accept ask_recall agree_recall submit ask_correction correct accept suspend return_overdue submit " +
			"accept put_breach no_change draft_opinion:fails approve_fail revise report_changes draft_opinion approve_pass material_change send_check send_sign sign_prelim submit accept " +
			"draft_opinion approve_pass register_issue", Issued, Amend},
		{"government, with seats and experts", New, Government, toDesk + " convene joint_due close_joint ask_panel form_panel panel_due close_panel:none draft_opinion approve_pass close_unissued", ClosedUnissued, Keep},
		{"out of scope", New, Department, "register mark_out_of_scope", OutOfScope, NotInScope},
		{"existing, repealed", Existing, Government, toStock + ":breach to_revise switch register_repeal", Repealed, Repeal},
		{"existing, an exception", Existing, Department, toStock + ":exception keep_exception exception_ends register_stop", Ceased, Keep},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := oldWalk(t, tt.kind, tt.route)
			for word := range strings.FieldsSeq(tt.path) {
				w.do(word)
				c := w.c
				if c.Before != nil || c.Undoable || c.Review != nil || c.Sunset != nil || c.Delivery != nil || c.Legal != nil || c.Scope != nil && c.Scope.Answers != nil {
					t.Fatalf("after %s: %+v", word, c)
				}
				if err := w.apply(Urge, officer, Details{Reason: "请抓紧"}); err == nil {
					t.Fatalf("after %s an old case was urged", word)
				}
				if err := w.apply(Undo, w.usual(Undo), Details{Reason: "误操作"}); err == nil {
					t.Fatalf("%s was taken back", word)
				}
			}
			if w.c.Status != tt.status || w.c.Outcome != tt.outcome {
				t.Errorf("ends as %s, %s", w.c.Status, w.c.Outcome)
			}
		})
	}
}
