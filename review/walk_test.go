package review

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The people of the tests. Two persons hold more than one part, to be refused for it.
var (
	handler   = Actor{Person: "h1", Unit: "dept", Role: Handler}
	handler2  = Actor{Person: "h2", Unit: "dept", Role: Handler}
	checker   = Actor{Person: "b1", Unit: "dept", Role: ReviewBody}
	head      = Actor{Person: "u1", Unit: "dept", Role: UnitHead}
	officer   = Actor{Person: "o1", Unit: "amr", Role: Officer}
	officer2  = Actor{Person: "o2", Unit: "amr", Role: Officer}
	middle    = Actor{Person: "k1", Unit: "amr", Role: Checker}
	approver  = Actor{Person: "p1", Unit: "amr", Role: Approver}
	seat1     = Actor{Person: "s1", Unit: "fin", Role: UnitHead}
	seat2     = Actor{Person: "s2", Unit: "ndrc", Role: UnitHead}
	seat3     = Actor{Person: "s3", Unit: "mot", Role: UnitHead}
	expert1   = Actor{Person: "e1", Role: Expert}
	expert2   = Actor{Person: "e2", Role: Expert}
	expert3   = Actor{Person: "e3", Role: Expert}
	issuing   = Actor{Person: "g1", Unit: "gov", Role: Handler}
	admin     = Actor{Person: "root", Unit: "amr", Role: Admin}
	stranger  = Actor{Person: "z1", Unit: "other", Role: Handler}
	timer     = Actor{Person: "timer", Role: Timer}
	drafterB  = Actor{Person: "h1", Unit: "dept", Role: ReviewBody} // the drafter as review body
	drafterU  = Actor{Person: "h1", Unit: "dept", Role: UnitHead}   // and as head
	officerP  = Actor{Person: "o1", Unit: "amr", Role: Approver}    // the officer as approver
	officerK  = Actor{Person: "o1", Unit: "amr", Role: Checker}     // the officer as the one who checks
	middleP   = Actor{Person: "k1", Unit: "amr", Role: Approver}    // who checks as approver
	drafterO  = Actor{Person: "h1", Unit: "amr", Role: Officer}     // the drafter moved to the regulator
	expertS   = Actor{Person: "s1", Role: Expert}                   // a seat's head as expert
	govHead   = Actor{Person: "g2", Unit: "gov", Role: UnitHead}
	everybody = []Actor{handler, handler2, checker, head, officer, officer2, middle, approver, seat1, seat2, seat3, expert1, expert2, expert3,
		issuing, govHead, admin, stranger, drafterB, drafterU, officerP, officerK, middleP, drafterO, expertS}
)

// start is a Monday morning.
var start = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// reporter is what a test of either kind can do to complain.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// walk drives one case as its people and the record keeper would.
type walk struct {
	reporter
	c      Case
	now    time.Time
	events []Event
	record []Told // the same with what was assigned
	texts  int
	cal    Calendar
	open   Opening
}

// newWalk is a case that will open under the procedure of today.
func newWalk(t reporter, kind Kind, route Route) *walk {
	m := Measure{ID: "m1", Title: "关于支持本地产业发展的若干意见", Nature: "normative_document", Issuer: "gov", PublicInterest: "none"}
	if kind == Existing {
		m.DocNo, m.IssuedOn = "市政发〔2020〕1号", "2020-05-01"
	}
	return &walk{reporter: t, now: start, cal: calendar(), open: Opening{Measure: m, Kind: kind, Route: route, RouteArticle: "条例 13", Unit: "dept", Regulator: "amr",
		Procedure: Procedure, RouteDerived: route, IssueBy: string(ByDepartment),
		Rules: Rules{Version: "1", Joint: true, Panel: true, StockConfirm: false, Threshold: 1.5, CorrectionDays: 3, JointDays: 5, PanelDays: 5,
			ReviewDays: 10, IssueDays: 30, SoonDays: 2, EvaluateMonths: 6, UrgeHours: 24}}}
}

// oldWalk is a case that opened before the procedure's second revision, with what a case had then.
func oldWalk(t reporter, kind Kind, route Route) *walk {
	w := newWalk(t, kind, route)
	r := w.open.Rules
	w.open.Rules = Rules{Version: "1", Joint: true, Panel: true, Threshold: 1.5, CorrectionDays: r.CorrectionDays, JointDays: r.JointDays, PanelDays: r.PanelDays}
	w.open.Procedure, w.open.RouteDerived, w.open.IssueBy, w.open.Measure.PublicInterest = 1, "", "", ""
	return w
}

// walkUnder is a case that will open under a revision of the procedure.
func walkUnder(t reporter, procedure int, kind Kind, route Route) *walk {
	if procedure < 2 {
		return oldWalk(t, kind, route)
	}
	return newWalk(t, kind, route)
}

func (w *walk) old() bool {
	if w.c.Version > 0 { // an opening that was altered on the way may have been accepted under another revision
		return w.c.Procedure < 2
	}
	return w.open.Procedure < 2
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

var labels = []string{"第一条", "第二条", "第三条"}

// newText is a text nobody has seen yet.
func (w *walk) newText() *Text {
	w.texts++
	t := &Text{Hash: hash("text " + strconv.Itoa(w.texts)), Clauses: labels}
	if !w.old() { // every version has another 第二条
		t.IDs, t.Sums = []string{"c1", "c2", "c3"}, []string{"00000001", hash("second " + strconv.Itoa(w.texts))[:8], "00000003"}
	}
	return t
}

// scopeWay is a way through the questions of scope that ends as asked.
func scopeWay(in bool) []ScopeAnswer {
	tree := map[string]ScopeQuestion{}
	for _, q := range ScopeTree() {
		tree[q.ID] = q
	}
	var walk func(id string) []ScopeAnswer
	walk = func(id string) []ScopeAnswer {
		for _, o := range tree[id].Options {
			here := []ScopeAnswer{{Question: id, Answer: o.ID, Reason: "按实际内容判断"}}
			if o.Verdict != nil && o.Verdict.In == in {
				return here
			}
			if rest := walk(o.Next); o.Verdict == nil && rest != nil {
				return append(here, rest...)
			}
		}
		return nil
	}
	return walk(ScopeTree()[0].ID)
}

func (w *walk) day(n int) Date { return DateOf(w.now).AddDays(n) }

func (w *walk) heard() *Consultation {
	h := &Consultation{Whom: "经营者、行业协会、社会公众", How: "座谈会", From: w.day(-20), To: w.day(-5)}
	if w.old() {
		h.Said, h.PublicHeard = "建议删除所在地要求；已采纳。", true
		return h
	}
	h.Kinds, h.Asked = []string{"competitors", "associations", "public"}, true
	h.Opinions = []HeardOpinion{{From: "市建材行业协会", Said: "建议删除所在地要求", Answer: "adopted"}, {From: "某建材企业", Said: "建议取消备案", Answer: "not", Why: "备案为上位法规定"}}
	return h
}

func finding(item string) Finding {
	return Finding{Clause: "第二条", Item: item, Effect: "限制外地经营者", Change: "删除所在地要求", Basis: "none"}
}

// checklist answers every item, the given ones with a finding.
func (w *walk) checklist(found ...string) *Checklist {
	std := StandardsOn(w.day(0))
	l := &Checklist{Standards: std.Version, TextHash: w.c.Text.Hash}
	skip := map[string]bool{}
	for _, id := range found {
		l.Findings = append(l.Findings, finding(id))
		skip[id] = true
	}
	for _, it := range std.Items {
		if !skip[it.ID] {
			l.Clear = append(l.Clear, it.ID)
		}
	}
	return l
}

func (w *walk) exception() *Exception {
	return &Exception{Ground: "REG-12-3", Effect: "限定供应渠道", Alternatives: "招标来不及", Until: w.day(300), PeriodWhy: "一个汛期"}
}

func (w *walk) conclusion(r Result) *Conclusion {
	k := &Conclusion{Result: r, TextHash: w.c.Text.Hash, Standards: StandardsOn(w.day(0)).Version, Written: hash("written"), HowHeard: "座谈会，见说明",
		Prelim: "初审认为符合", UseJoint: "已研究", UsePanel: "已参考", DocNo: "审〔2026〕1号", Advice: []string{"建议公开申报条件"}}
	if w.c.Heard != nil && !w.old() {
		k.NotHeard = w.c.Heard.NoneGround
	}
	if r == Fails {
		k.Findings = []Finding{finding("IMP-14-1")}
	}
	return k
}

func (w *walk) issue() *Issue {
	is := &Issue{DocNo: "市政发〔2026〕9号", On: w.day(0), TextHash: w.c.Text.Hash}
	if w.old() {
		is.Legality = "通过"
	}
	return is
}

func material() *Questions {
	return &Questions{Met: true, Concerns: true, Important: true, Why: "增加了补贴条件，已签字确认"}
}

func (w *walk) answers(how string) []Answer {
	var out []Answer
	for _, i := range w.c.openChanges() {
		a := Answer{Change: w.c.Changes[i].ID, Answer: how}
		if how != "adopted" {
			a.Reason = "另有上位法依据"
		}
		out = append(out, a)
	}
	return out
}

// details is what the action brings when everything is in order. how varies it: breach, exception, fails, not, none, late.
func (w *walk) details(kind ActionKind, how string) Details {
	reason := Details{Reason: "经研究，理由见附件。"}
	switch kind {
	case Register, Inventory:
		o := w.open
		return Details{Opening: &o}
	case MarkOutOfScope:
		if w.old() {
			return Details{Scope: &Scope{Ground: "internal_affairs", Article: "条例 2", Reason: "仅涉及内部事务", TextHash: hash("draft")}}
		}
		return Details{Scope: &Scope{Answers: scopeWay(false), Reason: "仅涉及内部事务", TextHash: hash("draft")}}
	case StartReview:
		d := Details{Text: w.newText(), Heard: w.heard()}
		if !w.old() {
			d.Scope = &Scope{Answers: scopeWay(true)}
		}
		return d
	case SendCheck, SendSign:
		d := Details{Checklist: w.checklist(), Heard: w.heard(), Proposal: "keep"}
		if w.c.Status == UnitCheck || w.c.Status == RegCheck {
			return Details{}
		}
		switch how {
		case "breach":
			d.Checklist, d.Proposal = w.checklist("IMP-14-1"), "revise"
		case "exception":
			d.Checklist, d.Exception, d.Proposal = w.checklist("IMP-14-1"), w.exception(), "exception"
		case "not":
			d.Answers = w.answers("not")
		}
		return d
	case Revise, PutBreach:
		return Details{Findings: []Finding{finding("IMP-14-1")}}
	case SendBack:
		if how == "breach" {
			reason.Findings = []Finding{finding("IMP-14-1")}
		}
		return reason
	case NewVersion, ChangeAtOnce, ReportChanges:
		d := Details{Text: w.newText(), Answers: w.answers("adopted")}
		if how == "not" {
			d.Answers = w.answers("not")
		}
		return d
	case ConcludePass, ApprovePass, KeepMeasure:
		return Details{Conclusion: w.conclusion(Meets)}
	case ConcludeExc, ApproveExc, KeepByException:
		return Details{Conclusion: w.conclusion(MeetsByExc)}
	case ConcludeFail, ApproveFail:
		return Details{Conclusion: w.conclusion(Fails)}
	case DraftOpinion:
		switch how {
		case "fails":
			return Details{Conclusion: w.conclusion(Fails)}
		case "exception":
			return Details{Conclusion: w.conclusion(MeetsByExc)}
		}
		return Details{Conclusion: w.conclusion(Meets)}
	case Submit:
		d := Details{Packet: &Packet{Documents: map[Slot]string{SlotDraft: w.c.Text.Hash, SlotNote: hash("note"), SlotPrelim: hash("prelim"), SlotHeard: hash("heard")},
			NoteBasis: "上位规划", NoteHeard: "听取意见情况", LetterNo: "函〔2026〕1号"}}
		for _, slot := range w.open.Rules.Slots {
			d.Packet.Documents[slot.ID] = hash(string(slot.ID))
		}
		return d
	case AskCorrection:
		return Details{Reason: "起草说明缺依据", Slots: []Slot{SlotNote}, Days: 3}
	case Suspend:
		return Details{Reason: "未听取意见", Days: 10}
	case Correct:
		d := Details{Packet: &Packet{Documents: map[Slot]string{}, NoteBasis: "补充依据"}}
		for _, slot := range w.c.Asked.Slots {
			d.Packet.Documents[slot] = hash("corrected " + string(slot) + strconv.Itoa(w.c.Version))
		}
		return d
	case Resume:
		return Details{Heard: w.heard()}
	case Convene:
		return Details{Seats: []Invitation{{Unit: "fin"}, {Unit: "ndrc", Remit: []string{"第一条", "第二条"}}, {Unit: "mot"}}, Days: 5}
	case GivePosition:
		switch how {
		case "breach":
			return Details{Positions: []Position{{Clause: "第二条", Value: -2, Reason: "限定所在地", Item: "IMP-14-1"}}}
		case "plus":
			return Details{Positions: []Position{{Clause: "第二条", Value: 2}}}
		}
		return Details{NoObjection: true}
	case FormPanel:
		return Details{Panel: &PanelPlan{Questions: []string{"是否影响公平竞争？"}, Experts: []string{"e1", "e2", "e3"}, Quorum: 2}, Days: 5}
	case AcceptSeat:
		return Details{NoConflict: true, Pledge: true}
	case GiveOpinion:
		return Details{Opinion: &Opinion{Position: -1, Reasons: "限制流动", Confidence: 4}}
	case ClosePanel:
		if how == "none" {
			return Details{NoneFormed: true, Reason: "未达法定人数"}
		}
		return Details{Report: hash("report")}
	case MaterialChange:
		if w.old() {
			return Details{Material: true, Text: w.newText()}
		}
		return Details{Questions: material(), Text: w.newText()}
	case RecordLegality:
		l := &LegalCheck{Result: "pass", By: "市司法局", DocNo: "司审〔2026〕3号", On: w.day(0)}
		if how == "fails" {
			l.Result, l.Note = "fail", "第二条超越职权"
		}
		return Details{Legal: l}
	case Deliver:
		return Details{Delivery: &Delivery{SealedOn: w.day(0), On: w.day(0), How: "exchange", Receiver: "起草单位办公室"}}
	case SetSecrecy:
		return Details{Reason: "涉及尚未公开的安排", Secrecy: Restricted, Readers: []string{"h2", "o2"}}
	case Evaluate:
		return Details{Reason: "仍有必要，影响可控", Report: hash("evaluation")}
	case RegisterExtension:
		return Details{Reason: "新的审查结论已作出", Linked: "0b5cb1f6-1111-4222-8333-955555555555"}
	case RegisterIssue, RegisterStop, RegisterRepeal, StopExecution:
		return Details{Issue: w.issue()}
	case RegisterAmendment:
		return Details{Issue: w.issue(), Linked: "0b5cb1f6-1111-4222-8333-944444444444"}
	case Accept, Recall, SendLegality, CloseJoint, OpenOpinions, DeclineSeatPanel, AgreeRecall, SkipPanel, Withdraw, JointDue, PanelDue, ReturnOverdue,
		Escalate, Reclock, ExceptionNotice, EvaluationDue:
		return Details{}
	}
	return reason
}

// usual is who does it in the ordinary course.
func (w *walk) usual(kind ActionKind) Actor {
	switch {
	case kind == Undo && len(w.events) > 0:
		return w.events[len(w.events)-1].Action.Actor
	case kind == Urge:
		for _, a := range everybody {
			if Permit(w.c, a, kind) == nil {
				return a
			}
		}
	}
	for _, m := range moves {
		if m.Action != kind || m.Kind != "" && m.Kind != w.open.Kind || m.Route != "" && m.Route != w.open.Route ||
			len(m.From) > 0 && !contains(m.From, w.c.Status) {
			continue
		}
		switch m.By[0] {
		case Handler:
			return handler
		case ReviewBody:
			return checker
		case UnitHead:
			return head
		case Officer:
			if kind == FormPanel || kind == SkipPanel {
				return officer2
			}
			return officer
		case Checker:
			return middle
		case Approver:
			return approver
		case Timer:
			return timer
		case issuer:
			return issuing
		case seatHead:
			return seat1
		case Expert:
			return expert1
		}
	}
	w.Fatalf("nobody usually does %s in %s", kind, w.c.Status)
	return Actor{}
}

// apply does it and says what came of it; accepted, the record keeper gives a new period its end.
func (w *walk) apply(kind ActionKind, who Actor, d Details) error {
	a := Action{Kind: kind, Actor: who, Seen: w.c.Version, Details: d}
	next, ev, err := Apply(w.c, a, w.now)
	if err != nil {
		return err
	}
	w.c = w.saved(next)
	w.keep(ev)
	return nil
}

// keep puts the event and what was assigned with it on the record.
func (w *walk) keep(ev Event) {
	w.events = append(w.events, ev)
	told := Told{Event: ev, Assigned: Assigned{Number: w.c.Number}}
	if k := w.c.Clock; k != nil && k.Version == ev.Version {
		told.Clock = k
	}
	if m := w.c.Review; m.Running() && m.Version == ev.Version {
		told.Review = m
	}
	w.record = append(w.record, told)
}

// saved is the case as the record keeper answers: a period whose version is that of the event gets its end by the calendar.
func (w *walk) saved(c Case) Case {
	var got Assigned
	if k := c.Clock; k != nil && k.Days > 0 && k.Version == c.Version {
		assigned := *k
		assigned.Due, assigned.Provisional = w.cal.Due(k.From, k.Days)
		got.Clock = &assigned
	}
	if m := c.Review; m.Running() && m.Version == c.Version {
		assigned := *m
		assigned.Due, assigned.Provisional = w.cal.DueSpans(m.Spans, m.Days)
		got.Review = &assigned
	}
	c.Assign(got)
	return c
}

// checkpoint is when time will do it, if it will.
func (w *walk) checkpoint(kind ActionKind) (Checkpoint, bool) {
	for _, cp := range Checkpoints(w.c) {
		if cp.Act == kind {
			return cp, true
		}
	}
	return Checkpoint{}, false
}

// do takes the action as its usual person, or the one given, and must succeed. "kind:how" varies what it brings.
func (w *walk) do(word string, who ...Actor) *walk {
	w.Helper()
	name, how, _ := strings.Cut(word, ":")
	kind := ActionKind(name)
	actor := w.usual
	if len(who) > 0 {
		actor = func(ActionKind) Actor { return who[0] }
	}
	by := actor(kind)
	if cp, ok := w.checkpoint(kind); ok && by.Role == Timer && w.now.Before(cp.At) {
		w.now = cp.At
	}
	if err := w.apply(kind, by, w.details(kind, how)); err != nil {
		w.Fatalf("%s in %s: %v", word, w.c.Status, err)
	}
	w.now = w.now.Add(time.Minute)
	return w
}

// via walks the words of a path.
func (w *walk) via(path string) *walk {
	w.Helper()
	for word := range strings.FieldsSeq(path) {
		w.do(word)
	}
	return w
}

// refused does what the action brings, changed by alter, and must meet the code; the case must not move.
func (w *walk) refused(want Code, kind ActionKind, who Actor, alter func(*Details)) {
	w.Helper()
	d := w.details(kind, "")
	if alter != nil {
		alter(&d)
	}
	before := w.c
	err := w.apply(kind, who, d)
	if CodeOf(err) != want {
		w.Errorf("%s by %s in %s: %v, want %s", kind, who.Person, w.c.Status, err, want)
	}
	if diff := cmp.Diff(before, w.c, cmpopts.EquateEmpty()); err != nil && diff != "" {
		w.Errorf("a refused %s changed the case:\n%s", kind, diff)
	}
}

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

const (
	toSign   = "register start_review send_check send_sign"
	toPrelim = toSign + " sign_prelim"
	toDesk   = toPrelim + " submit accept"
	toExc    = "register start_review send_check:exception send_sign"
	toStock  = "inventory start_review send_sign"
)

// paths lead from nothing to a status, for each kind and route.
var paths = map[Kind]map[Route]map[Status]string{
	New: {
		Department: {
			Drafting: "register", SelfReview: "register start_review", UnitCheck: "register start_review send_check", UnitSign: toSign,
			Revising: "register start_review revise", ConcludedPass: toSign + " conclude_pass", ConcludedException: toExc + " conclude_exception",
			ConcludedFail: toSign + " conclude_fail", Legality: toSign + " conclude_pass send_legality",
			IssuedException: toExc + " conclude_exception register_issue", ExceptionDue: toExc + " conclude_exception register_issue exception_ends",
		},
		Government: {
			Drafting: "register", SelfReview: "register start_review", UnitCheck: "register start_review send_check", UnitSign: toSign,
			Revising: "register start_review revise", PrelimDone: toPrelim, Submitted: toPrelim + " submit",
			CorrectionAsked: toPrelim + " submit ask_correction", Suspended: toPrelim + " submit suspend",
			Returned: toPrelim + " submit ask_correction return_overdue", RegReview: toDesk, JointReview: toDesk + " convene",
			ExpertReview: toDesk + " ask_panel form_panel", ConsultUnit: toDesk + " put_breach", RegSign: toDesk + " draft_opinion",
			RegCheck:           toDesk + " draft_opinion",
			ConcludedPass:      toDesk + " draft_opinion approve_pass",
			ConcludedException: toExc + " sign_prelim submit accept ask_skip_panel skip_panel draft_opinion:exception approve_exception",
			ConcludedFail:      toDesk + " draft_opinion:fails approve_fail", Legality: toDesk + " draft_opinion approve_pass send_legality",
			IssuedException: toExc + " sign_prelim submit accept ask_skip_panel skip_panel draft_opinion:exception approve_exception register_issue",
			ExceptionDue:    toExc + " sign_prelim submit accept ask_skip_panel skip_panel draft_opinion:exception approve_exception register_issue exception_ends",
		},
	},
	Existing: {Department: stockPaths, Government: stockPaths},
}

var stockPaths = map[Status]string{
	Inventoried: "inventory", StockReview: "inventory start_review", StockSign: toStock, StockConfirm: toStock + " send_confirm",
	KeptException: toStock + ":exception keep_exception", ExceptionDue: toStock + ":exception keep_exception exception_ends",
	ToRevise: toStock + ":breach to_revise", ToRepeal: toStock + " to_repeal", SuspendedExec: "inventory start_review stop_execution",
}

// at is a case that stands in the status.
func at(t reporter, kind Kind, route Route, s Status) *walk {
	t.Helper()
	return atUnder(t, Procedure, kind, route, s)
}

// atUnder is a case of a revision of the procedure that stands in the status.
func atUnder(t reporter, procedure int, kind Kind, route Route, s Status) *walk {
	t.Helper()
	w := walkUnder(t, procedure, kind, route)
	w.open.Rules.StockConfirm = s == StockConfirm
	w.open.Rules.Middle = s == RegCheck
	if s == "" {
		return w
	}
	w.via(paths[kind][route][s])
	if w.c.Status != s {
		t.Fatalf("the path to %s ends in %s", s, w.c.Status)
	}
	return w
}
