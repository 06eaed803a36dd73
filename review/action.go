package review

import "time"

// ActionKind names one thing that can be done to a case.
type ActionKind string

// Actions of a new measure (core flow §4-8).
const (
	Register         ActionKind = "register"           // 登记
	MarkOutOfScope   ActionKind = "mark_out_of_scope"  // 认定不属于审查范围
	StartReview      ActionKind = "start_review"       // 开展审查
	SendCheck        ActionKind = "send_check"         // 送审查机构
	Revise           ActionKind = "revise"             // 修改调整
	SendBack         ActionKind = "send_back"          // 退回修改
	SendSign         ActionKind = "send_sign"          // 送审签
	NewVersion       ActionKind = "new_version"        // 提交修改稿
	AskWithdraw      ActionKind = "ask_withdraw"       // 申请终止审查
	Withdraw         ActionKind = "withdraw"           // 终止审查
	ConcludePass     ActionKind = "conclude_pass"      // 作出结论：符合
	ConcludeExc      ActionKind = "conclude_exception" // 作出结论：适用例外
	ConcludeFail     ActionKind = "conclude_fail"      // 作出结论：不符合
	SignPrelim       ActionKind = "sign_prelim"        // 签署初审意见
	Reopen           ActionKind = "reopen"             // 重新修改
	Submit           ActionKind = "submit"             // 提请审查
	Recall           ActionKind = "recall"             // 撤回提请
	Accept           ActionKind = "accept"             // 接收
	AskCorrection    ActionKind = "ask_correction"     // 要求补正
	Suspend          ActionKind = "suspend"            // 中止审查
	Correct          ActionKind = "correct"            // 提交补正材料
	ReturnOverdue    ActionKind = "return_overdue"     // 退回
	Resume           ActionKind = "resume"             // 补充听取意见
	AskRecall        ActionKind = "ask_recall"         // 申请撤回提请
	AgreeRecall      ActionKind = "agree_recall"       // 同意撤回
	Convene          ActionKind = "convene"            // 启动会审
	GivePosition     ActionKind = "give_position"      // 反馈会审意见
	DeclineSeat      ActionKind = "decline_seat"       // 不属于本单位职责
	JointDue         ActionKind = "joint_due"          // 会审期限届满
	CloseJoint       ActionKind = "close_joint"        // 会审结束
	AskPanel         ActionKind = "ask_panel"          // 建议提请论证（未达触发条件）
	FormPanel        ActionKind = "form_panel"         // 提请专家组论证
	AskSkipPanel     ActionKind = "ask_skip_panel"     // 建议不提请论证
	SkipPanel        ActionKind = "skip_panel"         // 不提请论证
	AcceptSeat       ActionKind = "accept_invitation"  // 接受邀请
	DeclineSeatPanel ActionKind = "decline_invitation" // 谢绝邀请
	Recuse           ActionKind = "recuse"             // 回避
	GiveOpinion      ActionKind = "give_opinion"       // 提交专家意见
	PanelDue         ActionKind = "panel_due"          // 论证期限届满
	OpenOpinions     ActionKind = "open_opinions"      // 启封意见
	ClosePanel       ActionKind = "close_panel"        // 论证结束
	PutBreach        ActionKind = "put_breach"         // 沟通修改意见
	ChangeAtOnce     ActionKind = "change_at_once"     // 当即修改
	NoChange         ActionKind = "no_change"          // 不同意修改 / 无法修改
	StopTalks        ActionKind = "stop_talks"         // 结束沟通
	DraftOpinion     ActionKind = "draft_opinion"      // 拟制审查意见
	ApprovePass      ActionKind = "approve_pass"       // 签发：符合
	ApproveExc       ActionKind = "approve_exception"  // 签发：适用例外
	ApproveFail      ActionKind = "approve_fail"       // 签发：不符合
	ReportChanges    ActionKind = "report_changes"     // 报送修改情况
	GiveUp           ActionKind = "give_up"            // 决定不予出台
	SendLegality     ActionKind = "send_legality"      // 送合法性审核
	MaterialChange   ActionKind = "material_change"    // 内容发生重大变化
	RegisterIssue    ActionKind = "register_issue"     // 登记出台
	CloseUnissued    ActionKind = "close_unissued"     // 登记未出台
	ExceptionEnds    ActionKind = "exception_ends"     // 例外到期
	RegisterStop     ActionKind = "register_stop"      // 登记停止实施

	Deliver           ActionKind = "deliver"            // 登记用印送达
	RecordLegality    ActionKind = "record_legality"    // 登记合法性审核结果
	AskMediation      ActionKind = "ask_mediation"      // 提请工作机制协调
	NoteMediation     ActionKind = "note_mediation"     // 记录协调情况
	Evaluate          ActionKind = "evaluate"           // 例外实施评估
	EvaluationDue     ActionKind = "evaluation_due"     // 例外评估到期
	ExceptionNotice   ActionKind = "exception_notice"   // 例外期限提醒
	RegisterExtension ActionKind = "register_extension" // 登记接续
)

// Actions beside the line: they move nothing.
const (
	Undo     ActionKind = "undo"     // 当日撤销
	Urge     ActionKind = "urge"     // 催办
	Escalate ActionKind = "escalate" // 逾期督办
	Reclock  ActionKind = "reclock"  // 重新计算期限

	SetSecrecy ActionKind = "set_secrecy" // 调整知悉范围
)

// Actions of an existing measure (core flow §9). StartReview, SendSign, SendBack and MarkOutOfScope are shared.
const (
	Inventory         ActionKind = "inventory"          // 梳理登记
	MarkLapsed        ActionKind = "mark_lapsed"        // 登记失效
	StopExecution     ActionKind = "stop_execution"     // 停止执行
	AskRevise         ActionKind = "ask_revise"         // 申请拟修改
	AskRepeal         ActionKind = "ask_repeal"         // 申请拟废止
	ProposeRevise     ActionKind = "propose_revise"     // 拟修改
	ProposeRepeal     ActionKind = "propose_repeal"     // 拟废止
	SendConfirm       ActionKind = "send_confirm"       // 送复核
	KeepMeasure       ActionKind = "keep"               // 保留
	KeepByException   ActionKind = "keep_exception"     // 例外保留
	DecideRevise      ActionKind = "to_revise"          // 拟修改
	DecideRepeal      ActionKind = "to_repeal"          // 拟废止
	Switch            ActionKind = "switch"             // 改为拟废止 / 拟修改
	RegisterAmendment ActionKind = "register_amendment" // 登记修改
	RegisterRepeal    ActionKind = "register_repeal"    // 登记废止
)

// Role is what a person acts as. Memberships give it; the relation to the case decides whether it counts.
type Role string

// The roles.
const (
	Handler    Role = "handler"     // 起草单位经办人
	ReviewBody Role = "review_body" // 起草单位审查机构（经办）
	UnitHead   Role = "unit_head"   // 审查机构主要负责人; signs for a seat of a joint review as well
	Officer    Role = "officer"     // 市场监管部门承办人
	Checker    Role = "checker"     // 市场监管部门审核人, where the local rule has one
	Approver   Role = "approver"    // 市场监管部门签发人
	Expert     Role = "expert"      // 专家
	Admin      Role = "admin"       // 系统管理员: no part in any case
	Timer      Role = "timer"       // 系统计时

	SecurityAdmin Role = "security_admin" // 安全管理员: roles, sessions and tokens; no part in any case
	AuditAdmin    Role = "audit_admin"    // 审计管理员: reads the log; no part in any case
)

// Relations that are computed from a case rather than held as a role.
const (
	seatHead Role = "seat"   // a unit head whose unit has a seat
	issuer   Role = "issuer" // the issuing unit, or the handler on its behalf with the document
)

// Actor is who acts, frozen into the event: person, unit, post and for whom.
type Actor struct {
	Person string `json:"person"`
	Unit   string `json:"unit"`
	Role   Role   `json:"role"`
	Post   string `json:"post,omitempty"`
	For    string `json:"for,omitempty"` // on behalf of
}

// Action is one thing a person, or the timer, does to a case. Seen is the version of the case the person was
// looking at: what has changed since in the thing the action touches makes it a conflict.
type Action struct {
	Kind  ActionKind `json:"kind"`
	Actor Actor      `json:"actor"`
	Seen  int        `json:"seen"`
	Details
}

// Details are what an action brings; each kind reads its own fields and refuses without them.
type Details struct {
	Reason      string        `json:"reason,omitempty" maxLength:"2000"`
	Opening     *Opening      `json:"opening,omitempty"`
	Scope       *Scope        `json:"scope,omitempty"`
	Text        *Text         `json:"text,omitempty"`
	Heard       *Consultation `json:"heard,omitempty"`
	Checklist   *Checklist    `json:"checklist,omitempty"`
	Exception   *Exception    `json:"exception,omitempty"`
	Proposal    string        `json:"proposal,omitempty" enum:"keep,exception,revise,repeal"`
	Answers     []Answer      `json:"answers,omitempty" nullable:"false" maxItems:"400"`
	Findings    []Finding     `json:"findings,omitempty" nullable:"false" maxItems:"200"`
	Packet      *Packet       `json:"packet,omitempty"`
	Slots       []Slot        `json:"slots,omitempty" nullable:"false" maxItems:"10"`
	Days        int           `json:"days,omitempty" minimum:"0" maximum:"250" doc:"A period in working days"`
	Seats       []Invitation  `json:"seats,omitempty" nullable:"false" maxItems:"100"`
	Positions   []Position    `json:"positions,omitempty" nullable:"false" maxItems:"400"`
	NoObjection bool          `json:"noObjection,omitempty" doc:"无异议: +1 on every clause of the remit, signed"`
	Panel       *PanelPlan    `json:"panel,omitempty"`
	NoConflict  bool          `json:"noConflict,omitempty" doc:"Expert: declares to have no conflict of interest"`
	Pledge      bool          `json:"pledge,omitempty" doc:"Expert: pledges confidentiality"`
	Opinion     *Opinion      `json:"opinion,omitempty"`
	Report      string        `json:"report,omitempty" maxLength:"64" doc:"Stored panel report, by hash"`
	NoneFormed  bool          `json:"noneFormed,omitempty" doc:"未形成专家意见"`
	Conclusion  *Conclusion   `json:"conclusion,omitempty"`
	Issue       *Issue        `json:"issue,omitempty"`
	Material    bool          `json:"material,omitempty" doc:"All three questions of B1-17 answered yes"`
	Linked      string        `json:"linked,omitempty" maxLength:"36" doc:"The issued case that amends this measure, or carries its exception on"`
	Questions   *Questions    `json:"questions,omitempty" doc:"The three questions of B1-17, for a material change"`
	Delivery    *Delivery     `json:"delivery,omitempty"`
	Legal       *LegalCheck   `json:"legal,omitempty"`
	Secrecy     Secrecy       `json:"secrecy,omitempty" enum:"public,internal,restricted" doc:"A state secret is none of these and must never be entered"`
	Readers     []string      `json:"readers,omitempty" nullable:"false" maxItems:"50" doc:"Restricted: people of the drafting, issuing or reviewing units who may read it beside those whose part it is"`
}

// Event is what an accepted action leaves: append-only, chained, the source of every list and count.
type Event struct {
	Case    string    `json:"case"`
	Version int       `json:"version"`
	Round   int       `json:"round"` // the round it was done in
	At      time.Time `json:"at"`
	Action  Action    `json:"action"`
	From    Status    `json:"from,omitempty"`
	To      Status    `json:"to"`
	Text    string    `json:"text,omitempty"`    // hash of the text the case stands on
	Basis   string    `json:"basis"`             // article, or "design" / "local"
	Outcome Outcome   `json:"outcome,omitempty"` // counted by this event
}

// Move is one row of the machine: who may do what, where, and where it leads.
type Move struct {
	Action   ActionKind
	From     []Status
	By       []Role
	Kind     Kind  // "": both
	Route    Route // "": both
	To       Status
	NewRound bool
	Basis    string
}

var (
	working = []Status{Drafting, SelfReview, Revising, UnitCheck, UnitSign, PrelimDone, Submitted, CorrectionAsked, Suspended, Returned,
		RegReview, JointReview, ExpertReview, ConsultUnit, RegCheck, RegSign, ConcludedPass, ConcludedException, ConcludedFail, Legality,
		IssuedException, ExceptionDue, Inventoried, StockReview, StockSign, StockConfirm, KeptException, ToRevise, ToRepeal, SuspendedExec}
	parties   = []Role{Handler, ReviewBody, UnitHead, Officer, Checker, Approver}
	unitDesk  = []Status{Drafting, SelfReview, Revising, UnitCheck, UnitSign, PrelimDone, Returned}
	concluded = []Status{ConcludedPass, ConcludedException, Legality}
)

// moves is the machine of the core flow, row by row. To is where an action leads unless its effect says otherwise.
// The order is the order of the procedure; the first row that fits is taken.
var moves = []Move{
	// 4. New measure, both routes, up to the unit's signature
	{Register, nil, []Role{Handler}, New, "", Drafting, false, "条例 2, 13, 14"},
	{MarkOutOfScope, []Status{Drafting}, []Role{UnitHead}, New, "", OutOfScope, false, "条例 2"},
	{StartReview, []Status{Drafting}, []Role{Handler}, New, "", SelfReview, false, "条例 16; 办法 27, 28"},
	{SendCheck, []Status{SelfReview}, []Role{Handler}, New, "", UnitCheck, false, "条例 8-12; 办法 9-25"},
	{Revise, []Status{SelfReview}, []Role{Handler}, New, "", Revising, false, "条例 18"},
	{SendBack, []Status{UnitCheck}, []Role{ReviewBody}, New, "", SelfReview, true, "办法 5"},
	{SendSign, []Status{UnitCheck}, []Role{ReviewBody}, New, "", UnitSign, false, "办法 5"},
	{SendBack, []Status{UnitSign}, []Role{UnitHead}, New, "", SelfReview, true, "办法 5"},
	{NewVersion, []Status{Revising}, []Role{Handler}, New, "", SelfReview, true, "办法 27; B1-16"},
	{AskWithdraw, unitDesk, []Role{Handler}, New, "", "", false, "design"},
	{Withdraw, unitDesk, []Role{UnitHead}, New, "", Withdrawn, false, "design"},
	// 5. Department route
	{ConcludePass, []Status{UnitSign}, []Role{UnitHead}, New, Department, ConcludedPass, false, "条例 13, 17; 办法 29"},
	{ConcludeExc, []Status{UnitSign}, []Role{UnitHead}, New, Department, ConcludedException, false, "条例 12, 13, 17; 办法 25, 29"},
	{ConcludeFail, []Status{UnitSign}, []Role{UnitHead}, New, Department, ConcludedFail, false, "条例 13, 17, 18; 办法 29"},
	// 6. Government route
	{SignPrelim, []Status{UnitSign}, []Role{UnitHead}, New, Government, PrelimDone, false, "条例 14; 办法 31"},
	{Reopen, []Status{PrelimDone, Returned, Suspended}, []Role{Handler}, New, Government, SelfReview, true, "办法 27"},
	{Submit, []Status{PrelimDone}, []Role{Handler}, New, Government, Submitted, false, "条例 14; 办法 30, 31"},
	{Submit, []Status{Returned}, []Role{Handler}, New, Government, Submitted, true, "条例 14; 办法 30, 31"},
	{Recall, []Status{Submitted}, []Role{Handler}, New, Government, PrelimDone, true, "design"},
	{Accept, []Status{Submitted}, []Role{Officer}, New, Government, RegReview, false, "办法 31"},
	{AskCorrection, []Status{Submitted, RegReview}, []Role{Officer}, New, Government, CorrectionAsked, false, "办法 31; B1-12"},
	{Suspend, []Status{Submitted, RegReview}, []Role{Officer}, New, Government, Suspended, false, "办法 31; B1-12"},
	{Correct, []Status{CorrectionAsked}, []Role{Handler}, New, Government, Submitted, false, "办法 31"},
	{ReturnOverdue, []Status{CorrectionAsked, Suspended}, []Role{Timer}, New, Government, Returned, false, "办法 31"},
	{Resume, []Status{Suspended}, []Role{Handler}, New, Government, Submitted, false, "条例 16; 办法 28, 31"},
	{AskRecall, []Status{RegReview}, []Role{Handler}, New, Government, "", false, "design"},
	{AgreeRecall, []Status{RegReview}, []Role{Officer}, New, Government, PrelimDone, true, "design"},
	{Convene, []Status{RegReview}, []Role{Officer}, New, Government, JointReview, false, "条例 15; local"},
	{GivePosition, []Status{JointReview}, []Role{seatHead}, New, Government, JointReview, false, "条例 15; local"},
	{DeclineSeat, []Status{JointReview}, []Role{seatHead}, New, Government, JointReview, false, "local"},
	{JointDue, []Status{JointReview}, []Role{Timer}, New, Government, JointReview, false, "local"},
	{CloseJoint, []Status{JointReview}, []Role{Officer}, New, Government, RegReview, false, "条例 15; local"},
	{AskPanel, []Status{RegReview}, []Role{Officer}, New, Government, "", false, "design"},
	{FormPanel, []Status{RegReview}, []Role{Officer, Approver}, New, Government, ExpertReview, false, "条例 15; 办法 35; local"},
	{AskSkipPanel, []Status{RegReview}, []Role{Officer}, New, Government, "", false, "design"},
	{SkipPanel, []Status{RegReview}, []Role{Officer, Approver}, New, Government, RegReview, false, "办法 35; local"},
	{AcceptSeat, []Status{ExpertReview}, []Role{Expert}, New, Government, ExpertReview, false, "办法 35; local"},
	{DeclineSeatPanel, []Status{ExpertReview}, []Role{Expert}, New, Government, ExpertReview, false, "local"},
	{Recuse, []Status{ExpertReview}, []Role{Expert}, New, Government, ExpertReview, false, "local"},
	{GiveOpinion, []Status{ExpertReview}, []Role{Expert}, New, Government, ExpertReview, false, "办法 35; local"},
	{PanelDue, []Status{ExpertReview}, []Role{Timer}, New, Government, ExpertReview, false, "local"},
	{OpenOpinions, []Status{ExpertReview}, []Role{Officer}, New, Government, ExpertReview, false, "local"},
	{ClosePanel, []Status{ExpertReview}, []Role{Officer}, New, Government, RegReview, false, "办法 35; local"},
	{PutBreach, []Status{RegReview}, []Role{Officer}, New, Government, ConsultUnit, false, "办法 33; B1-14"},
	{ChangeAtOnce, []Status{ConsultUnit}, []Role{Handler}, New, Government, RegReview, false, "B1-14 (iii)"},
	{NoChange, []Status{ConsultUnit}, []Role{Handler}, New, Government, RegReview, false, "B1-14 (i)"},
	{StopTalks, []Status{ConsultUnit}, []Role{Officer}, New, Government, RegReview, false, "B1-14 (ii)"},
	{DraftOpinion, []Status{RegReview}, []Role{Officer}, New, Government, RegSign, false, "办法 33"},
	{SendSign, []Status{RegCheck}, []Role{Checker}, New, Government, RegSign, false, "local"},
	{SendBack, []Status{RegCheck}, []Role{Checker}, New, Government, RegReview, false, "local"},
	{SendBack, []Status{RegSign}, []Role{Approver}, New, Government, RegReview, false, "办法 33"},
	{ApprovePass, []Status{RegSign}, []Role{Approver}, New, Government, ConcludedPass, false, "条例 14, 17; 办法 33"},
	{ApproveExc, []Status{RegSign}, []Role{Approver}, New, Government, ConcludedException, false, "条例 12, 14, 17; 办法 25, 33"},
	{ApproveFail, []Status{RegSign}, []Role{Approver}, New, Government, ConcludedFail, false, "条例 14, 17, 18; 办法 33"},
	{ReportChanges, []Status{Revising}, []Role{Handler}, New, Government, RegReview, true, "B1-16"},
	{Deliver, []Status{ConcludedPass, ConcludedException, ConcludedFail, Revising, Legality}, []Role{Officer}, New, Government, "", false, "办法 33; B1-15"},
	{AskMediation, []Status{ConcludedFail, Revising}, []Role{UnitHead}, New, Government, "", false, "条例 5; local"},
	{NoteMediation, []Status{ConcludedFail, Revising}, []Role{Officer}, New, Government, "", false, "条例 5; local"},
	// 7. After the conclusion, both routes
	{Revise, []Status{ConcludedFail}, []Role{Handler}, New, "", Revising, false, "条例 18"},
	{GiveUp, []Status{ConcludedFail, Revising}, []Role{UnitHead}, New, "", NotIssued, false, "条例 18"},
	{SendLegality, []Status{ConcludedPass, ConcludedException}, []Role{Handler}, New, "", Legality, false, "local"},
	{RecordLegality, []Status{Legality}, []Role{Handler}, New, "", "", false, "local"},
	{MaterialChange, concluded, []Role{Handler}, New, "", SelfReview, true, "办法 27; B1-17"},
	{RegisterIssue, concluded, []Role{issuer}, New, "", Issued, false, "条例 18; 办法 34"},
	{CloseUnissued, concluded, []Role{UnitHead}, New, "", ClosedUnissued, false, "design"},
	// After a material change the outcome stands; the way out is the same ending.
	{CloseUnissued, unitDesk, []Role{UnitHead}, New, "", ClosedUnissued, false, "design"},
	{ExceptionEnds, []Status{IssuedException}, []Role{Timer, issuer}, New, "", ExceptionDue, false, "条例 12; 办法 25"},
	{RegisterStop, []Status{ExceptionDue}, []Role{issuer}, "", "", Ceased, false, "办法 25"},
	{ExceptionNotice, []Status{IssuedException, KeptException}, []Role{Timer}, "", "", "", false, "办法 25; design"},
	{EvaluationDue, []Status{IssuedException, KeptException}, []Role{Timer}, "", "", "", false, "local"},
	{Evaluate, []Status{IssuedException, KeptException}, []Role{Handler}, "", "", "", false, "local"},
	{RegisterExtension, []Status{IssuedException, KeptException}, []Role{issuer}, "", "", Extended, false, "办法 25"},
	// 9. Existing measure
	{Inventory, nil, []Role{Handler, Officer}, Existing, "", Inventoried, false, "local"},
	{MarkOutOfScope, []Status{Inventoried}, []Role{UnitHead}, Existing, "", OutOfScope, false, "条例 2"},
	{MarkLapsed, []Status{Inventoried}, []Role{UnitHead}, Existing, "", Lapsed, false, "local"},
	{StartReview, []Status{Inventoried}, []Role{Handler}, Existing, "", StockReview, false, "local"},
	{StopExecution, []Status{StockReview, ToRevise, ToRepeal}, []Role{issuer}, Existing, "", SuspendedExec, false, "local"},
	{AskRevise, []Status{SuspendedExec}, []Role{Handler}, Existing, "", "", false, "local"},
	{AskRepeal, []Status{SuspendedExec}, []Role{Handler}, Existing, "", "", false, "local"},
	{ProposeRevise, []Status{SuspendedExec}, []Role{UnitHead}, Existing, "", ToRevise, false, "local"},
	{ProposeRepeal, []Status{SuspendedExec}, []Role{UnitHead}, Existing, "", ToRepeal, false, "local"},
	{SendSign, []Status{StockReview}, []Role{Handler}, Existing, "", StockSign, false, "条例 8-12; 办法 9-25"},
	{SendBack, []Status{StockSign}, []Role{UnitHead}, Existing, "", StockReview, true, "local"},
	{SendConfirm, []Status{StockSign}, []Role{UnitHead}, Existing, Government, StockConfirm, false, "local"},
	{SendBack, []Status{StockConfirm}, []Role{Officer}, Existing, Government, StockReview, true, "local"},
	{KeepMeasure, []Status{StockSign}, []Role{UnitHead}, Existing, "", Kept, false, "条例 17; local"},
	{KeepMeasure, []Status{StockConfirm}, []Role{Approver}, Existing, Government, Kept, false, "条例 17; local"},
	{KeepByException, []Status{StockSign}, []Role{UnitHead}, Existing, "", KeptException, false, "条例 12; 办法 25; local"},
	{KeepByException, []Status{StockConfirm}, []Role{Approver}, Existing, Government, KeptException, false, "条例 12; 办法 25; local"},
	{DecideRevise, []Status{StockSign}, []Role{UnitHead}, Existing, "", ToRevise, false, "local"},
	{DecideRevise, []Status{StockConfirm}, []Role{Approver}, Existing, Government, ToRevise, false, "local"},
	{DecideRepeal, []Status{StockSign}, []Role{UnitHead}, Existing, "", ToRepeal, false, "local"},
	{DecideRepeal, []Status{StockConfirm}, []Role{Approver}, Existing, Government, ToRepeal, false, "local"},
	{Switch, []Status{ToRevise, ToRepeal}, []Role{UnitHead}, Existing, "", ToRepeal, false, "local"},
	{RegisterAmendment, []Status{ToRevise}, []Role{issuer}, Existing, "", Revised, false, "local"},
	{RegisterRepeal, []Status{ToRepeal}, []Role{issuer}, Existing, "", Repealed, false, "local"},
	{ExceptionEnds, []Status{KeptException}, []Role{Timer, issuer}, Existing, "", ExceptionDue, false, "条例 12; 办法 25"},
	// 10. Beside the line
	{Undo, working, parties, "", "", "", false, "design"},
	{Urge, working, parties, "", "", "", false, "design"},
	{SetSecrecy, working, []Role{UnitHead, Approver}, "", "", "", false, "design"},
	{Escalate, []Status{Submitted, RegReview, JointReview, ExpertReview, ConsultUnit, RegCheck, RegSign}, []Role{Timer}, New, Government, "", false, "local"},
	{Reclock, working, []Role{Timer}, "", "", "", false, "design"},
}

// Moves returns the machine, for documents, pictures and tests.
func Moves() []Move { return append([]Move(nil), moves...) }

// Opens reports whether the action opens a case.
func (k ActionKind) Opens() bool { return k == Register || k == Inventory }
