package lives

import (
	"slices"

	"github.com/fairreview/fairreview/review"
)

// Middle is who checks the officer's draft before the approver sees it, where the local rule has the step.
var Middle = review.Actor{Person: "p-middle", Unit: Regulator, Role: review.Checker}

// Today makes lives of cases that open under the procedure's second revision. The functions of the same names make lives of
// the first: the histories that were recorded of them are of cases that are open out there.
type Today struct {
	Rules     review.Rules
	Exception review.Exception // claimed where a life claims one
}

// NewToday has every overlay and step on, and an exception until the end of 2028 that is evaluated once a year.
func NewToday() Today {
	return Today{
		Rules: review.Rules{Version: "test-2", Joint: true, Panel: true, Legality: true, Threshold: 1.5, CorrectionDays: 5, JointDays: 5, PanelDays: 10,
			ReviewDays: 20, IssueDays: 30, SoonDays: 2, EvaluateMonths: 12, UrgeHours: 24, Middle: true},
		Exception: *Exception(),
	}
}

// DraftToday is a text of two clauses, the second of which has other words in every version.
func DraftToday(version string) *review.Text {
	t := Draft(version)
	t.IDs, t.Sums = []string{"c1", "c2"}, []string{"00000001", Hash("second " + version)[:8]}
	return t
}

// HeardToday is a complete record of hearing opinions.
func HeardToday() *review.Consultation {
	return &review.Consultation{Whom: "经营者、行业协会", How: "书面征求意见", From: "2026-01-05", To: "2026-01-20",
		Kinds: []string{"competitors", "associations", "public"}, Asked: true,
		Opinions: []review.HeardOpinion{{From: "市零售业协会", Said: "建议不限注册地", Answer: "adopted"}}}
}

// InScope is a way through the questions of scope that ends in a review.
func InScope() *review.Scope {
	return &review.Scope{Answers: []review.ScopeAnswer{{Question: "kind", Answer: "normative"}, {Question: "effect", Answer: "entry"}}}
}

// Register opens a new measure.
func (t Today) Register(route review.Route) review.Action {
	a := Register(route)
	o := *a.Opening
	o.Procedure, o.RouteDerived, o.Rules, o.Measure.PublicInterest = 2, route, t.Rules, "none"
	o.IssueBy = string(review.ByDepartment)
	if route == review.Government {
		o.IssueBy, o.RouteArticle = string(review.ByGovernment), "条例 14"
	}
	a.Opening = &o
	return a
}

func (t Today) signed(route review.Route) []review.Action {
	return []review.Action{
		t.Register(route),
		Act(Handler, review.StartReview, review.Details{Text: DraftToday("1"), Heard: HeardToday(), Scope: InScope()}),
		Act(Handler, review.SendCheck, review.Details{Checklist: Checklist("1")}),
		Act(Checker, review.SendSign, review.Details{}),
	}
}

// issued is the end of a life that passed: the legality review and the document.
func issued(version string) []review.Action {
	issue := Issue(version)
	issue.Legality = ""
	return []review.Action{
		Act(Handler, review.SendLegality, review.Details{}),
		Act(Handler, review.RecordLegality, review.Details{Legal: &review.LegalCheck{Result: "pass", By: "市司法局"}}),
		Act(Handler, review.RegisterIssue, review.Details{Issue: issue}),
	}
}

// DepartmentPass is a life: the unit concludes, the text passes the legality review and is issued.
func (t Today) DepartmentPass() []review.Action {
	return slices.Concat(t.signed(review.Department),
		[]review.Action{Act(Head, review.ConcludePass, review.Details{Conclusion: Conclusion("1", review.Meets)})}, issued("1"))
}

// DepartmentAmend is a life: fails, is revised in a new round, passes and is issued.
func (t Today) DepartmentAmend() []review.Action {
	return slices.Concat(t.signed(review.Department), []review.Action{
		Act(Head, review.ConcludeFail, review.Details{Conclusion: Conclusion("1", review.Fails)}),
		Act(Handler, review.Revise, review.Details{}),
		Act(Handler, review.NewVersion, review.Details{Text: DraftToday("2"), Answers: []review.Answer{{Change: "r1-1", Answer: "adopted"}}}),
		Act(Handler, review.SendCheck, review.Details{Checklist: Checklist("2")}),
		Act(Checker, review.SendSign, review.Details{}),
		Act(Head, review.ConcludePass, review.Details{Conclusion: Conclusion("2", review.Meets)}),
	}, issued("2"))
}

// ExceptionIssued is a life: concluded and issued under the exception.
func (t Today) ExceptionIssued() []review.Action {
	life := t.signed(review.Department)
	e := t.Exception
	life[2].Exception = &e
	return slices.Concat(life, []review.Action{Act(Head, review.ConcludeExc, review.Details{Conclusion: Conclusion("1", review.MeetsByExc)})}, issued("1"))
}

// Evaluate is the unit's look at how the exception works.
func Evaluate() review.Action {
	return Act(Handler, review.Evaluate, review.Details{Reason: "仍有必要，影响可控", Report: Hash("evaluation")})
}

// Stop registers that the measure is no longer applied.
func Stop() review.Action {
	return Act(Handler, review.RegisterStop, review.Details{Issue: &review.Issue{DocNo: "商发〔2029〕1号"}})
}

// Extend registers the case that carries the exception on.
func Extend() review.Action {
	return Act(Handler, review.RegisterExtension, review.Details{Reason: "新的审查结论已作出", Linked: "5d1f7c3e-0000-4000-8000-000000000002"})
}

// ConditionMet has the issuer say that the end condition has come.
func ConditionMet() review.Action {
	return Act(Handler, review.ExceptionEnds, review.Details{Reason: "应急状态已解除"})
}

// Packet is what is submitted.
func Packet() *review.Packet {
	return &review.Packet{Documents: map[review.Slot]string{
		review.SlotDraft: Draft("1").Hash, review.SlotNote: Hash("note"), review.SlotPrelim: Hash("prelim"), review.SlotHeard: Hash("heard")},
		NoteBasis: "上位法", NoteHeard: "已征求意见", LetterNo: "商函〔2026〕3号"}
}

// Submitted is a life: the government route up to the regulator's desk.
func (t Today) Submitted() []review.Action {
	return append(t.signed(review.Government),
		Act(Head, review.SignPrelim, review.Details{}),
		Act(Handler, review.Submit, review.Details{Packet: Packet()}))
}

// Accepted is a life: the officer has taken the case.
func (t Today) Accepted() []review.Action {
	return append(t.Submitted(), Act(Officer, review.Accept, review.Details{}))
}

// CorrectionAsked is a life: the officer has asked for a correction within that many working days.
func (t Today) CorrectionAsked(days int) []review.Action {
	return append(t.Submitted(), AskCorrection(days))
}

// AskCorrection asks for the note again, within so many working days.
func AskCorrection(days int) review.Action {
	return Act(Officer, review.AskCorrection, review.Details{Reason: "起草说明未写明依据", Slots: []review.Slot{review.SlotNote}, Days: days})
}

// Correct brings a corrected note; version tells one from another.
func Correct(version string) review.Action {
	return Act(Handler, review.Correct, review.Details{Packet: &review.Packet{
		Documents: map[review.Slot]string{review.SlotNote: Hash("note, corrected " + version)}, NoteBasis: "上位法第三条"}})
}

// Submit submits once more, after a return.
func Submit() review.Action {
	return Act(Handler, review.Submit, review.Details{Packet: Packet()})
}

// Undo takes back what the person did last.
func Undo(who review.Actor) review.Action {
	return Act(who, review.Undo, review.Details{Reason: "误操作"})
}

// Urge reminds whoever holds the case.
func Urge(who review.Actor) review.Action {
	return Act(who, review.Urge, review.Details{Reason: "会议在即，请尽快办理"})
}

// Undone is a life: a correction is asked for, taken back, asked for again; brought, taken back, brought again; accepted.
func (t Today) Undone() []review.Action {
	return append(t.CorrectionAsked(5),
		Undo(Officer), AskCorrection(5), Correct("1"), Undo(Handler), Correct("2"), Act(Officer, review.Accept, review.Details{}))
}

// Convened is a life: a joint review of that many seats has begun.
func (t Today) Convened(seats int) []review.Action {
	return append(t.Accepted(), Convened(seats)[7])
}

// Panelled is a life: an expert panel has been called.
func (t Today) Panelled() []review.Action {
	return append(t.Accepted(), Panelled()[7:]...)
}

// GovernmentAmend is a life: joint review, panel, a breach that is changed at once, the middle step, signature, delivery,
// legality review, issue.
func (t Today) GovernmentAmend() []review.Action {
	k := Conclusion("2", review.Meets)
	return slices.Concat(t.Panelled(), []review.Action{
		Act(Expert(0), review.AcceptSeat, review.Details{NoConflict: true, Pledge: true}),
		Act(Expert(1), review.DeclineSeatPanel, review.Details{Reason: "时间冲突"}),
		Act(Expert(0), review.GiveOpinion, review.Details{Opinion: &review.Opinion{Position: -1, Reasons: "应删除", Confidence: 4}}),
		Act(Officer, review.OpenOpinions, review.Details{}),
		Act(Officer, review.ClosePanel, review.Details{Report: Hash("report")}),
		Act(Officer, review.PutBreach, review.Details{Findings: []review.Finding{Finding()}}),
		Act(Handler, review.ChangeAtOnce, review.Details{Text: DraftToday("2"), Answers: []review.Answer{{Change: "r1-1", Answer: "adopted"}}}),
		Act(Officer, review.DraftOpinion, review.Details{Conclusion: k}),
		Act(Middle, review.SendSign, review.Details{}),
		Act(Approver, review.ApprovePass, review.Details{Conclusion: k}),
		Act(Officer, review.Deliver, review.Details{Delivery: &review.Delivery{How: "exchange", Receiver: "起草单位办公室"}}),
	}, issued("2"))
}

// ExistingKept is a life: an existing measure is kept.
func (t Today) ExistingKept() []review.Action {
	open := t.Register(review.Department)
	o := *open.Opening
	o.Kind, o.Measure.DocNo, o.Measure.IssuedOn = review.Existing, "商发〔2020〕5号", "2020-05-01"
	return []review.Action{
		Act(Handler, review.Inventory, review.Details{Opening: &o}),
		Act(Handler, review.StartReview, review.Details{Text: DraftToday("1"), Scope: InScope()}),
		Act(Handler, review.SendSign, review.Details{Heard: HeardToday(), Checklist: Checklist("1"), Proposal: "keep"}),
		Act(Head, review.KeepMeasure, review.Details{Conclusion: Conclusion("1", review.Meets)}),
	}
}

// ExistingByException is a life: an existing measure is kept under the exception.
func (t Today) ExistingByException() []review.Action {
	life, e := t.ExistingKept(), t.Exception
	life[2].Exception, life[2].Proposal = &e, "exception"
	life[3] = Act(Head, review.KeepByException, review.Details{Conclusion: Conclusion("1", review.MeetsByExc)})
	return life
}
