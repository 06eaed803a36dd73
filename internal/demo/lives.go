package demo

import (
	"fmt"
	"slices"
	"sync"

	"github.com/fairreview/fairreview/review"
)

// life is one way a case can go: its steps, straight down, as the people concerned take them.
type life struct {
	name    string
	kind    review.Kind
	route   review.Route // "": either
	breach  bool         // needs a measure with a breaching clause
	outcome review.Outcome
	label   string // shown on the case, for the open ones
	steps   func(*run)
}

// The lives of a year. What is counted: outcome; open lives have none.
var (
	departmentPass = life{"department-pass", review.New, review.Department, false, review.Keep, "", func(r *run) {
		r.selfReview()
		r.concludeByUnit(review.ConcludePass, review.Meets)
		r.issue()
	}}
	departmentUnissued = life{"department-unissued", review.New, review.Department, false, review.Keep, "", func(r *run) {
		r.selfReview()
		r.concludeByUnit(review.ConcludePass, review.Meets)
		r.act(r.head, review.CloseUnissued, review.Details{Reason: "因机构职能调整，本措施不再单独制定，与审查结论无关。"})
	}}
	departmentAmend = life{"department-amend", review.New, review.Department, true, review.Amend, "", func(r *run) {
		r.start()
		r.check()
		r.act(r.checker, review.SendBack, review.Details{Reason: "复核发现一处条款不符合审查标准，请修改后重报。", Findings: r.findings()})
		r.act(r.handler, review.Revise, review.Details{})
		r.newVersion(review.NewVersion)
		r.check()
		r.act(r.checker, review.SendSign, review.Details{})
		r.concludeByUnit(review.ConcludePass, review.Meets)
		r.issue()
	}}
	departmentFailAmend = life{"department-fail-amend", review.New, review.Department, true, review.Amend, "", func(r *run) {
		r.selfReview()
		r.concludeByUnit(review.ConcludeFail, review.Fails)
		r.act(r.handler, review.Revise, review.Details{})
		r.newVersion(review.NewVersion)
		r.check()
		r.act(r.checker, review.SendSign, review.Details{})
		r.concludeByUnit(review.ConcludePass, review.Meets)
		r.issue()
	}}
	departmentNotIssued = life{"department-not-issued", review.New, review.Department, true, review.Repeal, "", func(r *run) {
		r.selfReview()
		r.concludeByUnit(review.ConcludeFail, review.Fails)
		r.act(r.head, review.GiveUp, review.Details{Reason: "经研究，删除违规内容后措施已无实质内容，决定不予出台。"})
	}}
	departmentException = life{"department-exception", review.New, review.Department, false, review.Keep, "", func(r *run) {
		r.start()
		r.act(r.handler, review.SendCheck, review.Details{Checklist: r.checklist(nil), Exception: r.exception()})
		r.act(r.checker, review.SendSign, review.Details{})
		r.concludeByUnit(review.ConcludeExc, review.MeetsByExc)
		r.issue()
	}}
	governmentPass = life{"government-pass", review.New, review.Government, false, review.Keep, "", func(r *run) {
		r.toRegulator()
		r.opinion(review.ApprovePass, review.Meets)
		r.legality()
		r.issue()
	}}
	governmentJoint = life{"government-joint", review.New, review.Government, false, review.Keep, "", func(r *run) {
		r.toRegulator()
		r.joint(4, false)
		r.opinion(review.ApprovePass, review.Meets)
		r.legality()
		r.issue()
	}}
	governmentPanel = life{"government-panel", review.New, review.Government, false, review.Keep, "", func(r *run) {
		r.publicInterest = "major"
		r.toRegulator()
		r.joint(3, false)
		r.panel(true)
		r.opinion(review.ApprovePass, review.Meets)
		r.issue()
	}}
	governmentCorrection = life{"government-correction", review.New, review.Government, false, review.Keep, "", func(r *run) {
		r.toSubmission()
		r.act(r.officer, review.AskCorrection, review.Details{Reason: "听取意见情况未写明经营者对公平竞争影响的意见及采纳情况，请补正。", Slots: []review.Slot{review.SlotHeard}, Days: 3})
		r.act(r.handler, review.Correct, review.Details{Packet: &review.Packet{Documents: map[review.Slot]string{
			review.SlotHeard: r.text(r.handler, "关于听取意见情况的补充说明\n\n"+r.m.Heard+"\n\n上述意见均已逐条研究，采纳情况见附表。（"+r.slug+"）")}}})
		r.act(r.officer, review.Accept, review.Details{})
		r.opinion(review.ApprovePass, review.Meets)
		r.issue()
	}}
	governmentAmend = life{"government-amend", review.New, review.Government, true, review.Amend, "", func(r *run) {
		r.toRegulator()
		r.joint(4, true)
		r.panel(true)
		r.act(r.officer, review.PutBreach, review.Details{Findings: r.findings()})
		r.newVersion(review.ChangeAtOnce)
		r.opinion(review.ApprovePass, review.Meets)
		r.legality()
		r.issue()
	}}
	governmentAmendQuick = life{"government-amend-quick", review.New, review.Government, true, review.Amend, "", func(r *run) {
		r.toRegulator()
		r.act(r.officer, review.PutBreach, review.Details{Findings: r.findings()})
		r.newVersion(review.ChangeAtOnce)
		r.opinion(review.ApprovePass, review.Meets)
		r.issue()
	}}
	governmentFailAmend = life{"government-fail-amend", review.New, review.Government, true, review.Amend, "", func(r *run) {
		r.toRegulator()
		r.act(r.officer, review.PutBreach, review.Details{Findings: r.findings()})
		r.act(r.handler, review.NoChange, review.Details{Reason: "该条款系落实年度重点工作所需，暂不同意修改。"})
		r.opinion(review.ApproveFail, review.Fails)
		r.act(r.handler, review.Revise, review.Details{})
		r.newVersion(review.ReportChanges)
		r.opinion(review.ApprovePass, review.Meets)
		r.issue()
	}}
	governmentNotIssued = life{"government-not-issued", review.New, review.Government, true, review.Repeal, "", func(r *run) {
		r.toRegulator()
		r.act(r.officer, review.PutBreach, review.Details{Findings: r.findings()})
		r.act(r.officer, review.StopTalks, review.Details{Reason: "起草单位未在约定时间内答复，结束沟通。"})
		r.opinion(review.ApproveFail, review.Fails)
		r.act(r.head, review.GiveUp, review.Details{Reason: "经政府常务会议前研究，该措施不予出台。"})
	}}
	existingKeep = life{"existing-keep", review.Existing, "", false, review.Keep, "", func(r *run) {
		r.stock("keep", nil)
		r.act(r.head, review.KeepMeasure, review.Details{Conclusion: r.conclusion(r.head, review.Meets)})
	}}
	existingRevise = life{"existing-revise", review.Existing, "", true, review.Amend, "", func(r *run) {
		r.stock("revise", r.findings())
		r.act(r.head, review.DecideRevise, review.Details{Reason: "一处条款不符合审查标准，其余内容仍需执行，拟修改。"})
		r.act(r.handler, review.RegisterAmendment, review.Details{Linked: r.amendment(), Issue: r.document("修")})
	}}
	existingRepeal = life{"existing-repeal", review.Existing, "", true, review.Repeal, "", func(r *run) {
		r.stock("repeal", r.findings())
		r.act(r.head, review.DecideRepeal, review.Details{Reason: "主要内容与现行规定不符且任务已完成，拟废止。"})
		r.act(r.handler, review.RegisterRepeal, review.Details{Issue: r.document("废")})
	}}

	// Left open or counted apart, so that no desk is empty.
	openCorrection = life{"open-correction", review.New, review.Government, false, "", "演示：补正期限正在计算", func(r *run) {
		r.toSubmission()
		r.act(r.officer, review.AskCorrection, review.Details{Reason: "起草说明未写明制定依据，请补正。", Slots: []review.Slot{review.SlotNote}, Days: 3})
	}}
	openJoint = life{"open-joint", review.New, review.Government, true, "", "演示：会审进行中", func(r *run) {
		r.toRegulator()
		r.seats = r.world.seatsFor(r.m, r.index, 4)
		if head := r.world.staff(Desk, "unit_head")[0]; !slices.Contains(ids(r.seats), head.ID) {
			r.seats = append(r.seats, head)
		} else {
			r.seats = append(slices.DeleteFunc(r.seats, func(p Person) bool { return p.ID == head.ID }), head)
		}
		r.convene()
		r.answer(2, true)
	}}
	openPanel = life{"open-panel", review.New, review.Government, false, "", "演示：专家组论证中，意见未启封", func(r *run) {
		r.publicInterest = "major"
		r.toRegulator()
		r.panel(false)
	}}
	openException = life{"open-exception", review.New, review.Government, false, "", "演示：适用例外规定，待签发", func(r *run) {
		r.start()
		r.act(r.handler, review.SendCheck, review.Details{Checklist: r.checklist(nil), Exception: r.exception()})
		r.act(r.checker, review.SendSign, review.Details{})
		r.act(r.head, review.SignPrelim, review.Details{})
		r.submit()
		r.act(r.officer, review.Accept, review.Details{})
		r.panel(true)
		r.act(r.officer, review.DraftOpinion, review.Details{Conclusion: r.conclusion(r.officer, review.MeetsByExc)})
	}}
	openDrafting  = life{"open-drafting", review.New, review.Department, false, "", "演示：起草中", func(*run) {}}
	openSubmitted = life{"open-submitted", review.New, review.Government, false, "", "演示：已提请审查，待接收", func(r *run) { r.toSubmission() }}
	openReview    = life{"open-review", review.New, review.Government, true, "", "演示：市场监管部门审查中", func(r *run) { r.toRegulator() }}
	openCheck     = life{"open-check", review.New, review.Department, false, "", "演示：审查机构复核中", func(r *run) {
		r.start()
		r.check()
	}}
	openSign     = life{"open-sign", review.New, review.Department, false, "", "演示：待审查机构负责人审签", func(r *run) { r.selfReview() }}
	openRevising = life{"open-revising", review.New, review.Department, true, "", "演示：不符合、待修改", func(r *run) {
		r.selfReview()
		r.concludeByUnit(review.ConcludeFail, review.Fails)
	}}
	withdrawn = life{"withdrawn", review.New, review.Department, false, review.Withdrew, "演示：起草单位撤回", func(r *run) {
		r.start()
		r.act(r.handler, review.AskWithdraw, review.Details{Reason: "上级拟统一出台同类措施，本单位不再起草。"})
		r.act(r.head, review.Withdraw, review.Details{Reason: "同意撤回。"})
	}}
	outOfScope = life{"out-of-scope", review.New, review.Department, false, review.NotInScope, "演示：不属于审查范围", func(r *run) {
		why := "仅规定本单位内部值班安排，不涉及经营者经济活动。"
		r.act(r.head, review.MarkOutOfScope, review.Details{Scope: &review.Scope{Reason: why, TextHash: r.draft(), Answers: []review.ScopeAnswer{
			{Question: "kind", Answer: "internal"}, {Question: "internal", Answer: "none", Reason: why}}}})
	}}
)

// start records the hearing of opinions and freezes the draft.
func (r *run) start() {
	d := review.Details{Text: &review.Text{Hash: r.draft()}, Heard: r.heard(), Scope: r.scope()}
	r.act(r.handler, review.StartReview, d)
}

// scope is the way through the questions by which the measure is under review.
func (r *run) scope() *review.Scope {
	kind := map[string]string{"rule": "rule", "standard": "standard", "agreement": "agreement", "tender_document": "tender", "local_regulation_draft": "law",
		"policy_document": "policy"}[r.m.Nature]
	if kind == "" {
		kind = "normative"
	}
	answers := []review.ScopeAnswer{{Question: "kind", Answer: kind}, {Question: "effect", Answer: "industry"}}
	switch kind {
	case "tender":
		answers = answers[:1]
	case "agreement":
		answers[1] = review.ScopeAnswer{Question: "agreement", Answer: "administrative"}
	}
	return &review.Scope{Answers: answers}
}

func (r *run) heard() *review.Consultation {
	return &review.Consultation{Whom: "市场经营者、上下游企业、行业协会；社会公众", How: "书面征求意见、座谈会、门户网站公开征求意见",
		From: r.day.AddDays(-20), To: r.day.AddDays(-8), Said: r.m.Heard, PublicHeard: true,
		Kinds: []string{"competitors", "upstream", "downstream", "associations", "public"}, Asked: true,
		Opinions: []review.HeardOpinion{{From: "行业协会、有关经营者", Said: r.m.Heard, Answer: "partly", Why: "逐条研究，采纳情况见听取意见情况说明。"}}}
}

// check answers every item and sends the text to the unit's review body.
func (r *run) check() {
	r.act(r.handler, review.SendCheck, review.Details{Checklist: r.checklist(nil)})
}

func (r *run) selfReview() {
	r.start()
	r.check()
	r.act(r.checker, review.SendSign, review.Details{})
}

func (r *run) concludeByUnit(kind review.ActionKind, result review.Result) {
	k := r.conclusion(r.head, result)
	k.DocNo = r.docNo("审")
	if result == review.Fails {
		k.Findings = r.findings()
	}
	r.act(r.head, kind, review.Details{Conclusion: k})
}

// toSubmission carries a government measure to the regulator's door.
func (r *run) toSubmission() {
	r.selfReview()
	r.act(r.head, review.SignPrelim, review.Details{})
	r.submit()
}

func (r *run) submit() {
	r.act(r.handler, review.Submit, review.Details{Packet: &review.Packet{
		Documents: map[review.Slot]string{
			review.SlotDraft:  r.current,
			review.SlotNote:   r.text(r.handler, "起草说明\n\n"+r.m.Note+"\n\n"+r.m.Heard),
			review.SlotPrelim: r.text(r.head, "公平竞争审查初审意见\n\n"+r.m.Title+"：经逐项审查，未发现违反审查标准的内容。（"+r.slug+"）"),
			review.SlotHeard:  r.text(r.handler, "听取意见情况\n\n"+r.m.Heard+"（"+r.slug+"）"),
		},
		NoteBasis: r.m.Note, NoteHeard: r.m.Heard, LetterNo: r.docNo("函"),
	}})
}

func (r *run) toRegulator() {
	r.toSubmission()
	r.act(r.officer, review.Accept, review.Details{})
}

// convene invites the departments in r.seats.
func (r *run) convene() {
	d := review.Details{Days: 5}
	for _, s := range r.seats {
		d.Seats = append(d.Seats, review.Invitation{Unit: s.Unit})
	}
	r.act(r.officer, review.Convene, d)
}

// answer lets the first n seats answer at the same time; opposed makes them differ on the breaching clause.
func (r *run) answer(n int, opposed bool) {
	seen := r.version
	var wg sync.WaitGroup
	for i, head := range r.seats[:min(n, len(r.seats))] {
		wg.Go(func() {
			d := review.Details{NoObjection: true}
			if opposed && r.m.Breach != nil && i < 2 {
				p := review.Position{Clause: r.m.Breach.Clause, Value: 2}
				if i == 0 {
					p = review.Position{Clause: r.m.Breach.Clause, Value: -2, Item: r.m.Breach.Item, Reason: r.m.Breach.Effect, Change: r.m.Breach.Change}
				}
				d = review.Details{Positions: []review.Position{p}}
			}
			r.send(head, review.GivePosition, d, seen, "-"+head.ID)
		})
	}
	wg.Wait()
	r.step++
}

func (r *run) joint(n int, opposed bool) {
	r.seats = r.world.seatsFor(r.m, r.index, n)
	r.convene()
	r.answer(n, opposed)
	r.act(r.officer, review.CloseJoint, review.Details{})
}

// panel calls five experts; finished says whether they all answer and the panel reports.
func (r *run) panel(finished bool) {
	experts := r.world.expertsFor(r.index, 5)
	if !finished {
		experts = r.world.expertsFor(len(r.world.experts)-3, 5) // the first of the pool is among those who have not answered
	}
	plan := &review.PanelPlan{Questions: []string{"拟采取的措施是否对公平竞争产生不利影响？", "是否存在对公平竞争影响更小的替代方案？"}, Quorum: 3}
	for _, e := range experts {
		plan.Experts = append(plan.Experts, e.ID)
	}
	r.act(r.officer, review.FormPanel, review.Details{Panel: plan, Days: 10})
	seen := r.version
	var wg sync.WaitGroup
	for i, e := range experts {
		if !finished && i >= 3 {
			continue
		}
		wg.Go(func() {
			v := r.send(e, review.AcceptSeat, review.Details{NoConflict: true, Pledge: true}, seen, "-"+e.ID)
			if !finished && i >= 2 {
				return
			}
			o := &review.Opinion{Position: 1, Confidence: 3 + i%3, Reasons: "该措施面向全部符合条件的经营者，条件客观明确，对竞争的影响有限。"}
			if r.m.Breach != nil {
				o = &review.Opinion{Position: -1 - i%2, Confidence: 4, Reasons: r.m.Breach.Effect, Alternative: r.m.Breach.Change}
			}
			r.send(e, review.GiveOpinion, review.Details{Opinion: o}, v, "-o-"+e.ID)
		})
	}
	wg.Wait()
	r.step++
	if !finished {
		return
	}
	r.panelled = true
	r.act(r.officer, review.OpenOpinions, review.Details{})
	r.act(r.officer, review.ClosePanel, review.Details{Report: r.text(r.officer, "专家组论证报告\n\n"+r.m.Title+"：专家组对所列问题分别提出意见，论证意见供审查参考，不代替审查结论。（"+r.slug+"）")})
}

// opinion is drafted by the officer and signed by the approver.
func (r *run) opinion(kind review.ActionKind, result review.Result) {
	k := r.conclusion(r.officer, result)
	r.act(r.officer, review.DraftOpinion, review.Details{Conclusion: k})
	r.act(r.approver, kind, review.Details{Conclusion: &review.Conclusion{Result: result, TextHash: k.TextHash, Standards: k.Standards,
		Written: k.Written, HowHeard: k.HowHeard, DocNo: r.docNo("公竞审"), SignedOn: r.day}})
	r.act(r.officer, review.Deliver, review.Details{Delivery: &review.Delivery{SealedOn: r.day, On: r.day, How: "exchange", Receiver: r.handler.Name}})
}

func (r *run) conclusion(by Person, result review.Result) *review.Conclusion {
	finding := map[review.Result]string{review.Meets: "符合公平竞争审查标准", review.MeetsByExc: "适用例外规定", review.Fails: "不符合公平竞争审查标准"}[result]
	k := &review.Conclusion{Result: result, TextHash: r.current, Standards: review.StandardsOn(r.day).Version,
		HowHeard: r.m.Heard, Written: r.text(by, fmt.Sprintf("公平竞争审查结论\n\n%s（第%d稿）\n\n一、听取意见情况：%s\n二、审查结论：%s。（%s）", r.m.Title, r.texts, r.m.Heard, finding, r.slug))}
	if by.ID == r.officer.ID {
		k.Prelim = "起草单位已完成初审，认为符合审查标准。"
		if len(r.seats) > 0 {
			k.UseJoint = "各会审单位意见已逐条研究，采纳情况见审查意见。"
		}
		if r.panelled {
			k.UsePanel = "专家组论证意见已作为审查参考。"
		}
	}
	if by.ID != r.officer.ID {
		k.DocNo = r.docNo("审")
	}
	return k
}

// newVersion puts the corrected text forward and answers the required changes.
func (r *run) newVersion(kind review.ActionKind) {
	r.current = r.text(r.handler, Revised(r.m))
	r.texts++
	d := review.Details{Text: &review.Text{Hash: r.current}}
	for _, id := range r.openChanges() {
		d.Answers = append(d.Answers, review.Answer{Change: id, Answer: "adopted"})
	}
	r.act(r.handler, kind, d)
}

// legality sends the concluded text on and registers that it passed.
func (r *run) legality() {
	r.act(r.handler, review.SendLegality, review.Details{})
	r.act(r.handler, review.RecordLegality, review.Details{Legal: &review.LegalCheck{Result: "pass", By: "云泽市司法局", On: r.day, DocNo: r.docNo("合法审")}})
}

func (r *run) issue() {
	is := r.document("")
	is.TextHash = r.current
	is.Legality = "合法性审核通过"
	r.act(r.handler, review.RegisterIssue, review.Details{Issue: is})
}

// stock carries an existing measure to the signature of the unit's head.
func (r *run) stock(proposal string, findings []review.Finding) {
	r.act(r.handler, review.StartReview, review.Details{Text: &review.Text{Hash: r.draft()}, Scope: r.scope()})
	r.act(r.handler, review.SendSign, review.Details{Proposal: proposal, Checklist: r.checklist(findings), Heard: r.heard()})
}

func (r *run) document(word string) *review.Issue {
	no := r.m.DocNo
	if no == "" || word != "" {
		no = r.docNo(word)
	}
	return &review.Issue{DocNo: no, On: r.day}
}

func (r *run) docNo(word string) string {
	return fmt.Sprintf("演%s〔%s〕%d号", word, r.day[:4], r.index+1)
}

func (r *run) findings() []review.Finding {
	b := r.m.Breach
	f := review.Finding{Clause: b.Clause, Item: b.Item, Effect: b.Effect, Change: b.Change}
	if it, ok := review.StandardsOn(r.day).Item(b.Item); ok && it.Costs() {
		f.Basis = "none"
	}
	return []review.Finding{f}
}

func (r *run) checklist(findings []review.Finding) *review.Checklist {
	std := review.StandardsOn(r.day)
	l := &review.Checklist{Standards: std.Version, TextHash: r.current, Findings: findings, Clear: []string{}}
	for _, it := range std.Items {
		if len(findings) == 0 || it.ID != findings[0].Item {
			l.Clear = append(l.Clear, it.ID)
		}
	}
	return l
}

func (r *run) exception() *review.Exception {
	return &review.Exception{Ground: "REG-12-3", Effect: "短期内限定部分应急物资的供应渠道，其他经营者暂不能参与。",
		Alternatives: "已比较公开招标、框架协议两种方案，均不能在灾害季节前完成，影响更小的方案不可行。",
		Until:        r.day.AddDays(540), PeriodWhy: "覆盖一个完整汛期和次年物资轮换期，为实现目的所需最短期限。"}
}
