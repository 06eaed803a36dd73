package review

import "slices"

// NoticeKind says what somebody is told. The codes are for good: they stand in the record, in people's choices and in what is
// sent to other systems.
type NoticeKind string

// The kinds of notice.
const (
	NoticeTurn            NoticeKind = "turn"             // 轮到办理
	NoticeSeatInvited     NoticeKind = "seat_invited"     // 会审邀请
	NoticeExpertInvited   NoticeKind = "expert_invited"   // 论证邀请
	NoticeSentBack        NoticeKind = "sent_back"        // 退回修改
	NoticeCorrection      NoticeKind = "correction_asked" // 要求补正
	NoticeSuspended       NoticeKind = "suspended"        // 中止审查
	NoticeReturned        NoticeKind = "returned"         // 退回
	NoticeBreachPut       NoticeKind = "breach_put"       // 沟通修改意见
	NoticeConcluded       NoticeKind = "concluded"        // 作出结论
	NoticeDelivered       NoticeKind = "delivered"        // 送达
	NoticeIssued          NoticeKind = "issued"           // 登记出台
	NoticeClosed          NoticeKind = "closed"           // 办结
	NoticeWithdrawn       NoticeKind = "withdrawn"        // 终止审查
	NoticeRecallAsked     NoticeKind = "recall_asked"     // 申请撤回提请
	NoticeRecalled        NoticeKind = "recalled"         // 撤回提请
	NoticeUrged           NoticeKind = "urged"            // 催办
	NoticeOverdue         NoticeKind = "overdue"          // 逾期督办
	NoticeReclocked       NoticeKind = "reclocked"        // 重新计算期限
	NoticeUndone          NoticeKind = "undone"           // 当日撤销
	NoticeException90     NoticeKind = "exception_90"     // 例外期限提醒
	NoticeException30     NoticeKind = "exception_30"
	NoticeException7      NoticeKind = "exception_7"
	NoticeExceptionEnded  NoticeKind = "exception_ended"  // 例外到期
	NoticeEvaluationDue   NoticeKind = "evaluation_due"   // 例外评估到期
	NoticeSeatDeclined    NoticeKind = "seat_declined"    // 不属于本单位职责
	NoticeExpertLeft      NoticeKind = "expert_left"      // 谢绝邀请、回避
	NoticeMediationAsked  NoticeKind = "mediation_asked"  // 提请工作机制协调
	NoticeMediationResult NoticeKind = "mediation_result" // 记录协调情况
)

// noticeWords are what each kind says without naming case, measure or people: it may be read by whoever sees a screen or a
// mailbox. The order is that in which choices are shown.
var noticeWords = []struct {
	kind   NoticeKind
	zh, en string
}{
	{NoticeTurn, "有一件案件轮到您办理", "A case waits for your hand"},
	{NoticeSeatInvited, "邀请本单位参加会审", "Your unit is invited to a joint review"},
	{NoticeExpertInvited, "邀请您参加专家论证", "You are invited to an expert panel"},
	{NoticeSentBack, "案件退回修改", "A case was sent back"},
	{NoticeCorrection, "要求补正材料", "A correction is asked for"},
	{NoticeSuspended, "审查中止", "A review is suspended"},
	{NoticeReturned, "案件已退回", "A case was returned"},
	{NoticeBreachPut, "市场监管部门提出修改意见", "The regulator put a breach to your unit"},
	{NoticeConcluded, "审查结论已作出", "A case was concluded"},
	{NoticeDelivered, "审查结论已送达", "A conclusion was delivered"},
	{NoticeIssued, "已登记出台", "A measure was registered as issued"},
	{NoticeClosed, "案件已办结", "A case was closed"},
	{NoticeWithdrawn, "审查终止", "A review was ended by the drafting unit"},
	{NoticeRecallAsked, "起草单位申请撤回提请", "The drafting unit asks for its submission back"},
	{NoticeRecalled, "提请已撤回", "A submission was taken back"},
	{NoticeUrged, "收到催办", "You are urged to act"},
	{NoticeOverdue, "案件逾期，请督办", "A case is overdue"},
	{NoticeReclocked, "办理期限按现行工作日历重新计算", "A period ends anew by the working calendar of today"},
	{NoticeUndone, "当日办理的事项已撤销", "A step of today was taken back"},
	{NoticeException90, "例外规定的实施期限还有90日届满", "An exception ends in 90 days"},
	{NoticeException30, "例外规定的实施期限还有30日届满", "An exception ends in 30 days"},
	{NoticeException7, "例外规定的实施期限还有7日届满", "An exception ends in 7 days"},
	{NoticeExceptionEnded, "例外规定的实施期限届满", "An exception has ended"},
	{NoticeEvaluationDue, "例外规定的实施情况需要评估", "An exception is due for evaluation"},
	{NoticeSeatDeclined, "有单位反馈会审事项不属于本单位职责", "A unit says that a joint review is not of its remit"},
	{NoticeExpertLeft, "有专家谢绝邀请或者回避", "An expert declined or stepped aside"},
	{NoticeMediationAsked, "起草单位提请工作机制协调", "The drafting unit takes a disagreement to the working mechanism"},
	{NoticeMediationResult, "工作机制协调情况已记录", "The result of a mediation was noted"},
}

// NoticeKinds lists the kinds in the order in which choices are shown.
func NoticeKinds() []NoticeKind {
	out := make([]NoticeKind, len(noticeWords))
	for i, w := range noticeWords {
		out[i] = w.kind
	}
	return out
}

// Words say in Chinese and in English what the kind tells; they name nothing of a case. Both are "" for an unknown kind.
func (k NoticeKind) Words() (zh, en string) {
	for _, w := range noticeWords {
		if w.kind == k {
			return w.zh, w.en
		}
	}
	return "", ""
}

// Notice tells a role in a unit, or one person, that something happened to a case.
type Notice struct {
	Unit   string // with Role
	Role   Role
	Person string // instead of both
	Kind   NoticeKind
	// OnTurn: told only when it was not the addressee's turn before the event. The record knows, Notices does not.
	OnTurn bool
}

// NoticesOf says who is told what of an event that left the case as c: those whose turn begins, the drafting unit and those that issue
// with it of what became of their case, the regulator of what it must know, whoever is urged, overdue or invited. Each
// addressee is told one thing of an event, the particular before "it is your turn".
//
// An expert who declined or stepped aside and a seat that declined or is no more are told nothing. Of a sealed opinion nobody is
// told, nor who gave it. That the actor is not told of their own act is for whoever shows notices: they are addressed to a
// role. A finished record from a file tells nobody.
func NoticesOf(c Case, e Event) []Notice {
	if e.Action.Kind == ImportFinished {
		return nil
	}
	var out []Notice
	add := func(n Notice) {
		known := func(o Notice) bool { return o.Unit == n.Unit && o.Role == n.Role && o.Person == n.Person }
		if (n.Unit != "" || n.Person != "") && hears(&c, n) && !slices.ContainsFunc(out, known) {
			out = append(out, n)
		}
	}
	for _, n := range toldOf(&c, &e) {
		add(n)
	}
	by := e.Action.Actor
	for _, t := range Turns(c) {
		if t.Person == "" && t.Unit == by.Unit && t.Role == by.Role {
			continue // it stays with the desk that acted
		}
		add(Notice{Unit: t.Unit, Role: t.Role, Person: t.Person, Kind: c.turnKind(t), OnTurn: true})
	}
	return out
}

// turnKind is how the beginning of a turn is told.
func (c *Case) turnKind(t Turn) NoticeKind {
	switch {
	case t.Person != "" && c.Status == ExpertReview:
		return NoticeExpertInvited
	case c.Status == JointReview && t.Unit != c.Regulator:
		return NoticeSeatInvited
	}
	return NoticeTurn
}

// hears reports whether the addressee still has the part in the case for which they would be told.
func hears(c *Case, n Notice) bool {
	if n.Person != "" {
		m := c.Member(n.Person)
		return m != nil && m.Status != memberDeclined && m.Status != memberRecused
	}
	if seat := c.Seat(n.Unit); seat != nil {
		return seat.Status != SeatDeclined || n.Unit == c.Measure.Issuer || slices.Contains(c.With, n.Unit)
	}
	return n.Unit == c.Unit || n.Unit == c.Regulator || n.Unit == c.Measure.Issuer || slices.Contains(c.With, n.Unit)
}

// toldOf is what is told of an event beside whose turn it is.
func toldOf(c *Case, e *Event) []Notice {
	handlers := func(k NoticeKind) []Notice {
		out := []Notice{{Unit: c.Unit, Role: Handler, Kind: k}}
		for _, unit := range c.With {
			out = append(out, Notice{Unit: unit, Role: Handler, Kind: k})
		}
		return out
	}
	handler := func(k NoticeKind) []Notice { return handlers(k)[:1] }
	reg := func(k NoticeKind, roles ...Role) []Notice {
		var out []Notice
		for _, r := range roles {
			out = append(out, Notice{Unit: c.Regulator, Role: r, Kind: k})
		}
		return out
	}
	switch e.Action.Kind {
	case SendBack:
		if e.To == RegReview || e.To == RegCheck {
			return reg(NoticeSentBack, Officer)
		}
		return handler(NoticeSentBack)
	case AskCorrection:
		return handler(NoticeCorrection)
	case Suspend:
		return handler(NoticeSuspended)
	case ReturnOverdue:
		return append(handlers(NoticeReturned), reg(NoticeReturned, Officer)...)
	case PutBreach:
		return handler(NoticeBreachPut)
	case ConcludePass, ConcludeExc, ConcludeFail, ApprovePass, ApproveExc, ApproveFail, KeepMeasure, KeepByException, DecideRevise, DecideRepeal:
		out := append(handlers(NoticeConcluded), seatNotices(c, NoticeConcluded)...)
		if e.Action.Actor.Unit == c.Regulator {
			out = append(out, reg(NoticeConcluded, Officer)...)
		}
		return out
	case Deliver:
		return handlers(NoticeDelivered)
	case Withdraw:
		return handlers(NoticeWithdrawn)
	case AskRecall:
		return reg(NoticeRecallAsked, Officer)
	case Recall:
		return reg(NoticeRecalled, Officer)
	case AgreeRecall:
		return handler(NoticeRecalled)
	case RegisterIssue:
		return append(handlers(NoticeIssued), overseer(c, NoticeIssued)...)
	case Urge:
		return urged(c, e)
	case Escalate:
		return reg(NoticeOverdue, Approver, Officer)
	case Reclock:
		return standing(c, NoticeReclocked)
	case Undo:
		return undone(c, e)
	case ExceptionNotice:
		return append(handlers(exceptionKind(c.Sunset)), issuerHead(c, exceptionKind(c.Sunset))...)
	case ExceptionEnds:
		return append(append(handlers(NoticeExceptionEnded), issuerHead(c, NoticeExceptionEnded)...), overseer(c, NoticeExceptionEnded)...)
	case EvaluationDue:
		return handlers(NoticeEvaluationDue)
	case DeclineSeat:
		return reg(NoticeSeatDeclined, Officer)
	case DeclineSeatPanel, Recuse:
		return reg(NoticeExpertLeft, Officer)
	case AskMediation:
		return reg(NoticeMediationAsked, Officer, Approver)
	case NoteMediation:
		return handlers(NoticeMediationResult)
	}
	if c.Status.Closed() {
		return append(handlers(NoticeClosed), overseer(c, NoticeClosed)...)
	}
	return nil
}

// overseer is the regulator, where it has a part in the case.
func overseer(c *Case, k NoticeKind) []Notice {
	if c.Route != Government {
		return nil
	}
	return []Notice{{Unit: c.Regulator, Role: Officer, Kind: k}}
}

// issuerHead is whoever heads the issuer, where another unit drafted.
func issuerHead(c *Case, k NoticeKind) []Notice {
	if c.Measure.Issuer == c.Unit {
		return nil
	}
	return []Notice{{Unit: c.Measure.Issuer, Role: UnitHead, Kind: k}}
}

// seatHeads speak for the units of this round's joint review: who are told what became of it (hears leaves out who declined).
func seatNotices(c *Case, k NoticeKind) []Notice {
	var out []Notice
	if c.Joint != nil {
		for _, s := range c.Joint.Seats {
			out = append(out, Notice{Unit: s.Unit, Role: UnitHead, Kind: k})
		}
	}
	return out
}

// standing is everybody whose turn it is.
func standing(c *Case, k NoticeKind) []Notice {
	var out []Notice
	for _, t := range Turns(*c) {
		out = append(out, Notice{Unit: t.Unit, Role: t.Role, Person: t.Person, Kind: k})
	}
	return out
}

// urged is whoever holds the case, without the desk that urges.
func urged(c *Case, e *Event) []Notice {
	by := e.Action.Actor
	return slices.DeleteFunc(standing(c, NoticeUrged), func(n Notice) bool { return n.Unit == by.Unit && n.Role == by.Role })
}

// undone tells the other desk of what it had been told or shown; what stayed within the regulator stays there.
func undone(c *Case, e *Event) []Notice {
	var out []Notice
	if !e.From.inside() || !e.To.inside() {
		out = append(out, Notice{Unit: c.Unit, Role: Handler, Kind: NoticeUndone})
	}
	if e.From.inside() || e.To.inside() || e.From == CorrectionAsked || e.From == Suspended {
		out = append(out, Notice{Unit: c.Regulator, Role: Officer, Kind: NoticeUndone})
	}
	return slices.DeleteFunc(out, func(n Notice) bool { return n.Unit == e.Action.Actor.Unit && n.Role == e.Action.Actor.Role })
}

func exceptionKind(s *Sunset) NoticeKind {
	switch {
	case s == nil || s.Noticed == 0 || s.Noticed > 30:
		return NoticeException90
	case s.Noticed > 7:
		return NoticeException30
	}
	return NoticeException7
}
