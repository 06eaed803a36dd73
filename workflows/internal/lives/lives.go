// Package lives holds lives of cases as lists of actions, for the tests of workflows and for recording histories. All
// names in them are made up. What depends on the moment is left open, and filled in by At.
package lives

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/fairreview/fairreview/review"
)

// The units of the lives.
const (
	Unit      = "u-commerce"
	Regulator = "u-market"
	Issuer    = "u-city"
)

// The people of the lives.
var (
	Handler  = review.Actor{Person: "p-handler", Unit: Unit, Role: review.Handler}
	Checker  = review.Actor{Person: "p-checker", Unit: Unit, Role: review.ReviewBody}
	Head     = review.Actor{Person: "p-head", Unit: Unit, Role: review.UnitHead}
	Officer  = review.Actor{Person: "p-officer", Unit: Regulator, Role: review.Officer}
	Approver = review.Actor{Person: "p-approver", Unit: Regulator, Role: review.Approver}
)

// SeatHead is the head of the i-th invited department, Expert the i-th expert.
func SeatHead(i int) review.Actor {
	return review.Actor{Person: fmt.Sprintf("p-seat-%02d", i), Unit: fmt.Sprintf("u-seat-%02d", i), Role: review.UnitHead}
}

// Expert is the i-th expert of the pool.
func Expert(i int) review.Actor {
	return review.Actor{Person: fmt.Sprintf("p-expert-%d", i), Role: review.Expert}
}

// Hash is the hash of a made-up text.
func Hash(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// Act is an action by somebody.
func Act(who review.Actor, kind review.ActionKind, d review.Details) review.Action {
	return review.Action{Kind: kind, Actor: who, Details: d}
}

// At is the action as it is done now by somebody who looked at that version of the case.
func At(a review.Action, seen int, now time.Time) review.Action {
	a.Seen = seen
	if a.Details.Issue != nil {
		issue := *a.Details.Issue
		issue.On = review.DateOf(now)
		a.Details.Issue = &issue
	}
	if a.Details.Delivery != nil {
		d := *a.Details.Delivery
		d.SealedOn, d.On = review.DateOf(now), review.DateOf(now)
		a.Details.Delivery = &d
	}
	if a.Details.Legal != nil {
		l := *a.Details.Legal
		l.On = review.DateOf(now)
		a.Details.Legal = &l
	}
	return a
}

// Draft is a text of two clauses.
func Draft(version string) *review.Text {
	return &review.Text{Hash: Hash("draft " + version), Clauses: []string{"第一条", "第二条"}}
}

// Checklist answers every item "no breach" but for the findings.
func Checklist(version string, found ...review.Finding) *review.Checklist {
	std := review.StandardsOn("2026-01-01")
	l := &review.Checklist{Standards: std.Version, TextHash: Draft(version).Hash, Findings: found}
	named := map[string]bool{}
	for _, f := range found {
		named[f.Item] = true
	}
	for _, it := range std.Items {
		if !named[it.ID] {
			l.Clear = append(l.Clear, it.ID)
		}
	}
	return l
}

// Finding is a breach in the second clause.
func Finding() review.Finding {
	item := review.StandardsOn("2026-01-01").Items[0]
	return review.Finding{Clause: "第二条", Item: item.ID, Effect: "限制外地经营者参与", Change: "删除本地注册要求", Basis: "none"}
}

// Heard is a complete record of hearing opinions.
func Heard() *review.Consultation {
	return &review.Consultation{Whom: "经营者、行业协会", How: "书面征求意见", From: "2026-01-05", To: "2026-01-20", Said: "无不同意见", PublicHeard: true}
}

// Exception claims one until the end of 2028.
func Exception() *review.Exception {
	return &review.Exception{Ground: "REG-12-1", Effect: "对新进入者有一定影响", Alternatives: "已比较三种方案，均不足以实现目的", Until: "2028-12-31", PeriodWhy: "与规划期一致"}
}

// Conclusion is a complete one about a text.
func Conclusion(version string, result review.Result) *review.Conclusion {
	k := &review.Conclusion{Result: result, TextHash: Draft(version).Hash, Standards: review.StandardsOn("2026-01-01").Version,
		Written: Hash("conclusion " + version), HowHeard: "书面征求意见", Prelim: "初审认为符合", UseJoint: "已逐条采纳", UsePanel: "采纳论证意见", DocNo: "审〔2026〕1号"}
	if result == review.Fails {
		k.Findings = []review.Finding{Finding()}
	}
	return k
}

// Issue is a registered document.
func Issue(version string) *review.Issue {
	return &review.Issue{DocNo: "商发〔2026〕7号", TextHash: Draft(version).Hash, Legality: "合法"}
}

// Register opens a new measure.
func Register(route review.Route) review.Action {
	return Act(Handler, review.Register, review.Details{Opening: &review.Opening{
		Measure: review.Measure{ID: "m-1", Title: "关于支持首店经济发展的若干措施", Nature: "normative_document", Issuer: Issuer, MadeUp: true},
		Kind:    review.New, Route: route, RouteArticle: "条例 13", Unit: Unit, Regulator: Regulator,
		Rules: review.Rules{Version: "test", Joint: true, Panel: true, Legality: true, Threshold: 1.5, CorrectionDays: 5, JointDays: 5, PanelDays: 10}}})
}

// signed is the way to the unit's signature.
func signed(route review.Route) []review.Action {
	return []review.Action{
		Register(route),
		Act(Handler, review.StartReview, review.Details{Text: Draft("1"), Heard: Heard()}),
		Act(Handler, review.SendCheck, review.Details{Checklist: Checklist("1")}),
		Act(Checker, review.SendSign, review.Details{}),
	}
}

// DepartmentPass is a life: the unit concludes and issues, six acts.
func DepartmentPass() []review.Action {
	return append(signed(review.Department),
		Act(Head, review.ConcludePass, review.Details{Conclusion: Conclusion("1", review.Meets)}),
		Act(Handler, review.RegisterIssue, review.Details{Issue: Issue("1")}))
}

// DepartmentAmend is a life: fails, is revised in a new round, passes and is issued.
func DepartmentAmend() []review.Action {
	return append(signed(review.Department),
		Act(Head, review.ConcludeFail, review.Details{Conclusion: Conclusion("1", review.Fails)}),
		Act(Handler, review.Revise, review.Details{}),
		Act(Handler, review.NewVersion, review.Details{Text: Draft("2"), Answers: []review.Answer{{Change: "r1-1", Answer: "adopted"}}}),
		Act(Handler, review.SendCheck, review.Details{Checklist: Checklist("2")}),
		Act(Checker, review.SendSign, review.Details{}),
		Act(Head, review.ConcludePass, review.Details{Conclusion: Conclusion("2", review.Meets)}),
		Act(Handler, review.RegisterIssue, review.Details{Issue: Issue("2")}))
}

// ExceptionIssued is a life: concluded and issued under an exception that ends with 2028.
func ExceptionIssued() []review.Action {
	life := signed(review.Department)
	life[2].Exception = Exception()
	return append(life,
		Act(Head, review.ConcludeExc, review.Details{Conclusion: Conclusion("1", review.MeetsByExc)}),
		Act(Handler, review.RegisterIssue, review.Details{Issue: Issue("1")}))
}

// Submitted is a life: the government route up to the regulator's desk.
func Submitted() []review.Action {
	packet := &review.Packet{Documents: map[review.Slot]string{
		review.SlotDraft: Draft("1").Hash, review.SlotNote: Hash("note"), review.SlotPrelim: Hash("prelim"), review.SlotHeard: Hash("heard")},
		NoteBasis: "上位法", NoteHeard: "已征求意见", LetterNo: "商函〔2026〕3号"}
	return append(signed(review.Government),
		Act(Head, review.SignPrelim, review.Details{}),
		Act(Handler, review.Submit, review.Details{Packet: packet}))
}

// Accepted is a life: the officer has taken the case.
func Accepted() []review.Action {
	return append(Submitted(), Act(Officer, review.Accept, review.Details{}))
}

// Convened is a life: a joint review of that many seats has begun.
func Convened(seats int) []review.Action {
	var invited []review.Invitation
	for i := range seats {
		invited = append(invited, review.Invitation{Unit: SeatHead(i).Unit})
	}
	return append(Accepted(), Act(Officer, review.Convene, review.Details{Seats: invited}))
}

// Panelled is a life: an expert panel has been called, against the proposal of nothing but a seat's "breach".
func Panelled() []review.Action {
	return append(Convened(3),
		Act(SeatHead(0), review.GivePosition, review.Details{Positions: []review.Position{{Clause: "第二条", Value: -2, Reason: "要求本地注册"}}}),
		Act(SeatHead(1), review.GivePosition, review.Details{NoObjection: true}),
		Act(SeatHead(2), review.DeclineSeat, review.Details{Reason: "不属于本单位职责"}),
		Act(Officer, review.CloseJoint, review.Details{}),
		Act(Officer, review.FormPanel, review.Details{Panel: &review.PanelPlan{Questions: []string{"第二条是否限制准入"}, Experts: []string{Expert(0).Person, Expert(1).Person}, Quorum: 1}}))
}

// GovernmentAmend is a life: joint review, panel, a breach that is changed at once, passed and issued.
func GovernmentAmend() []review.Action {
	return append(Panelled(),
		Act(Expert(0), review.AcceptSeat, review.Details{NoConflict: true, Pledge: true}),
		Act(Expert(1), review.DeclineSeatPanel, review.Details{Reason: "时间冲突"}),
		Act(Expert(0), review.GiveOpinion, review.Details{Opinion: &review.Opinion{Position: -1, Reasons: "应删除", Confidence: 4}}),
		Act(Officer, review.OpenOpinions, review.Details{}),
		Act(Officer, review.ClosePanel, review.Details{Report: Hash("report")}),
		Act(Officer, review.PutBreach, review.Details{Findings: []review.Finding{Finding()}}),
		Act(Handler, review.ChangeAtOnce, review.Details{Text: Draft("2"), Answers: []review.Answer{{Change: "r1-1", Answer: "adopted"}}}),
		Act(Officer, review.DraftOpinion, review.Details{Conclusion: Conclusion("2", review.Meets)}),
		Act(Approver, review.ApprovePass, review.Details{Conclusion: Conclusion("2", review.Meets)}),
		Act(Handler, review.SendLegality, review.Details{}),
		Act(Handler, review.RegisterIssue, review.Details{Issue: Issue("2")}))
}

// CorrectionAsked is a life: the officer has asked for a correction within that many working days.
func CorrectionAsked(days int) []review.Action {
	return append(Submitted(),
		Act(Officer, review.AskCorrection, review.Details{Reason: "起草说明未写明依据", Slots: []review.Slot{review.SlotNote}, Days: days}))
}

// ExistingKept is a life: an existing measure is kept.
func ExistingKept() []review.Action {
	open := Register(review.Department)
	o := *open.Opening
	o.Kind, o.Measure.DocNo, o.Measure.IssuedOn = review.Existing, "商发〔2020〕5号", "2020-05-01"
	return []review.Action{
		Act(Handler, review.Inventory, review.Details{Opening: &o}),
		Act(Handler, review.StartReview, review.Details{Text: Draft("1")}),
		Act(Handler, review.SendSign, review.Details{Heard: Heard(), Checklist: Checklist("1"), Proposal: "keep"}),
		Act(Head, review.KeepMeasure, review.Details{Conclusion: Conclusion("1", review.Meets)}),
	}
}

// Withdrawn is a life: the unit withdraws, by two hands.
func Withdrawn() []review.Action {
	return []review.Action{
		Register(review.Department),
		Act(Handler, review.StartReview, review.Details{Text: Draft("1"), Heard: Heard()}),
		Act(Handler, review.AskWithdraw, review.Details{Reason: "上级统一出台"}),
		Act(Head, review.Withdraw, review.Details{}),
	}
}
