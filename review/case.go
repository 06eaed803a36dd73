package review

import (
	"slices"
	"time"
)

// Kind tells a measure that is being drafted from one that is in force.
type Kind string

// The kinds of measure.
const (
	New      Kind = "new"      // 增量
	Existing Kind = "existing" // 存量
)

// Route says who concludes (条例 13, 14).
type Route string

// The routes.
const (
	Department Route = "department" // 条例 13: the drafting unit concludes
	Government Route = "government" // 条例 14: the market regulator concludes
)

// Procedure is the revision of the procedure under which a case opens today. A case keeps the one it opened with, so that
// what was accepted under it replays for ever: a guard that came later asks Case.since first. 1, or 0: the first revision.
const Procedure = 2

// Status is where a case stands. Each says whose turn it is; Turns computes it.
type Status string

// Statuses of a new measure.
const (
	Drafting           Status = "DRAFTING"            // 起草中（含听取意见）: handler
	OutOfScope         Status = "OUT_OF_SCOPE"        // 不属于审查范围: end
	SelfReview         Status = "SELF_REVIEW"         // 起草单位审查中 / 初审中: handler
	UnitCheck          Status = "UNIT_CHECK"          // 审查机构复核中: review body
	UnitSign           Status = "UNIT_SIGN"           // 审查机构负责人审签中: unit head
	PrelimDone         Status = "PRELIM_DONE"         // 初审意见已形成: handler
	Submitted          Status = "SUBMITTED"           // 已提请审查: officer
	CorrectionAsked    Status = "CORRECTION"          // 补正中: handler, timer
	Suspended          Status = "SUSPENDED"           // 中止审查: handler, timer if a period was set
	Returned           Status = "RETURNED"            // 已退回: handler
	RegReview          Status = "REG_REVIEW"          // 市场监管部门审查中: officer
	JointReview        Status = "JOINT_REVIEW"        // 会审中: seats, timer
	ExpertReview       Status = "EXPERT_REVIEW"       // 专家组论证中: experts, timer
	ConsultUnit        Status = "CONSULT_UNIT"        // 沟通协商中: handler
	RegCheck           Status = "REG_CHECK"           // 审查意见审核中: checker (local)
	RegSign            Status = "REG_SIGN"            // 审查意见审签中: approver
	ConcludedPass      Status = "CONCLUDED_PASS"      // 符合审查标准: handler
	ConcludedException Status = "CONCLUDED_EXCEPTION" // 适用例外规定: handler
	ConcludedFail      Status = "CONCLUDED_FAIL"      // 不符合审查标准: handler
	Revising           Status = "REVISING"            // 修改调整中: handler
	Legality           Status = "LEGALITY"            // 合法性审核中 / 报送审议中: handler
	Issued             Status = "ISSUED"              // 已出台: end of the review
	IssuedException    Status = "ISSUED_EXCEPTION"    // 已出台（适用例外规定）: timer
	ExceptionDue       Status = "EXCEPTION_DUE"       // 例外到期，待停止实施: issuer
	Ceased             Status = "CEASED"              // 停止实施: end
	Extended           Status = "EXTENDED"            // 例外已由新的审查接续: end
	NotIssued          Status = "NOT_ISSUED"          // 不予出台: end
	ClosedUnissued     Status = "CLOSED_UNISSUED"     // 审查通过后未出台: end
	Withdrawn          Status = "WITHDRAWN"           // 终止审查（起草单位撤回）: end
)

// Statuses of an existing measure.
const (
	Inventoried   Status = "INVENTORIED"    // 已梳理: handler
	StockReview   Status = "STOCK_REVIEW"   // 清理审查中: handler
	StockSign     Status = "STOCK_SIGN"     // 清理意见审签中: unit head
	StockConfirm  Status = "STOCK_CONFIRM"  // 市场监管部门复核中: officer, approver
	Kept          Status = "KEPT"           // 保留: end
	KeptException Status = "KEPT_EXCEPTION" // 例外保留: timer
	ToRevise      Status = "TO_REVISE"      // 拟修改: handler, issuer
	ToRepeal      Status = "TO_REPEAL"      // 拟废止: handler, issuer
	SuspendedExec Status = "SUSPENDED_EXEC" // 停止执行: handler; interim, never an outcome
	Revised       Status = "REVISED"        // 已修改: end
	Repealed      Status = "REPEALED"       // 已废止: end
	Lapsed        Status = "LAPSED"         // 已失效: end
)

// Statuses lists every status in the order of the procedure.
func Statuses() []Status {
	return []Status{Drafting, OutOfScope, SelfReview, UnitCheck, UnitSign, PrelimDone, Submitted, CorrectionAsked,
		Suspended, Returned, RegReview, JointReview, ExpertReview, ConsultUnit, RegCheck, RegSign, ConcludedPass,
		ConcludedException, ConcludedFail, Revising, Legality, Issued, IssuedException, ExceptionDue, Ceased, Extended, NotIssued,
		ClosedUnissued, Withdrawn, Inventoried, StockReview, StockSign, StockConfirm, Kept, KeptException, ToRevise,
		ToRepeal, SuspendedExec, Revised, Repealed, Lapsed}
}

// Closed reports whether the review's life is over: nobody's turn, no timer.
func (s Status) Closed() bool {
	switch s {
	case OutOfScope, Issued, Ceased, Extended, NotIssued, ClosedUnissued, Withdrawn, Kept, Revised, Repealed, Lapsed:
		return true
	}
	return false
}

// Outcome is what a case is counted as. The first three roll up into "reviewed"; the others are counted apart.
type Outcome string

// The outcomes (core flow §9).
const (
	Keep          Outcome = "keep"       // 增量：符合标准（未作修改）；存量：保留
	Amend         Outcome = "amend"      // 增量：修改后符合标准；存量：修改
	Repeal        Outcome = "repeal"     // 增量：不予出台；存量：废止
	Withdrew      Outcome = "withdrawn"  // 终止审查
	NotInScope    Outcome = "outOfScope" // 不属于审查范围
	LapsedOutcome Outcome = "lapsed"     // 已失效
)

// Outcomes lists them in the order in which they are shown.
func Outcomes() []Outcome { return []Outcome{Keep, Amend, Repeal, Withdrew, NotInScope, LapsedOutcome} }

// Reviewed reports whether o counts as reviewed.
func (o Outcome) Reviewed() bool { return o == Keep || o == Amend || o == Repeal }

// Measure is the document under review. What is published of it is decided elsewhere.
type Measure struct {
	ID             string `json:"id"`
	Title          string `json:"title"`
	Nature         string `json:"nature"`             // normative_document, rule, tender_document …
	Field          string `json:"field,omitempty"`    // industry or field, in the unit's words
	Issuer         string `json:"issuer"`             // unit that will issue or issued it
	DocNo          string `json:"docNo,omitempty"`    // 文号, of an existing measure
	IssuedOn       Date   `json:"issuedOn,omitempty"` // of an existing measure
	ReviewedBefore bool   `json:"reviewedBefore,omitempty"`
	PublicInterest string `json:"publicInterest,omitempty"` // none, touched, major; "": not asked (first revision)
	MadeUp         bool   `json:"madeUp,omitempty"`         // demo data says so, everywhere
	Label          string `json:"label,omitempty"`          // what a demo case shows
}

// Rules are the local rules a case opened with and keeps (条例 15 and tenant data).
type Rules struct {
	Version        string  `json:"version"`
	Joint          bool    `json:"joint"`          // 会审 on the government route
	Panel          bool    `json:"panel"`          // 专家组论证 on the government route
	StockConfirm   bool    `json:"stockConfirm"`   // 市场监管部门复核 of existing measures of a government
	Legality       bool    `json:"legality"`       // issue needs the result of the legality review
	Threshold      float64 `json:"threshold"`      // divergence that proposes a panel
	CorrectionDays int     `json:"correctionDays"` // working days offered for a correction
	JointDays      int     `json:"jointDays"`
	PanelDays      int     `json:"panelDays"`

	ReviewDays     int        `json:"reviewDays,omitempty"`     // working days of the regulator's own review; 0: no clock. No law fixes them.
	PauseTalks     bool       `json:"pauseTalks,omitempty"`     // that clock stands still while the unit is talked to
	IssueDays      int        `json:"issueDays,omitempty"`      // working days after a pass in which the issue is expected; a reminder only
	SoonDays       int        `json:"soonDays,omitempty"`       // working days before the end at which a period is due soon
	EvaluateMonths int        `json:"evaluateMonths,omitempty"` // between evaluations of an exception; 0: none
	UrgeHours      int        `json:"urgeHours,omitempty"`      // between two urgings by one party
	Middle         bool       `json:"middle,omitempty"`         // 审核 between officer and approver
	Slots          []SlotRule `json:"slots,omitempty"`          // further documents of the packet
}

// SlotRule is a document of the packet that the local list adds to 办法 31.
type SlotRule struct {
	ID       Slot   `json:"id"`
	Zh       string `json:"zh"`
	En       string `json:"en"`
	Required bool   `json:"required,omitempty"`
}

// Case is one review of one measure: the whole state, as the workflow carries it and PostgreSQL keeps it.
// It holds ids, hashes, decisions and short reasons; texts and files are stored under their hash.
type Case struct {
	ID      string `json:"id"`
	Number  string `json:"number,omitempty"` // 2026-000123-7, assigned by Save, the same everywhere
	Version int    `json:"version"`          // of the last event
	Round   int    `json:"round"`            // from 1

	Kind         Kind     `json:"kind"`
	Procedure    int      `json:"procedure,omitempty"`
	Route        Route    `json:"route"`
	RouteArticle string   `json:"routeArticle"`
	RouteReason  string   `json:"routeReason,omitempty"`
	RouteDerived Route    `json:"routeDerived,omitempty"` // what who issues it leads to
	IssueBy      string   `json:"issueBy,omitempty"`      // how it will be issued, see IssueBy
	With         []string `json:"with,omitempty"`         // units that issue jointly with the lead
	Measure      Measure  `json:"measure"`
	Unit         string   `json:"unit"`      // (lead) drafting unit
	Regulator    string   `json:"regulator"` // market regulator of the level
	Rules        Rules    `json:"rules"`
	Unreviewed   bool     `json:"unreviewed,omitempty"` // 未经审查出台: found issued without a matching conclusion
	Secrecy      Secrecy  `json:"secrecy,omitempty"`    // "": internal
	Readers      []string `json:"readers,omitempty"`    // people whom a restricted case names
	Extends      string   `json:"extends,omitempty"`    // case whose exception this one would carry on

	Status   Status    `json:"status"`
	OpenedAt time.Time `json:"openedAt"`
	Since    time.Time `json:"since"`            // when the status began
	Main     Mark      `json:"main"`             // last act on the main line
	Clock    *Clock    `json:"clock,omitempty"`  // the period that runs now
	Review   *Meter    `json:"review,omitempty"` // the regulator's own clock
	Urged    *Urging   `json:"urged,omitempty"`  // last time somebody was urged at this status

	Text      Text   `json:"text"`
	Texts     int    `json:"texts"`                  // versions so far
	TextBy    string `json:"textBy,omitempty"`       // who put the present text forward
	TextFor   string `json:"textFor,omitempty"`      // and for whom, as their agent
	FirstText string `json:"firstCounted,omitempty"` // hash of the first counted text

	Scope     *Scope        `json:"scope,omitempty"`
	Heard     *Consultation `json:"heard,omitempty"`
	Checklist *Checklist    `json:"checklist,omitempty"`
	Exception *Exception    `json:"exception,omitempty"`
	Changes   []Change      `json:"changes,omitempty"` // required changes of every round
	Packet    *Packet       `json:"packet,omitempty"`
	Asked     *Asked        `json:"asked,omitempty"`   // what a correction or suspension asks for
	Request   *Asking       `json:"request,omitempty"` // waits for a second hand
	Joint     *Joint        `json:"joint,omitempty"`
	Panel     *Panel        `json:"panel,omitempty"`
	Waived    *Waiver       `json:"waived,omitempty"` // panel proposed and not called
	Proposal  string        `json:"proposal,omitempty"`

	Draft      *Conclusion `json:"draft,omitempty"`      // with the approver
	Talks      ActionKind  `json:"talks,omitempty"`      // how the talks about a breach ended in this round: the pattern of B1-14
	Conclusion *Conclusion `json:"conclusion,omitempty"` // the last signed one
	Delivery   *Delivery   `json:"delivery,omitempty"`   // of that conclusion
	Legal      *LegalCheck `json:"legal,omitempty"`      // 合法性审核 of the concluded text
	Mediation  *Mediation  `json:"mediation,omitempty"`  // 提请工作机制协调: a note, never a finding
	Sunset     *Sunset     `json:"sunset,omitempty"`     // of an exception in force
	BreachPut  bool        `json:"breachPut,omitempty"`  // by the regulator, in any round
	Failed     bool        `json:"failed,omitempty"`     // a failing conclusion exists, in any round
	Officer    string      `json:"officer,omitempty"`
	OfficerFor string      `json:"officerFor,omitempty"`
	Hands      []Hand      `json:"hands,omitempty"` // who acted on which side

	Issue   *Issue     `json:"issue,omitempty"`
	Outcome Outcome    `json:"outcome,omitempty"` // the last counted
	Counted *time.Time `json:"counted,omitempty"`
	Linked  string     `json:"linked,omitempty"` // the case that amends this measure
	Reason  string     `json:"reason,omitempty"` // why the case ended

	// Undoable: the last act can be taken back today by who did it, because nobody has acted since. Before is what the case
	// was then, without its text. It is shown to nobody.
	Undoable bool  `json:"undoable,omitempty"`
	Before   *Case `json:"before,omitempty"`
}

// since reports whether the case opened under the given revision of the procedure or a later one.
func (c *Case) since(revision int) bool { return c.Procedure >= revision }

// Mark says who did what last to a thing, so that a second person can be told who was first.
type Mark struct {
	Version int        `json:"version"`
	Person  string     `json:"person,omitempty"`
	Kind    ActionKind `json:"kind,omitempty"`
	At      time.Time  `json:"at"`
}

// Clock is a running period. Due and Provisional are set by Save from the loaded calendar and never computed
// in a workflow; a provisional due instant fires nothing.
type Clock struct {
	Days        int       `json:"days,omitempty"` // working days; 0: Due was set by a date
	From        time.Time `json:"from"`
	Due         time.Time `json:"due"`
	Provisional bool      `json:"provisional,omitempty"`
	Version     int       `json:"version"` // of the event that started it
	Past        bool      `json:"past,omitempty"`
}

// Meter is the regulator's own period, which stands still while the packet is with the unit. It ends in a mark and a
// reminder, never in a deemed pass. Save sets Due and Provisional whenever Version is that of the event; no due instant
// while it stands still.
type Meter struct {
	Days        int       `json:"days"` // working days
	Spans       []Span    `json:"spans"`
	Due         time.Time `json:"due"`
	Provisional bool      `json:"provisional,omitempty"`
	Past        bool      `json:"past,omitempty"` // overdue, and said so
	Version     int       `json:"version"`
}

// Span is a stretch of time in which a Meter ran; the zero To: it runs.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Running reports whether the time of a meter passes now.
func (m *Meter) Running() bool {
	return m != nil && len(m.Spans) > 0 && m.Spans[len(m.Spans)-1].To.IsZero()
}

// Due is when the period that runs now ends, and whether that is provisional: a correction's, a joint review's, a panel's,
// an exception's, or else the regulator's own. The zero time: none runs.
func (c *Case) Due() (due time.Time, provisional bool) {
	if k := c.Clock; k != nil && !k.Past && !k.Due.IsZero() {
		return k.Due, k.Provisional
	}
	if c.Review.Running() {
		return c.Review.Due, c.Review.Provisional
	}
	return time.Time{}, false
}

// Urging is a reminder by one party to whoever holds the case (催办).
type Urging struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Unit   string    `json:"unit"`
	Reason string    `json:"reason"`
	Times  int       `json:"times"`           // at this status
	Prior  *Urging   `json:"prior,omitempty"` // the last by the other party: each has its own pause
}

// Delivery records seal and service of the signed conclusion (用印、送达).
type Delivery struct {
	SealedOn Date   `json:"sealedOn" maxLength:"10" doc:"用印日期, YYYY-MM-DD"`
	On       Date   `json:"on" maxLength:"10" doc:"送达日期, YYYY-MM-DD"`
	How      string `json:"how" enum:"exchange,paper,platform,other" doc:"公文交换, paper by hand, this platform, other"`
	Receiver string `json:"receiver" maxLength:"200"`
	By       string `json:"by,omitempty" readOnly:"true"`
}

// LegalCheck is the result of the legality review (合法性审核), which comes after the conclusion.
type LegalCheck struct {
	Result string `json:"result" enum:"pass,changes,fail" doc:"pass: 通过; changes: 修改后通过; fail: 未通过"`
	By     string `json:"by" maxLength:"200" doc:"The body that reviewed"`
	DocNo  string `json:"docNo,omitempty" maxLength:"100"`
	On     Date   `json:"on" maxLength:"10" doc:"YYYY-MM-DD"`
	Note   string `json:"note,omitempty" maxLength:"2000"`
}

// Mediation is a lasting disagreement put to the local working mechanism (公平竞争审查工作机制, 条例 5). What comes of it is a note:
// the failing conclusion stands until the regulator signs another.
type Mediation struct {
	AskedBy string    `json:"askedBy"`
	AskedAt time.Time `json:"askedAt"`
	Reason  string    `json:"reason"`
	Result  string    `json:"result,omitempty"`
	NotedBy string    `json:"notedBy,omitempty"`
	NotedAt time.Time `json:"notedAt"`
}

// Sunset is an exception in force (办法 25): what remains to be done before it ends.
type Sunset struct {
	From       Date         `json:"from"`            // first day
	Until      Date         `json:"until,omitempty"` // last day; "": until the condition is met
	Condition  string       `json:"condition,omitempty"`
	Noticed    int          `json:"noticed,omitempty"` // days before the end at which notice was last given: 90, 30, 7
	EvaluateOn Date         `json:"evaluateOn,omitempty"`
	Evaluating bool         `json:"evaluating,omitempty"` // an evaluation is due
	Done       []Evaluation `json:"done,omitempty"`
	Version    int          `json:"version"` // of the event that put it in force
}

// Evaluation is one look at how an exception works.
type Evaluation struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Report  string    `json:"report"` // hash
	Finding string    `json:"finding"`
}

// Hand is a person's part in a case; nobody has two sides (G7).
type Hand struct {
	Person string `json:"person"`
	Side   Side   `json:"side"`
}

// Side is one of the parties of a case.
type Side string

// The sides.
const (
	UnitSide      Side = "unit"
	RegulatorSide Side = "regulator"
	SeatSide      Side = "seat"
	ExpertSide    Side = "expert"
)

// Text names a stored text by its hash, with the labels of its clauses.
type Text struct {
	Hash    string   `json:"hash" maxLength:"64" doc:"SHA-256 of the stored text, hex"`
	Clauses []string `json:"clauses,omitempty" nullable:"false" maxItems:"400" doc:"Clause labels; filled in by the server"`
	IDs     []string `json:"ids,omitempty" nullable:"false" maxItems:"400" doc:"Ids of the clauses, the same from version to version; filled in by the server"`
	Sums    []string `json:"sums,omitempty" nullable:"false" maxItems:"400" doc:"Short sums of the clauses' words; filled in by the server"`

	Matches []ClauseMatch `json:"matches,omitempty" nullable:"false" maxItems:"400" doc:"Which clause was which, where that is unsure"`
	Breaks  []Break       `json:"breaks,omitempty" nullable:"false" maxItems:"400" doc:"Where clauses begin, when the text is split by hand"`
}

// ClauseMatch says which clause of the version before a clause was: its id, or "new".
type ClauseMatch struct {
	Label string `json:"label" maxLength:"100"`
	Was   string `json:"was" maxLength:"20"`
}

// Break is the first line of a clause in a text that is split by hand.
type Break struct {
	Line  int    `json:"line" minimum:"1" maximum:"1000000" doc:"From 1"`
	Label string `json:"label" maxLength:"100"`
}

// sum of the clause with the label; "": not known.
func (t Text) sum(label string) string {
	if i := slices.Index(t.Clauses, label); i >= 0 && i < len(t.Sums) {
		return t.Sums[i]
	}
	return ""
}

// Consultation is the record of hearing opinions (条例 16, 办法 28).
type Consultation struct {
	Whom        string `json:"whom,omitempty" maxLength:"2000" doc:"Who was heard: competitors, upstream and downstream operators, associations, the public"`
	How         string `json:"how,omitempty" maxLength:"2000"`
	From        Date   `json:"from,omitempty" doc:"YYYY-MM-DD"`
	To          Date   `json:"to,omitempty" doc:"YYYY-MM-DD"`
	Said        string `json:"said,omitempty" maxLength:"4000" doc:"What was said about competition, adopted or not and why"`
	PublicHeard bool   `json:"publicHeard,omitempty"`
	NoneGround  string `json:"noneGround,omitempty" enum:"secret,limited,tender,agreement" doc:"Ground for hearing nobody; the conclusion repeats it"`
	NoneReason  string `json:"noneReason,omitempty" maxLength:"2000"`

	Kinds     []string       `json:"kinds,omitempty" nullable:"false" maxItems:"10" enum:"competitors,upstream,downstream,associations,others,public" doc:"Who was heard (办法 28)"`
	Asked     bool           `json:"asked,omitempty" doc:"They were asked about the effect on fair competition"`
	Opinions  []HeardOpinion `json:"opinions,omitempty" nullable:"false" maxItems:"200"`
	NoReplies bool           `json:"noReplies,omitempty" doc:"They were asked and nobody answered"`
}

// HeardOpinion is what somebody said about competition, and what became of it.
type HeardOpinion struct {
	From   string `json:"from" maxLength:"200"`
	Said   string `json:"said" maxLength:"2000"`
	Answer string `json:"answer" enum:"adopted,partly,not"`
	Why    string `json:"why,omitempty" maxLength:"2000" doc:"Required unless adopted"`
}

// Finding names a breach: clause, item, effect and required change (办法 29, B1-15). In the costs group Basis says
// which law, administrative regulation or State Council approval was looked for, or "none".
type Finding struct {
	Clause string `json:"clause" maxLength:"100"`
	Item   string `json:"item" maxLength:"20" doc:"Catalogue item, such as IMP-19-3"`
	Effect string `json:"effect,omitempty" maxLength:"2000"`
	Change string `json:"change" maxLength:"2000" doc:"The required change"`
	Basis  string `json:"basis,omitempty" maxLength:"500" doc:"Costs group: the legal basis found, or none"`
}

// Checklist is the item-by-item answer (条例 8-11, 办法 9-24): Clear lists the items answered "no breach", Findings
// the ones answered "yes".
type Checklist struct {
	Standards string    `json:"standards" maxLength:"20" doc:"Version of the standards answered against"`
	TextHash  string    `json:"textHash" maxLength:"64"`
	Clear     []string  `json:"clear" nullable:"false" maxItems:"200"`
	Findings  []Finding `json:"findings,omitempty" nullable:"false" maxItems:"200"`
	Based     []Based   `json:"based,omitempty" nullable:"false" maxItems:"200" doc:"Costs group: content that has a basis and is therefore no breach"`
	Notes     []Note    `json:"notes,omitempty" nullable:"false" maxItems:"200" doc:"Why an item was answered no breach"`
}

// Based is content of the costs group that rests on a law, an administrative regulation or State Council approval
// (条例 10): named, it is no breach.
type Based struct {
	Clause string `json:"clause" maxLength:"100"`
	Item   string `json:"item" maxLength:"20"`
	Kind   string `json:"kind" enum:"law,regulation,state_council" doc:"Provincial and departmental rules are no such basis"`
	Which  string `json:"which" maxLength:"500" doc:"Name and article, or number of the approval"`
}

// Note is the reason for an answer of "no breach".
type Note struct {
	Item   string `json:"item" maxLength:"20"`
	Reason string `json:"reason" maxLength:"1000"`
}

// Exception is the argument of 条例 12 and 办法 25, 29: ground, five points, and a period or an end condition.
type Exception struct {
	Ground       string `json:"ground" maxLength:"20" doc:"REG-12-1 to REG-12-4"`
	Effect       string `json:"effect" maxLength:"2000"`
	Alternatives string `json:"alternatives" maxLength:"4000" doc:"Why no less harmful alternative exists"`
	Until        Date   `json:"until,omitempty" doc:"Shortest period needed: last day, YYYY-MM-DD"`
	Condition    string `json:"condition,omitempty" maxLength:"1000" doc:"Or a clear end condition"`
	PeriodWhy    string `json:"periodWhy" maxLength:"2000"`
	Other        string `json:"other,omitempty" maxLength:"2000"`
}

// Change is a required change and what became of it.
type Change struct {
	ID       string  `json:"id"` // r1-1: round and number
	Finding  Finding `json:"finding"`
	TextHash string  `json:"textHash"` // the text it was recorded against
	Counted  bool    `json:"counted"`  // recorded on or after the first counted text
	Answer   string  `json:"answer,omitempty"`
	Reason   string  `json:"reason,omitempty"`
	Closed   bool    `json:"closed,omitempty"`
	Sum      string  `json:"sum,omitempty"`     // of the clause when it was recorded
	Clause   string  `json:"clause,omitempty"`  // where the answer is found in the new text
	Flagged  bool    `json:"flagged,omitempty"` // "adopted" though the words of the clause are the same
}

// made reports whether the unit changed the text for it, in whole or in part.
func (ch Change) made() bool { return ch.Answer == "adopted" || ch.Answer == "partly" }

// Answer is the unit's answer to a required change.
type Answer struct {
	Change string `json:"change" maxLength:"20"`
	Answer string `json:"answer" enum:"adopted,partly,not"`
	Reason string `json:"reason,omitempty" maxLength:"2000"`
	Clause string `json:"clause,omitempty" maxLength:"100" doc:"Adopted or partly: label of the changed clause in the new text, or removed"`
}

// Removed stands for a clause that an answer took out of the text.
const Removed = "removed"

// Slot names a document of the packet (办法 31).
type Slot string

// The slots.
const (
	SlotDraft  Slot = "draft"  // 政策措施草案
	SlotNote   Slot = "note"   // 起草说明
	SlotPrelim Slot = "prelim" // 公平竞争审查初审意见
	SlotHeard  Slot = "heard"  // 听取意见情况
	SlotOther  Slot = "other"  // 其他材料
)

// slots lists them in the order of 办法 31; replay never depends on the order of a map.
var slots = []Slot{SlotDraft, SlotNote, SlotPrelim, SlotHeard, SlotOther}

// Packet is what is submitted (办法 31): documents by hash, and what the note must say.
type Packet struct {
	Documents map[Slot]string `json:"documents" doc:"Stored document hash by slot: draft, note, prelim, heard, other"`
	NoteBasis string          `json:"noteBasis,omitempty" maxLength:"2000" doc:"Basis of the measure, as in the note"`
	NoteHeard string          `json:"noteHeard,omitempty" maxLength:"2000" doc:"How opinions on competition were heard and adopted, as in the note"`
	LetterNo  string          `json:"letterNo,omitempty" maxLength:"100" doc:"Document number of the official letter"`
}

// Asked is what a correction asks for, or why a review is suspended.
type Asked struct {
	Kind   ActionKind `json:"kind,omitempty"` // ask_correction or suspend
	Slots  []Slot     `json:"slots,omitempty"`
	Reason string     `json:"reason"`
	By     string     `json:"by"` // the officer whose name stands on the notice
	At     time.Time  `json:"at"`
}

// Asking waits for a second person: withdrawal, recall, a panel against the proposal.
type Asking struct {
	What   ActionKind `json:"what"`
	By     string     `json:"by"`
	For    string     `json:"for,omitempty"` // whose agent asked
	Reason string     `json:"reason"`
	At     time.Time  `json:"at"`
}

// SeatStatus is where a seat of a joint review stands.
type SeatStatus string

// Seat statuses (core flow §8).
const (
	SeatInvited  SeatStatus = "INVITED"   // 待反馈
	SeatAnswered SeatStatus = "ANSWERED"  // 已反馈
	SeatLate     SeatStatus = "LATE"      // 逾期反馈
	SeatNoAnswer SeatStatus = "NO_ANSWER" // 未反馈: never agreement
	SeatDeclined SeatStatus = "DECLINED"  // 不属于本单位职责
)

// Joint is a joint review (会审).
type Joint struct {
	Seats    []Seat    `json:"seats"`
	OpenedAt time.Time `json:"openedAt"`
	Closed   bool      `json:"closed,omitempty"`
}

// Seat is one department of a joint review; its answer stands whatever the others say.
type Seat struct {
	Unit        string     `json:"unit"`
	Remit       []string   `json:"remit,omitempty"` // clauses of its field; empty: all
	Status      SeatStatus `json:"status"`
	NoObjection bool       `json:"noObjection,omitempty"`
	Positions   []Position `json:"positions,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	Mark        Mark       `json:"mark"`
}

// Invitation calls a department to a joint review.
type Invitation struct {
	Unit  string   `json:"unit" maxLength:"64"`
	Remit []string `json:"remit,omitempty" nullable:"false" maxItems:"400" doc:"Clauses of its field; empty: all"`
}

// Position is one seat's view of one clause: −2 breach, −1 doubtful, 0 none taken, +1 acceptable, +2 no breach.
type Position struct {
	Clause string `json:"clause" maxLength:"100"`
	Value  int    `json:"value" minimum:"-2" maximum:"2"`
	Reason string `json:"reason,omitempty" maxLength:"2000"`
	Item   string `json:"item,omitempty" maxLength:"20"`
	Change string `json:"change,omitempty" maxLength:"2000"`
}

// PanelStatus is where an expert panel stands.
type PanelStatus string

// Panel statuses (core flow §8). PROPOSED and WAIVED are computed and kept in Waiver.
const (
	PanelOpining    PanelStatus = "OPINING"     // 论证中: opinions sealed
	PanelOpened     PanelStatus = "OPENED"      // 意见已启封
	PanelReported   PanelStatus = "REPORTED"    // 已形成论证意见
	PanelNoneFormed PanelStatus = "NONE_FORMED" // 未形成专家意见
)

// Panel is an expert panel. It advises; nothing in it can set a finding (办法 35).
type Panel struct {
	Status    PanelStatus `json:"status"`
	Questions []string    `json:"questions"`
	Quorum    int         `json:"quorum"`
	Triggers  []Trigger   `json:"triggers"`
	Against   bool        `json:"against,omitempty"` // called although nothing proposed it
	Members   []Member    `json:"members"`
	Report    string      `json:"report,omitempty"` // hash
	Reason    string      `json:"reason,omitempty"`
}

// Member is an expert on a panel. Opinion is sealed until the panel is opened; View enforces it.
type Member struct {
	Person   string   `json:"person"`
	Status   string   `json:"status"` // invited, accepted, declined, recused, answered
	Reason   string   `json:"reason,omitempty"`
	Opinion  *Opinion `json:"opinion,omitempty"`
	Versions int      `json:"versions,omitempty"` // of the opinion
	Mark     Mark     `json:"mark"`
}

// Opinion is one expert's sealed view.
type Opinion struct {
	Position    int    `json:"position" minimum:"-2" maximum:"2"`
	Reasons     string `json:"reasons" maxLength:"8000"`
	Alternative string `json:"alternative,omitempty" maxLength:"4000" doc:"A less harmful alternative"`
	Confidence  int    `json:"confidence" minimum:"1" maximum:"5"`
}

// PanelPlan calls an expert panel.
type PanelPlan struct {
	Questions []string `json:"questions" nullable:"false" maxItems:"20"`
	Experts   []string `json:"experts" nullable:"false" maxItems:"31" doc:"People of the pool whose conflicts were cleared"`
	Quorum    int      `json:"quorum" minimum:"1" maximum:"31"`
}

// Waiver records that a proposed panel was not called, by two officers.
type Waiver struct {
	Triggers []Trigger `json:"triggers"`
	Reason   string    `json:"reason"`
	AskedBy  string    `json:"askedBy"`
	By       string    `json:"by"`
	Round    int       `json:"round"`
}

// Result is the finding of a conclusion.
type Result string

// The findings (办法 29, 33). There is no "meets if amended".
const (
	Meets      Result = "meets"
	MeetsByExc Result = "exception"
	Fails      Result = "fails"
)

// Conclusion is the written conclusion on one text (条例 17, 办法 29, 33). On the government route the officer drafts
// it and the approver signs it, which fills DocNo, SignedOn, By and Approver.
type Conclusion struct {
	Result    Result       `json:"result" enum:"meets,exception,fails"`
	TextHash  string       `json:"textHash" maxLength:"64" doc:"The one text it is about"`
	Standards string       `json:"standards" maxLength:"20"`
	Written   string       `json:"written" maxLength:"64" doc:"Stored text of the conclusion, by hash"`
	HowHeard  string       `json:"howHeard" maxLength:"4000" doc:"How opinions were heard, or the ground for not hearing"`
	Prelim    string       `json:"prelim,omitempty" maxLength:"2000" doc:"Government route: the unit's preliminary review in a sentence"`
	Findings  []Finding    `json:"findings,omitempty" nullable:"false" maxItems:"200"`
	Dropped   []Withdrawal `json:"dropped,omitempty" nullable:"false" maxItems:"200" doc:"Required changes no longer required, each with a reason"`
	UseJoint  string       `json:"useJoint,omitempty" maxLength:"2000" doc:"How the seats' positions were used"`
	UsePanel  string       `json:"usePanel,omitempty" maxLength:"2000" doc:"How the panel's opinion was used; going against it needs a reason"`
	Advice    []string     `json:"advice,omitempty" nullable:"false" maxItems:"50" doc:"工作建议: suggestions; they block nothing and need no answer"`
	Risks     []string     `json:"risks,omitempty" nullable:"false" maxItems:"50" doc:"风险提示: risk warnings; likewise"`
	NotHeard  string       `json:"notHeard,omitempty" enum:"secret,limited,tender,agreement" doc:"Where nobody was heard: the recorded ground, repeated"`
	Pattern   string       `json:"pattern,omitempty" readOnly:"true" doc:"Of B1-14: i, ii, iii or iv; set by the system"`
	Checker   string       `json:"checker,omitempty" readOnly:"true"`
	DocNo     string       `json:"docNo,omitempty" maxLength:"100" doc:"Official document number, at signing"`
	SignedOn  Date         `json:"signedOn,omitempty"`
	By        string       `json:"by,omitempty"`
	Approver  string       `json:"approver,omitempty"`

	// For whom those three acted, as agents.
	ByFor       string `json:"byFor,omitempty" readOnly:"true"`
	CheckerFor  string `json:"checkerFor,omitempty" readOnly:"true"`
	ApproverFor string `json:"approverFor,omitempty" readOnly:"true"`
}

// Withdrawal drops a required change that the unit did not adopt, with the concluding body's reason.
type Withdrawal struct {
	Change string `json:"change" maxLength:"20"`
	Reason string `json:"reason" maxLength:"2000"`
}

// Scope is a decision that a measure is not under review (条例 2).
type Scope struct {
	Ground   string `json:"ground,omitempty" enum:"no_effect_on_operators,internal_affairs,meeting_minutes,request_without_measure,civil_contract,superior_document,other"`
	Article  string `json:"article,omitempty" maxLength:"100"`
	Reason   string `json:"reason,omitempty" maxLength:"2000"`
	TextHash string `json:"textHash,omitempty" maxLength:"64"`
	By       string `json:"by,omitempty"`

	In      bool          `json:"in,omitempty" readOnly:"true"`
	Answers []ScopeAnswer `json:"answers,omitempty" nullable:"false" maxItems:"20" doc:"The way through the questions of GET /scope"`
}

// ScopeAnswer is one answer on the way through the scope questions.
type ScopeAnswer struct {
	Question string `json:"question" maxLength:"40"`
	Answer   string `json:"answer" maxLength:"40"`
	Reason   string `json:"reason,omitempty" maxLength:"2000"`
}

// Questions are the three of B1-17. All yes: the change is material and the text is reviewed again.
type Questions struct {
	Met       bool   `json:"met" doc:"It was reviewed and met the standards"`
	Concerns  bool   `json:"concerns" doc:"The change concerns operators' economic activity"`
	Important bool   `json:"important" doc:"It may affect entry, flow, cost or conduct"`
	Why       string `json:"why" maxLength:"2000" doc:"Signed statement"`
}

func (q *Questions) material() bool { return q.Met && q.Concerns && q.Important }

// Issue registers what was issued, or the document that stops, amends or repeals a measure.
type Issue struct {
	DocNo      string `json:"docNo" maxLength:"100" doc:"文号"`
	On         Date   `json:"on" doc:"YYYY-MM-DD"`
	TextHash   string `json:"textHash,omitempty" maxLength:"64" doc:"The text as issued"`
	Difference string `json:"difference,omitempty" maxLength:"2000" doc:"Signed note answering the three questions of B1-17, when the text differs"`
	Legality   string `json:"legality,omitempty" maxLength:"200" doc:"Result of the legality review"`

	Questions *Questions `json:"questions,omitempty" doc:"When the issued text differs from the concluded one"`
	Sealed    bool       `json:"sealed,omitempty" readOnly:"true" doc:"The issued text is the concluded one"`
}

// Opening is what a case is opened with.
type Opening struct {
	Measure      Measure `json:"measure"`
	Kind         Kind    `json:"kind"`
	Route        Route   `json:"route"`
	RouteArticle string  `json:"routeArticle"`
	RouteReason  string  `json:"routeReason,omitempty"`
	Unit         string  `json:"unit"`
	Regulator    string  `json:"regulator"`
	Rules        Rules   `json:"rules"`
	Secret       bool    `json:"secret,omitempty"` // a state secret is refused

	Procedure    int      `json:"procedure,omitempty"` // Procedure, for a case opened today
	IssueBy      string   `json:"issueBy,omitempty"`
	With         []string `json:"with,omitempty"`
	RouteDerived Route    `json:"routeDerived,omitempty"`
	Unreviewed   bool     `json:"unreviewed,omitempty"`
	Extends      string   `json:"extends,omitempty"`
	Secrecy      Secrecy  `json:"secrecy,omitempty"`
	Readers      []string `json:"readers,omitempty"`
}

// clone copies what Apply may write to, so that the case it was given never changes.
func (c Case) clone() Case {
	c.Changes = append([]Change(nil), c.Changes...)
	c.Hands = append([]Hand(nil), c.Hands...)
	if c.Joint != nil {
		j := *c.Joint
		j.Seats = append([]Seat(nil), j.Seats...)
		c.Joint = &j
	}
	if c.Panel != nil {
		p := *c.Panel
		p.Members = append([]Member(nil), p.Members...)
		c.Panel = &p
	}
	if c.Clock != nil {
		k := *c.Clock
		c.Clock = &k
	}
	if c.Review != nil {
		m := *c.Review
		m.Spans = append([]Span(nil), m.Spans...)
		c.Review = &m
	}
	if c.Sunset != nil {
		s := *c.Sunset
		c.Sunset = &s
	}
	return c
}

// Seat returns the seat of a unit, or nil.
func (c *Case) Seat(unit string) *Seat {
	if c.Joint == nil {
		return nil
	}
	for i := range c.Joint.Seats {
		if c.Joint.Seats[i].Unit == unit {
			return &c.Joint.Seats[i]
		}
	}
	return nil
}

// Member returns the panel's entry of a person, or nil.
func (c *Case) Member(person string) *Member {
	if c.Panel == nil {
		return nil
	}
	for i := range c.Panel.Members {
		if c.Panel.Members[i].Person == person {
			return &c.Panel.Members[i]
		}
	}
	return nil
}
