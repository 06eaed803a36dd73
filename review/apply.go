package review

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Member statuses of a panel.
const (
	memberInvited  = "invited"
	memberAccepted = "accepted"
	memberDeclined = "declined"
	memberRecused  = "recused"
	memberAnswered = "answered"
)

// Apply is the state machine: the case after the action, and the event that records it. The case given is not
// changed. now is cut to microseconds, the precision of the record. A refusal is an *Error: those of Permit,
// Conflict when the thing it touches changed after a.Seen, and one for each guard of core flow §3.
func Apply(c Case, a Action, now time.Time) (Case, Event, error) {
	now = now.UTC().Truncate(time.Microsecond)
	if c.Version == 0 && a.Kind.Opens() {
		if a.Opening == nil {
			return Case{}, Event{}, Refuse(Missing, "field", "opening")
		}
		c.start(*a.Opening)
	}
	move, err := permit(&c, a.Actor, a.Kind)
	if late := Overtaken(c, a, err); late != nil {
		return Case{}, Event{}, late
	}
	if err != nil {
		return Case{}, Event{}, err
	}
	next := c.clone()
	next.Version++
	step := step{c: &next, a: a, now: now, counted: ""}
	if move.To != "" {
		next.Status = move.To
	}
	if move.NewRound {
		next.newRound(a.Kind)
	}
	if err := step.effect(c.Status); err != nil {
		return Case{}, Event{}, err
	}
	if step.counted != "" {
		next.Outcome, next.Counted = step.counted, &now
	}
	if a.Kind != Undo && (next.Status != c.Status || move.NewRound) {
		next.Since, next.Request, next.Urged = now, nil, nil
		if !step.clocked {
			next.Clock = nil
		}
	}
	step.meter(a.Kind == Submit || a.Kind == ReportChanges)
	next.remember(c, a, move.NewRound)
	if !sideAct(a.Kind) {
		next.Main = Mark{Version: next.Version, Person: a.Actor.Person, Kind: a.Kind, At: now}
	}
	next.hand(a.Actor, sideOf(&c, a.Actor, move))
	ev := Event{Case: c.ID, Version: next.Version, Round: max(c.Round, 1), At: now, Action: a,
		From: c.Status, To: next.Status, Text: next.Text.Hash, Basis: move.Basis, Outcome: step.counted}
	return next, ev, nil
}

// sideAct reports whether the action leaves the main line alone: it touches only a seat's or an expert's own entry, so that
// sixty of them never refuse each other, or something beside the line.
func sideAct(k ActionKind) bool {
	switch k {
	case Urge, Escalate, Reclock, Deliver, AskMediation, NoteMediation, ExceptionNotice, EvaluationDue, SetSecrecy:
		return true
	case GivePosition, DeclineSeat, AcceptSeat, DeclineSeatPanel, Recuse, GiveOpinion:
		return true
	}
	return false
}

// Overtaken returns Conflict, with who was first and when, if somebody changed the thing the action touches after the
// person looked at it; else nil. refusal is what Permit says: that the case has moved on, or is closed, is then the
// consequence, and the first to act is the reason. Other refusals stand by themselves.
func Overtaken(c Case, a Action, refusal error) error {
	if code := CodeOf(refusal); a.Kind.Opens() || code != "" && code != NotYourTurn && code != AlreadyDone {
		return nil
	}
	last := c.Main
	if seat := c.Seat(a.Actor.Unit); seat != nil && (a.Kind == GivePosition || a.Kind == DeclineSeat) && refusal == nil {
		last = seat.Mark
	} else if m := c.Member(a.Actor.Person); m != nil && sideAct(a.Kind) && refusal == nil {
		last = m.Mark
	}
	if last.Version <= a.Seen {
		return nil
	}
	return Refuse(Conflict, "who", last.Person, "action", string(last.Kind), "at", last.At.UTC().Format(time.RFC3339))
}

func (c *Case) start(o Opening) {
	c.Kind, c.Route, c.RouteArticle, c.RouteReason = o.Kind, o.Route, o.RouteArticle, o.RouteReason
	c.Measure, c.Unit, c.Regulator, c.Rules = o.Measure, o.Unit, o.Regulator, o.Rules
	c.Procedure, c.IssueBy, c.With, c.RouteDerived = o.Procedure, o.IssueBy, o.With, o.RouteDerived
	c.Unreviewed, c.Extends = o.Unreviewed, o.Extends
	c.Secrecy, c.Readers = o.Secrecy, o.Readers
}

// newRound freezes the old round, which stays readable in the events, and starts the next. The light path of reported
// changes keeps the advice already given.
func (c *Case) newRound(kind ActionKind) {
	c.Round++
	c.Asked, c.Draft, c.Talks = nil, nil, ""
	if kind != ReportChanges {
		c.Joint, c.Panel, c.Waived = nil, nil, nil
	}
	if kind == SendBack || kind == NewVersion || kind == Reopen || kind == MaterialChange {
		c.Checklist, c.Packet = nil, nil
	}
}

func (c *Case) hand(who Actor, side Side) {
	if side == "" || who.Role == Timer {
		return
	}
	for _, person := range []string{who.Person, who.For} {
		if h := (Hand{Person: person, Side: side}); person != "" && !slices.Contains(c.Hands, h) {
			c.Hands = append(c.Hands, h)
		}
	}
}

// step is one action being applied: the case under change, the action, the time, and what it counts.
type step struct {
	c       *Case
	a       Action
	now     time.Time
	counted Outcome
	clocked bool
}

// effect checks what the action brings and writes it into the case; from is the status it was done in.
func (s *step) effect(from Status) error {
	c, a := s.c, s.a
	switch a.Kind {
	case Register, Inventory:
		return s.open()
	case MarkOutOfScope:
		if err := s.scope(); err != nil {
			return err
		}
		s.counted = NotInScope
	case StartReview:
		if c.Kind == New {
			if err := s.heard(a.Heard); err != nil {
				return err
			}
		}
		if err := s.text(false); err != nil {
			return err
		}
		return s.inScope()
	case SendCheck:
		if err := s.checklist(); err != nil {
			return err
		}
		if c.FirstText == "" && c.Route == Department {
			c.FirstText = c.Text.Hash
		}
		return s.answers() // "not" needs no new text; the review body wants every change answered
	case Revise:
		if from == SelfReview && len(c.openChanges()) == 0 {
			if err := need("findings", len(a.Findings) > 0); err != nil {
				return err
			}
		}
		return s.require(a.Findings)
	case SendBack:
		if err := s.reason(); err != nil {
			return err
		}
		if len(a.Findings) > 0 && from != UnitCheck && from != UnitSign {
			return Refuse(Invalid, "field", "findings") // nobody could answer them there
		}
		return s.require(a.Findings)
	case SendSign:
		switch {
		case c.Kind == Existing:
			return s.stockProposal()
		case from == RegCheck:
			d := *c.Draft
			d.Checker, d.CheckerFor = a.Actor.Person, a.Actor.For
			c.Draft = &d
			return nil
		}
		return s.unanswered()
	case NewVersion, ChangeAtOnce, ReportChanges:
		return s.amended()
	case AskWithdraw, AskRecall, AskPanel, AskSkipPanel, AskRevise, AskRepeal:
		return s.request()
	case Withdraw:
		s.counted, c.Reason = Withdrew, c.Request.Reason
	case ConcludePass, ConcludeExc, ConcludeFail:
		return s.conclude(a.Conclusion, resultOf(a.Kind))
	case SignPrelim:
		if c.Exception != nil {
			if err := s.exception(c.Exception); err != nil {
				return err
			}
		}
		return s.standing()
	case Reopen:
		if from == PrelimDone {
			return s.reason()
		}
	case Submit:
		return s.packet()
	case Accept:
		c.Officer, c.OfficerFor, c.Asked = a.Actor.Person, a.Actor.For, nil
	case AskCorrection, Suspend:
		return s.ask()
	case Correct:
		return s.correct()
	case ReturnOverdue:
		return s.overdue()
	case Resume:
		return s.heard(a.Heard)
	case AgreeRecall:
	case SkipPanel:
		c.Waived = &Waiver{Triggers: c.Triggers(), Reason: c.Request.Reason, AskedBy: c.Request.By, By: a.Actor.Person, Round: c.Round}
		c.Request = nil
	case Convene:
		return s.convene()
	case GivePosition:
		return s.position()
	case DeclineSeat:
		seat := c.Seat(a.Actor.Unit)
		if err := s.reason(); err != nil {
			return err
		}
		*seat = Seat{Unit: seat.Unit, Remit: seat.Remit, Status: SeatDeclined, Reason: a.Reason, Mark: s.mark()}
	case JointDue:
		if err := s.overdue(); err != nil {
			return err
		}
		for i := range c.Joint.Seats {
			if c.Joint.Seats[i].Status == SeatInvited {
				c.Joint.Seats[i].Status = SeatNoAnswer
			}
		}
	case CloseJoint:
		return s.closeJoint()
	case FormPanel:
		return s.formPanel()
	case AcceptSeat, DeclineSeatPanel, Recuse, GiveOpinion:
		return s.member()
	case PanelDue:
		return s.overdue()
	case OpenOpinions:
		if !c.Panel.mayOpen(c.Clock.over(s.now)) {
			return Refuse(QuorumOpen, "quorum", fmt.Sprint(c.Panel.Quorum))
		}
		c.Panel.Status = PanelOpened
	case ClosePanel:
		return s.closePanel()
	case PutBreach:
		c.BreachPut = true
		if err := need("findings", len(a.Findings) > 0); err != nil {
			return err
		}
		return s.require(a.Findings)
	case NoChange:
		if err := s.reason(); err != nil {
			return err
		}
		for i := range c.Changes {
			if ch := &c.Changes[i]; !ch.Closed && ch.Answer == "" {
				ch.Answer, ch.Reason = "not", a.Reason
			}
		}
		c.Talks = a.Kind
	case StopTalks:
		c.Talks = a.Kind
		return s.reason()
	case DraftOpinion:
		return s.draft()
	case ApprovePass, ApproveExc, ApproveFail:
		return s.approve()
	case GiveUp:
		s.counted, c.Reason = Repeal, a.Reason
		return s.reason()
	case SendLegality:
		s.clocked = c.since(2) // the reminder to register the issue runs on
	case RecordLegality:
		return s.legality()
	case MaterialChange:
		if err := s.material(); err != nil {
			return err
		}
		return s.text(true)
	case RegisterIssue:
		return s.issue()
	case CloseUnissued:
		c.Reason = a.Reason
		return s.reason()
	case ExceptionEnds:
		if a.Actor.Role != Timer {
			return s.reason()
		}
		return s.overdue()
	case RegisterStop, RegisterRepeal, RegisterAmendment, StopExecution:
		return s.register()
	case RegisterExtension:
		if c.Clock != nil && c.Clock.over(s.now) {
			return Refuse(ExtensionOpen) // it has ended, though its timer has not said so yet
		}
		if len(a.Linked) != 36 {
			return Refuse(Missing, "field", "linked")
		}
		c.Linked, c.Reason = a.Linked, a.Reason
	case ExceptionNotice:
		return s.told()
	case EvaluationDue, Evaluate:
		return s.evaluation()
	case Deliver:
		return s.deliver()
	case AskMediation:
		c.Mediation = &Mediation{AskedBy: a.Actor.Person, AskedAt: s.now, Reason: a.Reason}
		return s.reason()
	case NoteMediation:
		m := *c.Mediation
		m.Result, m.NotedBy, m.NotedAt = a.Reason, a.Actor.Person, s.now
		c.Mediation = &m
		return s.reason()
	case Undo:
		return s.undo()
	case Urge:
		return s.urge()
	case Escalate:
		return s.escalate()
	case Reclock:
		return s.reclock()
	case SetSecrecy:
		return s.secrecy()
	case MarkLapsed:
		s.counted, c.Reason = LapsedOutcome, a.Reason
		return s.reason()
	case ProposeRevise, ProposeRepeal:
	case SendConfirm:
		return s.standing()
	case KeepMeasure, KeepByException, DecideRevise, DecideRepeal:
		return s.stockDecision()
	case Switch:
		if from == ToRepeal {
			c.Status = ToRevise
		}
		return s.reason()
	}
	return nil
}

func (s *step) mark() Mark {
	return Mark{Version: s.c.Version, Person: s.a.Actor.Person, Kind: s.a.Kind, At: s.now}
}

func need(field string, ok bool) error {
	if !ok {
		return Refuse(Missing, "field", field)
	}
	return nil
}

func (s *step) reason() error { return need("reason", strings.TrimSpace(s.a.Reason) != "") }

func (s *step) open() error {
	c, o := s.c, s.a.Opening
	if o.Secret {
		return Refuse(StateSecret)
	}
	for _, f := range []struct {
		name string
		ok   bool
	}{{"measure.title", strings.TrimSpace(o.Measure.Title) != ""}, {"measure.issuer", o.Measure.Issuer != ""}, {"unit", o.Unit != ""},
		{"regulator", o.Regulator != ""}, {"routeArticle", o.RouteArticle != ""}} {
		if !f.ok {
			return Refuse(Missing, "field", f.name)
		}
	}
	if (o.Kind == Existing) != (s.a.Kind == Inventory) || o.Kind != New && o.Kind != Existing {
		return Refuse(Invalid, "field", "kind")
	}
	if o.Route != Department && o.Route != Government {
		return Refuse(Invalid, "field", "route")
	}
	if o.Procedure < 0 || o.Procedure > Procedure {
		return Refuse(Invalid, "field", "procedure")
	}
	if p := o.Measure.PublicInterest; p != "" && p != "touched" && p != "major" && (p != "none" || !c.since(2)) {
		return Refuse(Invalid, "field", "measure.publicInterest")
	} else if p == "" && c.since(2) {
		return Refuse(Missing, "field", "measure.publicInterest")
	}
	if o.RouteDerived != "" && o.Route != o.RouteDerived && strings.TrimSpace(o.RouteReason) == "" {
		return Refuse(RouteOdd, "route", string(o.RouteDerived), "article", o.RouteArticle)
	}
	if o.Unreviewed && o.Kind != Existing {
		return Refuse(Invalid, "field", "unreviewed")
	}
	if err := checkSecrecy(o.Secrecy, o.Readers, ""); err != nil {
		return err
	}
	if o.Secrecy != "" && !c.since(2) {
		return Refuse(Invalid, "field", "secrecy")
	}
	if o.Kind == Existing {
		if err := need("measure.docNo", o.Measure.DocNo != ""); err != nil {
			return err
		}
		if !o.Measure.IssuedOn.Valid() || o.Measure.IssuedOn > DateOf(s.now) {
			return Refuse(Invalid, "field", "measure.issuedOn")
		}
	}
	c.Round, c.OpenedAt, c.Since = 1, s.now, s.now
	return nil
}

// text puts a text forward and freezes it under its hash (G4); where a change is claimed it must differ (G10).
func (s *step) text(changed bool) error {
	t := s.a.Text
	if t == nil || len(t.Hash) != 64 {
		return Refuse(Missing, "field", "text")
	}
	if changed && t.Hash == s.c.Text.Hash {
		return Refuse(TextUnchanged)
	}
	s.c.Text, s.c.TextBy, s.c.TextFor = *t, s.a.Actor.Person, s.a.Actor.For
	s.c.Texts++
	return nil
}

// scope is G1: every "no" has ground, article, reason, person and text; a superior document is no ground (B1-59).
func (s *step) scope() error {
	sc := s.a.Scope
	if sc == nil {
		return Refuse(Missing, "field", "scope")
	}
	if s.c.since(2) {
		return s.outOfScope(*sc)
	}
	if sc.Ground == "superior_document" {
		return Refuse(SuperiorNoBasis)
	}
	for _, f := range []struct{ name, value string }{{"scope.ground", sc.Ground}, {"scope.article", sc.Article}, {"scope.reason", sc.Reason}, {"scope.textHash", sc.TextHash}} {
		if strings.TrimSpace(f.value) == "" {
			return Refuse(Missing, "field", f.name)
		}
	}
	if len(sc.TextHash) != 64 {
		return Refuse(Invalid, "field", "scope.textHash")
	}
	decided := *sc
	decided.By = s.a.Actor.Person
	s.c.Scope, s.c.Reason = &decided, sc.Reason
	return nil
}

// outOfScope is G1 by the tree of questions: the way ends in "no", and says by which article.
func (s *step) outOfScope(sc Scope) error {
	verdict, err := DecideScope(sc.Answers)
	if err != nil {
		return err
	}
	if verdict.In {
		return Refuse(Invalid, "field", "scope.answers", "value", verdict.Article)
	}
	if err := need("scope.reason", strings.TrimSpace(sc.Reason) != ""); err != nil {
		return err
	}
	if len(sc.TextHash) != 64 {
		return Refuse(Missing, "field", "scope.textHash")
	}
	sc.In, sc.Ground, sc.Article, sc.By = false, verdict.Ground, verdict.Article, s.a.Actor.Person
	s.c.Scope, s.c.Reason = &sc, sc.Reason
	return nil
}

// inScope records by which answers a measure is under review, on the text that was put forward.
func (s *step) inScope() error {
	if !s.c.since(2) {
		return nil
	}
	if s.a.Scope == nil {
		return Refuse(Missing, "field", "scope")
	}
	verdict, err := DecideScope(s.a.Scope.Answers)
	if err != nil {
		return err
	}
	if !verdict.In {
		return Refuse(Invalid, "field", "scope.answers", "value", verdict.Article)
	}
	s.c.Scope = &Scope{In: true, Article: verdict.Article, Answers: s.a.Scope.Answers, Reason: s.a.Scope.Reason,
		TextHash: s.c.Text.Hash, By: s.a.Actor.Person}
	return nil
}

// heard is G2: a consultation record, or the recorded ground for none; the public when its interests are touched.
func (s *step) heard(h *Consultation) error {
	if h == nil {
		return Refuse(NotHeard)
	}
	if h.NoneGround != "" {
		if !slices.Contains([]string{"secret", "limited", "tender", "agreement"}, h.NoneGround) {
			return Refuse(Invalid, "field", "heard.noneGround")
		}
		if strings.TrimSpace(h.NoneReason) == "" {
			return Refuse(Missing, "field", "heard.noneReason")
		}
		s.c.Heard = h
		return nil
	}
	said := h.Said
	if s.c.since(2) {
		if err := s.opinions(h); err != nil {
			return err
		}
		said = "in the list of opinions"
	}
	for _, f := range []string{h.Whom, h.How, said} {
		if strings.TrimSpace(f) == "" {
			return Refuse(NotHeard)
		}
	}
	if !h.From.Valid() || !h.To.Valid() || h.To < h.From || h.To > DateOf(s.now) {
		return Refuse(Invalid, "field", "heard.from, heard.to")
	}
	public := h.PublicHeard
	if s.c.since(2) {
		public = slices.Contains(h.Kinds, "public")
	}
	if p := s.c.Measure.PublicInterest; (p == "touched" || p == "major") && !public {
		return Refuse(PublicNotHeard)
	}
	s.c.Heard = h
	return nil
}

// HeardKinds are those whose opinions 办法 28 names, in its order, and the public.
func HeardKinds() []string {
	return []string{"competitors", "upstream", "downstream", "associations", "others", "public"}
}

// opinions checks whom the record names, that they were asked about competition, and that each answer says what became
// of it.
func (s *step) opinions(h *Consultation) error {
	if err := need("heard.kinds", len(h.Kinds) > 0); err != nil {
		return err
	}
	for _, k := range h.Kinds {
		if !slices.Contains(HeardKinds(), k) {
			return Refuse(Invalid, "field", "heard.kinds", "value", k)
		}
	}
	if err := need("heard.asked", h.Asked); err != nil {
		return err
	}
	if len(h.Opinions) == 0 {
		return need("heard.opinions", h.NoReplies)
	}
	if h.NoReplies {
		return Refuse(Invalid, "field", "heard.noReplies")
	}
	for _, o := range h.Opinions {
		switch {
		case strings.TrimSpace(o.From) == "":
			return Refuse(Missing, "field", "heard.opinions.from")
		case strings.TrimSpace(o.Said) == "":
			return Refuse(Missing, "field", "heard.opinions.said")
		case o.Answer != "adopted" && o.Answer != "partly" && o.Answer != "not":
			return Refuse(Invalid, "field", "heard.opinions.answer", "value", o.Answer)
		case o.Answer != "adopted" && strings.TrimSpace(o.Why) == "":
			return Refuse(Missing, "field", "heard.opinions.why")
		}
	}
	return nil
}

// checklist is G3 on the present text, and G5 when an exception is claimed.
func (s *step) checklist() error {
	c, l := s.c, s.a.Checklist
	if l == nil {
		return Refuse(Missing, "field", "checklist")
	}
	if l.TextHash != c.Text.Hash {
		return Refuse(TextMismatch, "field", "checklist.textHash")
	}
	if err := s.answered(l); err != nil {
		return err
	}
	c.Checklist, c.Exception = l, nil
	if s.a.Exception != nil {
		if err := s.exception(s.a.Exception); err != nil {
			return err
		}
		c.Exception = s.a.Exception
	}
	return nil
}

// answered refuses a checklist against old standards, with an unknown item, with an item left open, or with a
// finding that lacks a part.
func (s *step) answered(l *Checklist) error {
	std := StandardsOn(DateOf(s.now))
	if l.Standards != std.Version {
		return outdated(std, l.Standards)
	}
	seen := make(map[string]bool, len(std.Items))
	for _, id := range l.Clear {
		if _, ok := std.Item(id); !ok {
			return Refuse(ItemUnknown, "item", id)
		}
		seen[id] = true
	}
	if err := findings(std, l.Findings); err != nil {
		return err
	}
	for _, f := range l.Findings {
		if slices.Contains(l.Clear, f.Item) {
			return Refuse(Invalid, "field", "checklist.clear", "value", f.Item)
		}
		seen[f.Item] = true
		item, _ := std.Item(f.Item)
		for _, p := range item.Parents {
			seen[p] = true
		}
	}
	for _, b := range l.Based {
		item, ok := std.Item(b.Item)
		switch {
		case !ok:
			return Refuse(ItemUnknown, "item", b.Item)
		case !item.Costs():
			return Refuse(Invalid, "field", "checklist.based", "value", b.Item)
		case b.Kind != "law" && b.Kind != "regulation" && b.Kind != "state_council" || strings.TrimSpace(b.Which) == "" || strings.TrimSpace(b.Clause) == "":
			return Refuse(BasisOpen, "item", b.Item)
		}
		seen[b.Item] = true
	}
	for _, n := range l.Notes {
		if !seen[n.Item] {
			return Refuse(Invalid, "field", "checklist.notes", "value", n.Item)
		}
	}
	open, first := 0, ""
	for _, it := range std.Items {
		if !seen[it.ID] {
			if open++; first == "" {
				first = it.ID
			}
		}
	}
	if open > 0 {
		return Refuse(ItemsOpen, "count", fmt.Sprint(open), "first", first)
	}
	return nil
}

// outdated names what must be asked again because the standards changed since the form was filled in.
func outdated(std *Standards, answered string) error {
	if old, ok := StandardsNamed(answered); ok {
		changed := std.Changed(old)
		return Refuse(StandardsOld, "version", std.Version, "count", fmt.Sprint(len(changed)), "items", strings.Join(changed[:min(len(changed), 10)], ", "))
	}
	return Refuse(StandardsOld, "version", std.Version, "count", fmt.Sprint(len(std.Items)), "items", "")
}

// findings checks that each names clause, item, effect and required change, and in the costs group the legal basis.
func findings(std *Standards, fs []Finding) error {
	for _, f := range fs {
		item, ok := std.Item(f.Item)
		if !ok {
			return Refuse(ItemUnknown, "item", f.Item)
		}
		if strings.TrimSpace(f.Clause) == "" || strings.TrimSpace(f.Effect) == "" || strings.TrimSpace(f.Change) == "" {
			return Refuse(FindingOpen, "item", f.Item)
		}
		if item.Costs() && strings.TrimSpace(f.Basis) == "" {
			return Refuse(BasisOpen, "item", f.Item)
		}
	}
	return nil
}

// exception is G5: ground, five points, and a period of at most ten years or a clear end condition; "long-term" is none.
func (s *step) exception(e *Exception) error {
	if e == nil {
		return Refuse(ExceptionOpen, "field", "exception")
	}
	if !slices.Contains([]string{"REG-12-1", "REG-12-2", "REG-12-3", "REG-12-4"}, e.Ground) {
		return Refuse(ExceptionOpen, "field", "exception.ground")
	}
	for _, f := range []struct{ name, value string }{{"exception.effect", e.Effect}, {"exception.alternatives", e.Alternatives}, {"exception.periodWhy", e.PeriodWhy}} {
		if strings.TrimSpace(f.value) == "" {
			return Refuse(ExceptionOpen, "field", f.name)
		}
	}
	today := DateOf(s.now)
	switch {
	case e.Until != "":
		if !e.Until.Valid() || e.Until <= today || e.Until > today.AddYears(10) {
			return Refuse(ExceptionOpen, "field", "exception.until")
		}
	case strings.TrimSpace(e.Condition) == "", !s.c.since(2) && strings.Contains(e.Condition, "长期"), s.c.since(2) && endless(e.Condition):
		return Refuse(ExceptionOpen, "field", "exception.condition")
	}
	return nil
}

// endless reports whether a condition names no end: 长期 and its like, alone or with a word around it. A condition that only
// mentions the word, such as the end of a 长期护理保险 pilot, is one.
func endless(condition string) bool {
	none := []string{"", "长期", "永久", "长久", "无限期", "不限", "无期限", "不设", "另行通知", "另行通知之日", "待定", "until further notice", "indefinite", "indefinitely", "permanent", "long-term"}
	for part := range strings.FieldsFuncSeq(condition, func(r rune) bool { return strings.ContainsRune("\t\r\n　。．.；;，,、“”\"", r) }) {
		part = strings.ToLower(strings.TrimSpace(part))
		for _, around := range []string{"自印发之日起", "本政策", "本措施", "本办法", "该措施", "措施", "政策", "实施", "有效", "执行", "适用", "期限", "直至", "为止", "至", "为", "均", "止"} {
			part = strings.ReplaceAll(part, around, "")
		}
		if !slices.Contains(none, part) {
			return false
		}
	}
	return true
}

// require records findings as required changes of this round.
func (s *step) require(fs []Finding) error {
	if err := findings(StandardsOn(DateOf(s.now)), fs); err != nil {
		return err
	}
	for _, f := range fs {
		id := fmt.Sprintf("r%d-%d", s.c.Round, len(s.c.Changes)+1)
		s.c.Changes = append(s.c.Changes, Change{ID: id, Finding: f, TextHash: s.c.Text.Hash, Counted: s.c.FirstText != "", Sum: s.c.Text.sum(f.Clause)})
	}
	return nil
}

// openChanges are the required changes that still wait for an answer.
func (c *Case) openChanges() []int {
	var open []int
	for i, ch := range c.Changes {
		if !ch.Closed && ch.Answer == "" {
			open = append(open, i)
		}
	}
	return open
}

// amended puts a changed text forward together with the answers to what was required of it. The light path of a report of
// changes touches the clauses of the required changes and no others.
func (s *step) amended() error {
	c, a := s.c, s.a
	if a.Kind == ChangeAtOnce && len(c.openChanges()) == 0 {
		return Refuse(NoBreach)
	}
	old := c.Text
	if err := s.revised(); err != nil {
		return err
	}
	if err := s.answers(); err != nil {
		return err
	}
	if a.Kind == ChangeAtOnce {
		c.Talks = a.Kind
	}
	if a.Kind == ReportChanges && c.since(2) {
		if more := c.beyond(old); len(more) > 0 {
			return Refuse(ChangesBeyond, "clauses", strings.Join(more[:min(len(more), 10)], "、"))
		}
	}
	return s.unanswered()
}

// beyond lists clauses whose words changed from the old text to the present one though no required change names them.
func (c *Case) beyond(old Text) []string {
	if len(old.Sums) == 0 || len(c.Text.Sums) == 0 {
		return nil // texts of a time before sums were kept: a person compares
	}
	asked := func(label string) bool {
		return slices.ContainsFunc(c.Changes, func(ch Change) bool { return !ch.Closed && (ch.Finding.Clause == label || ch.Clause == label) })
	}
	var out []string
	add := func(from, to Text) {
		for i, label := range from.Clauses {
			if i < len(from.Sums) && !slices.Contains(to.Sums, from.Sums[i]) && !asked(label) && !slices.Contains(out, label) {
				out = append(out, label)
			}
		}
	}
	add(old, c.Text)
	add(c.Text, old)
	return out
}

// revised puts a changed text forward. A full new round may bring the same text again with new opinions heard or a new
// argument for an exception.
func (s *step) revised() error {
	if s.a.Kind != NewVersion || s.a.Heard == nil && s.a.Exception == nil {
		return s.text(true)
	}
	if s.a.Heard != nil {
		if err := s.heard(s.a.Heard); err != nil {
			return err
		}
	}
	if s.a.Exception != nil {
		if err := s.exception(s.a.Exception); err != nil {
			return err
		}
		s.c.Exception = s.a.Exception
	}
	return s.text(false)
}

// answers is G10: "adopted" and "partly" have a text difference, "not" and "partly" a reason.
func (s *step) answers() error {
	for _, an := range s.a.Answers {
		i := slices.IndexFunc(s.c.Changes, func(ch Change) bool { return ch.ID == an.Change && !ch.Closed })
		if i < 0 || an.Answer != "adopted" && an.Answer != "partly" && an.Answer != "not" {
			return Refuse(Invalid, "field", "answers", "value", an.Change)
		}
		if an.Answer != "adopted" && strings.TrimSpace(an.Reason) == "" {
			return Refuse(Missing, "field", "answers.reason")
		}
		if an.Answer != "not" && s.c.Changes[i].TextHash == s.c.Text.Hash {
			return Refuse(TextUnchanged)
		}
		ch := &s.c.Changes[i]
		ch.Answer, ch.Reason, ch.Clause, ch.Flagged = an.Answer, an.Reason, an.Clause, false
		if an.Answer == "not" || !s.c.since(2) {
			continue
		}
		if an.Clause == "" && slices.Contains(s.c.Text.Clauses, ch.Finding.Clause) {
			ch.Clause = ch.Finding.Clause
		}
		if ch.Clause != Removed && !slices.Contains(s.c.Text.Clauses, ch.Clause) {
			return Refuse(Invalid, "field", "answers.clause", "value", an.Clause)
		}
		ch.Flagged = ch.Sum != "" && slices.Contains(s.c.Text.Sums, ch.Sum) // wherever the words now stand
	}
	return nil
}

func (s *step) unanswered() error {
	if open := s.c.openChanges(); len(open) > 0 {
		return Refuse(ChangesOpen, "count", fmt.Sprint(len(open)))
	}
	return nil
}

func (s *step) request() error {
	if err := s.reason(); err != nil {
		return err
	}
	s.c.Request = &Asking{What: s.a.Kind, By: s.a.Actor.Person, For: s.a.Actor.For, Reason: s.a.Reason, At: s.now}
	return nil
}

func resultOf(k ActionKind) Result {
	switch k {
	case ConcludeExc, ApproveExc, KeepByException:
		return MeetsByExc
	case ConcludeFail, ApproveFail:
		return Fails
	}
	return Meets
}

// standing checks what a signature stands on: opinions heard (G2), items answered on this very text against the
// standards of this day (G3), no required change without an answer.
func (s *step) standing() error {
	c := s.c
	if c.Heard == nil && (c.Kind == New || !c.Measure.ReviewedBefore) {
		return Refuse(NotHeard)
	}
	if c.Checklist == nil || c.Checklist.TextHash != c.Text.Hash {
		return Refuse(ItemsOpen, "count", "all", "first", "")
	}
	if err := s.answered(c.Checklist); err != nil {
		return err
	}
	return s.unanswered()
}

// written is G6: a clear finding on this one text, how opinions were heard, the stored document.
func (s *step) written(k *Conclusion, want Result) error {
	if k == nil {
		return Refuse(Missing, "field", "conclusion")
	}
	if s.c.since(2) {
		if missing := k.Missing(*s.c); len(missing) > 0 {
			return Refuse(ConclusionOpen, "fields", strings.Join(missing, ", "))
		}
	}
	if k.Result != want {
		return Refuse(Invalid, "field", "conclusion.result")
	}
	if k.TextHash != s.c.Text.Hash {
		return Refuse(TextMismatch, "field", "conclusion.textHash")
	}
	if std := StandardsOn(DateOf(s.now)); k.Standards != std.Version {
		return Refuse(StandardsOld, "version", std.Version)
	}
	if len(k.Written) != 64 {
		return Refuse(Missing, "field", "conclusion.written")
	}
	if s.c.Heard == nil && s.c.Kind == New {
		return Refuse(NotHeard)
	}
	return need("conclusion.howHeard", strings.TrimSpace(k.HowHeard) != "")
}

// Missing lists the mandatory parts that a conclusion on this case still lacks, by field (办法 29, 33; B1-15): all of them, so
// that nobody is told twice. What a signature brings, number and day, is not among them.
func (k Conclusion) Missing(c Case) []string {
	var out []string
	lacks := func(field string, ok bool) {
		if !ok {
			out = append(out, "conclusion."+field)
		}
	}
	said := func(s string) bool { return strings.TrimSpace(s) != "" }
	lacks("result", k.Result == Meets || k.Result == MeetsByExc || k.Result == Fails)
	lacks("textHash", len(k.TextHash) == 64)
	lacks("standards", k.Standards != "")
	lacks("written", len(k.Written) == 64)
	lacks("howHeard", said(k.HowHeard))
	if c.Heard != nil {
		lacks("notHeard", k.NotHeard == c.Heard.NoneGround)
	}
	if c.Kind == New && c.Route == Government {
		lacks("prelim", said(k.Prelim))
		lacks("useJoint", c.Joint == nil || said(k.UseJoint))
		lacks("usePanel", c.Panel == nil || said(k.UsePanel))
	}
	for _, list := range [][]string{k.Advice, k.Risks} {
		lacks("advice", !slices.ContainsFunc(list, func(s string) bool { return !said(s) }))
	}
	return out
}

// pattern is the case of B1-14 that a regulator's conclusion is: (i) the unit does not change, (ii) no time to talk, (iii)
// changed at once, (iv) meets, with advice or warnings.
func (k Conclusion) pattern(talks ActionKind) string {
	switch {
	case k.Result == Fails && talks == NoChange:
		return "i"
	case k.Result == Fails && talks == StopTalks:
		return "ii"
	case k.Result != Fails && talks == ChangeAtOnce:
		return "iii"
	case k.Result != Fails && len(k.Advice)+len(k.Risks) > 0:
		return "iv"
	}
	return ""
}

// signed adds what only a signature brings: the official number and the day.
func (s *step) signed(k *Conclusion) error {
	if strings.TrimSpace(k.DocNo) == "" {
		return Refuse(Missing, "field", "conclusion.docNo")
	}
	if k.SignedOn == "" {
		k.SignedOn = DateOf(s.now)
	}
	if !k.SignedOn.Valid() || k.SignedOn > DateOf(s.now) {
		return Refuse(Invalid, "field", "conclusion.signedOn")
	}
	return nil
}

// conclude signs the department route's conclusion.
func (s *step) conclude(given *Conclusion, want Result) error {
	if err := s.standing(); err != nil {
		return err
	}
	if err := s.written(given, want); err != nil {
		return err
	}
	k := *given
	k.By, k.Approver, k.Checker, k.Pattern = s.c.TextBy, s.a.Actor.Person, "", ""
	k.ByFor, k.ApproverFor, k.CheckerFor = s.c.TextFor, s.a.Actor.For, ""
	if err := s.signed(&k); err != nil {
		return err
	}
	return s.settle(&k)
}

// settle closes or records required changes, keeps the conclusion and counts it.
func (s *step) settle(k *Conclusion) error {
	c := s.c
	if err := s.findingsFit(k); err != nil {
		return err
	}
	for i := range c.Changes {
		ch := &c.Changes[i]
		switch dropped := slices.ContainsFunc(k.Dropped, func(d Withdrawal) bool { return d.Change == ch.ID }); {
		case dropped:
			ch.Closed = true
		case k.Result == Fails && ch.Answer == "not":
			ch.Answer, ch.Reason = "", "" // still required: to be answered again
		}
	}
	switch k.Result {
	case Fails:
		fs := k.Findings
		if len(fs) == 0 && c.Checklist != nil && c.Route == Department {
			fs = c.Checklist.Findings
		}
		if err := s.require(fs); err != nil {
			return err
		}
		c.Failed = true
	case Meets, MeetsByExc:
		for i := range c.Changes {
			c.Changes[i].Closed = true
		}
		s.counted = Keep
		if c.Text.Hash != c.FirstText && slices.ContainsFunc(c.Changes, func(ch Change) bool { return ch.Counted && ch.made() }) {
			s.counted = Amend
		}
	}
	c.Conclusion, c.Draft, c.Delivery, c.Mediation = k, nil, nil, nil
	if c.since(2) && k.Result != Fails && c.Rules.IssueDays > 0 {
		s.clocked, c.Clock = true, &Clock{Days: c.Rules.IssueDays, From: s.now, Version: c.Version}
	}
	return nil
}

// findingsFit refuses "meets" with an open breach, "does not meet" without one, and an exception without its argument.
func (s *step) findingsFit(k *Conclusion) error {
	c := s.c
	if err := findings(StandardsOn(DateOf(s.now)), k.Findings); err != nil {
		return err
	}
	dropped := map[string]bool{}
	for _, d := range k.Dropped {
		if strings.TrimSpace(d.Reason) == "" {
			return Refuse(Missing, "field", "conclusion.dropped.reason")
		}
		dropped[d.Change] = true
	}
	open := 0
	for _, ch := range c.Changes {
		if back := ch.TextHash == c.Text.Hash; !ch.Closed && !dropped[ch.ID] && (!ch.made() || back) {
			open++
		}
	}
	if k.Result == MeetsByExc && open > 0 { // what the exception covers is dropped, with that reason
		return Refuse(BreachOpen, "count", fmt.Sprint(open))
	}
	open += len(k.Findings)
	if c.Checklist != nil && c.Checklist.TextHash == c.Text.Hash && c.Route == Department {
		open += len(c.Checklist.Findings)
	}
	switch k.Result {
	case Meets:
		if open > 0 {
			return Refuse(BreachOpen, "count", fmt.Sprint(open))
		}
	case MeetsByExc:
		return s.exception(c.Exception)
	case Fails:
		if open == 0 {
			return Refuse(NoBreach)
		}
	}
	return nil
}

// packet is G8: what 办法 31 asks for is there, and the note says what it must.
func (s *step) packet() error {
	c, p := s.c, s.a.Packet
	if p == nil {
		return Refuse(Missing, "field", "packet")
	}
	if missing := p.Missing(*c); len(missing) > 0 {
		return Refuse(PacketOpen, "slot", strings.Join(missing, ", "))
	}
	if known := c.slots(); c.since(2) {
		held := 0
		for _, slot := range known {
			if _, ok := p.Documents[slot]; ok {
				held++
			}
		}
		if held < len(p.Documents) {
			return Refuse(Invalid, "field", "packet.documents")
		}
	}
	if p.Documents[SlotDraft] != c.Text.Hash {
		return Refuse(TextMismatch, "field", "packet.documents.draft")
	}
	for _, f := range []struct{ name, value string }{{"packet.noteBasis", p.NoteBasis}, {"packet.noteHeard", p.NoteHeard}, {"packet.letterNo", p.LetterNo}} {
		if strings.TrimSpace(f.value) == "" {
			return Refuse(Missing, "field", f.name)
		}
	}
	c.Packet, c.Asked = p, nil
	if c.FirstText == "" {
		c.FirstText = c.Text.Hash
	}
	return nil
}

// Missing lists the documents that the packet of this case still lacks, by slot (办法 31 and the local list), in their order.
// Before the second revision of the procedure only the first was named.
func (p Packet) Missing(c Case) []string {
	var out []string
	for _, slot := range c.slots() {
		if c.requires(slot) && len(p.Documents[slot]) != 64 && (c.since(2) || len(out) == 0) {
			out = append(out, string(slot))
		}
	}
	return out
}

// slots are the documents a packet of this case may hold, in order.
func (c *Case) slots() []Slot {
	out := slices.Clone(slots)
	for _, r := range c.Rules.Slots {
		out = append(out, r.ID)
	}
	return out
}

func (c *Case) requires(slot Slot) bool {
	return slot != SlotOther && (slices.Contains(slots, slot) || slices.ContainsFunc(c.Rules.Slots, func(r SlotRule) bool { return r.ID == slot && r.Required }))
}

// ask is G9: a correction lists what is missing and has a period; a suspension may have one.
func (s *step) ask() error {
	c, a := s.c, s.a
	if err := s.reason(); err != nil {
		return err
	}
	if a.Kind == AskCorrection {
		if err := need("slots", len(a.Slots) > 0); err != nil {
			return err
		}
		for _, slot := range a.Slots {
			if slot == SlotDraft || !slices.Contains(c.slots(), slot) {
				return Refuse(Invalid, "field", "slots", "value", string(slot))
			}
		}
		if a.Days == 0 {
			s.a.Days = c.Rules.CorrectionDays
		}
		if err := need("days", s.a.Days != 0); err != nil {
			return err
		}
	}
	c.Asked = &Asked{Kind: a.Kind, Slots: a.Slots, Reason: a.Reason, By: a.Actor.Person, At: s.now}
	return s.clock()
}

// clock starts a period of working days; Save fills in when it ends.
func (s *step) clock() error {
	if s.a.Days < 0 || s.a.Days > 250 {
		return Refuse(Invalid, "field", "days")
	}
	s.c.Clock, s.clocked = nil, true
	if s.a.Days > 0 {
		s.c.Clock = &Clock{Days: s.a.Days, From: s.now, Version: s.c.Version}
	}
	return nil
}

// overdue refuses a timer of a period that has not ended, or whose end is provisional.
func (s *step) overdue() error {
	k := s.c.Clock
	if k == nil || k.Provisional || k.Past || !k.over(s.now) {
		return Refuse(NotYourTurn, "action", string(s.a.Kind), "status", string(s.c.Status))
	}
	if s.a.Kind == JointDue || s.a.Kind == PanelDue {
		k.Past = true
	}
	return nil
}

// over reports whether the period has ended; no period is over at once.
func (k *Clock) over(now time.Time) bool {
	return k == nil || k.Past || !k.Due.IsZero() && !now.Before(k.Due)
}

func (s *step) correct() error {
	c, p := s.c, s.a.Packet
	if c.Clock != nil && !c.Clock.Provisional && c.Clock.over(s.now) {
		return Refuse(NotYourTurn, "action", string(s.a.Kind), "status", string(c.Status))
	}
	if p == nil {
		return Refuse(Missing, "field", "packet")
	}
	merged := Packet{Documents: map[Slot]string{}}
	if c.Packet != nil {
		merged.NoteBasis, merged.NoteHeard, merged.LetterNo = c.Packet.NoteBasis, c.Packet.NoteHeard, c.Packet.LetterNo
		for _, slot := range c.slots() {
			if hash, ok := c.Packet.Documents[slot]; ok {
				merged.Documents[slot] = hash
			}
		}
	}
	known := 0
	for _, slot := range c.slots() {
		hash, given := p.Documents[slot]
		if !given {
			continue
		}
		known++
		if !slices.Contains(c.Asked.Slots, slot) {
			return Refuse(SlotNotAsked, "slot", string(slot))
		}
		if hash == merged.Documents[slot] {
			return Refuse(TextUnchanged, "slot", string(slot))
		}
		merged.Documents[slot] = hash
	}
	if known < len(p.Documents) {
		return Refuse(SlotNotAsked, "slot", string(SlotOther))
	}
	for _, slot := range c.Asked.Slots {
		if len(p.Documents[slot]) != 64 {
			return Refuse(PacketOpen, "slot", string(slot))
		}
	}
	if slices.Contains(c.Asked.Slots, SlotNote) {
		if p.NoteBasis != "" {
			merged.NoteBasis = p.NoteBasis
		}
		if p.NoteHeard != "" {
			merged.NoteHeard = p.NoteHeard
		}
	}
	c.Packet = &merged
	return nil
}

func (s *step) convene() error {
	c, a := s.c, s.a
	if err := need("seats", len(a.Seats) > 0); err != nil {
		return err
	}
	if a.Days == 0 {
		s.a.Days = c.Rules.JointDays
	}
	if err := need("days", s.a.Days != 0); err != nil {
		return err
	}
	j := &Joint{OpenedAt: s.now}
	for _, inv := range a.Seats {
		if inv.Unit == "" || inv.Unit == c.Regulator || inv.Unit == c.Unit ||
			slices.ContainsFunc(j.Seats, func(seat Seat) bool { return seat.Unit == inv.Unit }) {
			return Refuse(Invalid, "field", "seats", "value", inv.Unit)
		}
		for i, clause := range inv.Remit {
			if !slices.Contains(c.Text.Clauses, clause) || slices.Index(inv.Remit, clause) != i {
				return Refuse(Invalid, "field", "seats.remit", "value", clause)
			}
		}
		j.Seats = append(j.Seats, Seat{Unit: inv.Unit, Remit: inv.Remit, Status: SeatInvited, Mark: Mark{At: s.now}})
	}
	c.Joint = j
	return s.clock()
}

// position takes a seat's answer; it stands whatever the others say, and a later one by the same seat replaces it.
func (s *step) position() error {
	c, a := s.c, s.a
	seat := c.Seat(a.Actor.Unit)
	positions, remit := a.Positions, seat.Remit
	if len(remit) == 0 {
		remit = c.Text.Clauses
	}
	if a.NoObjection {
		if len(positions) > 0 {
			return Refuse(Invalid, "field", "noObjection")
		}
		for _, clause := range remit {
			positions = append(positions, Position{Clause: clause, Value: 1})
		}
	}
	if err := need("positions", len(positions) > 0); err != nil {
		return err
	}
	std, seen := StandardsOn(DateOf(s.now)), map[string]bool{}
	for _, p := range positions {
		switch {
		case !slices.Contains(remit, p.Clause) || seen[p.Clause]:
			return Refuse(Invalid, "field", "positions.clause", "value", p.Clause)
		case p.Value < -2 || p.Value > 2:
			return Refuse(Invalid, "field", "positions.value", "value", fmt.Sprint(p.Value))
		case p.Value < 0 && strings.TrimSpace(p.Reason) == "":
			return Refuse(Missing, "field", "positions.reason")
		}
		if _, ok := std.Item(p.Item); p.Item != "" && !ok {
			return Refuse(ItemUnknown, "item", p.Item)
		}
		seen[p.Clause] = true
	}
	status := SeatAnswered
	if c.Clock != nil && !c.Clock.Provisional && c.Clock.over(s.now) {
		status = SeatLate
	}
	*seat = Seat{Unit: seat.Unit, Remit: seat.Remit, Status: status, NoObjection: a.NoObjection, Positions: positions, Mark: s.mark()}
	return nil
}

func (s *step) closeJoint() error {
	c, open := s.c, 0
	for _, seat := range c.Joint.Seats {
		if seat.Status == SeatInvited {
			open++
		}
	}
	if open > 0 && !c.Clock.over(s.now) {
		return Refuse(SeatsOpen, "count", fmt.Sprint(open))
	}
	for i := range c.Joint.Seats {
		if c.Joint.Seats[i].Status == SeatInvited {
			c.Joint.Seats[i].Status = SeatNoAnswer
		}
	}
	c.Joint.Closed = true
	return nil
}

func (s *step) formPanel() error {
	c, plan := s.c, s.a.Panel
	if plan == nil {
		return Refuse(Missing, "field", "panel")
	}
	if err := need("panel.questions", len(plan.Questions) > 0); err != nil {
		return err
	}
	if len(plan.Experts) == 0 || plan.Quorum < 1 || plan.Quorum > len(plan.Experts) {
		return Refuse(Invalid, "field", "panel.quorum")
	}
	p := &Panel{Status: PanelOpining, Questions: plan.Questions, Quorum: plan.Quorum, Triggers: c.Triggers()}
	p.Against = len(p.Triggers) == 0
	for _, who := range plan.Experts {
		if who == "" || slices.ContainsFunc(p.Members, func(m Member) bool { return m.Person == who }) {
			return Refuse(Invalid, "field", "panel.experts", "value", who)
		}
		if slices.ContainsFunc(c.Hands, func(h Hand) bool { return h.Person == who && h.Side != ExpertSide }) {
			return Refuse(Invalid, "field", "panel.experts", "value", who) // has another side (G7)
		}
		p.Members = append(p.Members, Member{Person: who, Status: memberInvited, Mark: Mark{At: s.now}})
	}
	c.Panel = p
	if s.a.Days == 0 {
		s.a.Days = c.Rules.PanelDays
	}
	return s.clock()
}

// member is what an expert does on the panel; opinions stay sealed until the officer opens them.
func (s *step) member() error {
	c, a := s.c, s.a
	m := c.Member(a.Actor.Person)
	switch a.Kind {
	case AcceptSeat:
		if err := need("noConflict", a.NoConflict); err != nil {
			return err
		}
		if err := need("pledge", a.Pledge); err != nil {
			return err
		}
		m.Status = memberAccepted
	case DeclineSeatPanel:
		m.Status, m.Reason = memberDeclined, a.Reason
	case Recuse:
		if err := s.reason(); err != nil {
			return err
		}
		m.Status, m.Reason = memberRecused, a.Reason // an opinion given stays in the file and is not counted
	case GiveOpinion:
		o := a.Opinion
		if o == nil || o.Position < -2 || o.Position > 2 || o.Confidence < 1 || o.Confidence > 5 {
			return Refuse(Missing, "field", "opinion")
		}
		if err := need("opinion.reasons", strings.TrimSpace(o.Reasons) != ""); err != nil {
			return err
		}
		m.Status, m.Opinion = memberAnswered, o
		m.Versions++
	}
	m.Mark = s.mark()
	return nil
}

// answered counts the opinions that count: given and not recused.
func (p *Panel) answered() int {
	n := 0
	for _, m := range p.Members {
		if m.Status == memberAnswered {
			n++
		}
	}
	return n
}

// mayOpen reports whether opinions may be opened: the quorum has answered, and everybody has or the period is over.
func (p *Panel) mayOpen(over bool) bool {
	waiting := slices.ContainsFunc(p.Members, func(m Member) bool { return m.Status == memberInvited || m.Status == memberAccepted })
	return p.answered() >= p.Quorum && (!waiting || over)
}

func (s *step) closePanel() error {
	p, a := s.c.Panel, s.a
	if a.NoneFormed {
		p.Status, p.Reason = PanelNoneFormed, a.Reason
		return s.reason()
	}
	if p.Status != PanelOpened {
		return Refuse(Sealed)
	}
	if p.answered() < p.Quorum {
		return Refuse(QuorumOpen, "quorum", fmt.Sprint(p.Quorum))
	}
	if err := need("report", len(a.Report) == 64); err != nil {
		return err
	}
	p.Status, p.Report = PanelReported, a.Report
	return nil
}

// draft is the officer's draft of the regulator's opinion (办法 33); advice given must be said to have been used.
func (s *step) draft() error {
	c, k := s.c, s.a.Conclusion
	if k == nil {
		return Refuse(Missing, "field", "conclusion")
	}
	if c.panelProposed() {
		return Refuse(PanelUndecided)
	}
	if err := s.written(k, k.Result); err != nil {
		return err
	}
	if k.Result != Meets && k.Result != MeetsByExc && k.Result != Fails {
		return Refuse(Invalid, "field", "conclusion.result")
	}
	if err := need("conclusion.prelim", strings.TrimSpace(k.Prelim) != ""); err != nil {
		return err
	}
	if err := need("conclusion.useJoint", c.Joint == nil || strings.TrimSpace(k.UseJoint) != ""); err != nil {
		return err
	}
	if err := need("conclusion.usePanel", c.Panel == nil || strings.TrimSpace(k.UsePanel) != ""); err != nil {
		return err
	}
	if err := s.findingsFit(k); err != nil {
		return err
	}
	d := *k
	d.By, d.Approver, d.Checker, d.DocNo, d.SignedOn = s.a.Actor.Person, "", "", "", ""
	d.ByFor, d.ApproverFor, d.CheckerFor = s.a.Actor.For, "", ""
	if c.since(2) {
		d.Pattern = d.pattern(c.Talks)
	}
	c.Draft = &d
	if c.Rules.Middle {
		c.Status = RegCheck
	}
	return nil
}

// approve signs the officer's draft as it stands; the finding signed is the one drafted.
func (s *step) approve() error {
	k := *s.c.Draft
	if err := s.written(&k, resultOf(s.a.Kind)); err != nil {
		return err
	}
	if s.a.Conclusion == nil {
		return Refuse(Missing, "field", "conclusion.docNo")
	}
	k.DocNo, k.SignedOn, k.Approver = s.a.Conclusion.DocNo, s.a.Conclusion.SignedOn, s.a.Actor.Person
	k.ApproverFor = s.a.Actor.For
	if err := s.signed(&k); err != nil {
		return err
	}
	return s.settle(&k)
}

// issue is G11: the issued text is the concluded one, or a signed note answers the three questions of B1-17.
func (s *step) issue() error {
	c, is := s.c, s.a.Issue
	if err := s.document(is); err != nil {
		return err
	}
	if len(is.TextHash) != 64 {
		return Refuse(Missing, "field", "issue.textHash")
	}
	if err := s.sameText(is); err != nil {
		return err
	}
	if is.On < c.Conclusion.SignedOn { // issued before it was concluded: that opens a case of an existing measure
		return Refuse(Invalid, "field", "issue.on")
	}
	switch {
	case c.Rules.Legality && c.since(2) && (c.Legal == nil || c.Legal.Result == "fail"):
		return Refuse(LegalityOpen)
	case c.Rules.Legality && !c.since(2) && strings.TrimSpace(is.Legality) == "":
		return Refuse(Missing, "field", "issue.legality")
	}
	issued := *is
	issued.Sealed = c.since(2) && is.TextHash == c.Conclusion.TextHash
	c.Issue = &issued
	if c.Conclusion.Result == MeetsByExc {
		c.Status = IssuedException
		s.sunset(is.On)
	}
	return nil
}

// sameText is G11: equal hash, or the three questions of B1-17 answered in a signed statement, not all with yes.
func (s *step) sameText(is *Issue) error {
	same := is.TextHash == s.c.Conclusion.TextHash
	if !s.c.since(2) {
		if !same && strings.TrimSpace(is.Difference) == "" {
			return Refuse(TextMismatch, "field", "issue.textHash")
		}
		return nil
	}
	q := is.Questions
	switch {
	case same:
		return nil
	case q == nil:
		return Refuse(TextMismatch, "field", "issue.textHash")
	case strings.TrimSpace(q.Why) == "":
		return Refuse(Missing, "field", "issue.questions.why")
	case q.material():
		return Refuse(MaterialText)
	}
	return nil
}

// material checks that a change is one: all three questions of B1-17 are answered yes.
func (s *step) material() error {
	q := s.a.Questions
	switch {
	case !s.c.since(2):
		return need("material", s.a.Material)
	case q == nil:
		return Refuse(Missing, "field", "questions")
	case strings.TrimSpace(q.Why) == "":
		return Refuse(Missing, "field", "questions.why")
	case !q.material():
		return Refuse(Invalid, "field", "questions")
	}
	s.c.Legal = nil
	return nil
}

// legality records the result of the legality review; a text that failed it is changed, or not issued.
func (s *step) legality() error {
	l := s.a.Legal
	switch {
	case l == nil:
		return Refuse(Missing, "field", "legal")
	case l.Result != "pass" && l.Result != "changes" && l.Result != "fail":
		return Refuse(Invalid, "field", "legal.result")
	case strings.TrimSpace(l.By) == "":
		return Refuse(Missing, "field", "legal.by")
	case !l.On.Valid() || l.On > DateOf(s.now) || l.On < s.c.Conclusion.SignedOn && !s.c.Rules.alongside():
		return Refuse(Invalid, "field", "legal.on")
	case l.Result == "fail" && strings.TrimSpace(l.Note) == "":
		return Refuse(Missing, "field", "legal.note")
	}
	s.c.Legal = l
	return nil
}

// alongside: without a local gate the two reviews may run side by side (B1-9), and the legality review may end first.
func (r Rules) alongside() bool { return !r.Legality }

// deliver records seal and service of the regulator's conclusion, in that order and not before the signature.
func (s *step) deliver() error {
	d := s.a.Delivery
	switch {
	case d == nil:
		return Refuse(Missing, "field", "delivery")
	case !d.SealedOn.Valid() || d.SealedOn < s.c.Conclusion.SignedOn || d.SealedOn > DateOf(s.now):
		return Refuse(Invalid, "field", "delivery.sealedOn")
	case !d.On.Valid() || d.On < d.SealedOn || d.On > DateOf(s.now):
		return Refuse(Invalid, "field", "delivery.on")
	case !slices.Contains([]string{"exchange", "paper", "platform", "other"}, d.How):
		return Refuse(Invalid, "field", "delivery.how")
	case strings.TrimSpace(d.Receiver) == "":
		return Refuse(Missing, "field", "delivery.receiver")
	}
	done := *d
	done.By = s.a.Actor.Person
	s.c.Delivery = &done
	return nil
}

// sunset starts the clock of an exception in force from a day on: at 24:00 of its last day it is due to stop; a condition
// has no clock.
func (s *step) sunset(from Date) {
	c := s.c
	c.Clock, s.clocked = nil, true
	if u := c.Exception.Until; u != "" {
		c.Clock = &Clock{From: s.now, Due: u.End(), Version: c.Version}
	}
	if c.since(2) {
		c.Sunset = inForce(c.Exception, c.Rules, from, DateOf(s.now), c.Version)
	}
}

func (s *step) document(is *Issue) error {
	if is == nil {
		return Refuse(Missing, "field", "issue")
	}
	if strings.TrimSpace(is.DocNo) == "" {
		return Refuse(Missing, "field", "issue.docNo")
	}
	if !is.On.Valid() || is.On > DateOf(s.now) {
		return Refuse(Invalid, "field", "issue.on")
	}
	return nil
}

// register records the document that stops, amends or repeals a measure.
func (s *step) register() error {
	c, a := s.c, s.a
	if err := s.document(a.Issue); err != nil {
		return err
	}
	c.Issue = a.Issue
	switch a.Kind {
	case RegisterRepeal:
		s.counted = Repeal
	case RegisterAmendment:
		if len(a.Linked) != 36 {
			return Refuse(Missing, "field", "linked")
		}
		c.Linked, s.counted = a.Linked, Amend
	}
	return nil
}

// stockProposal is the handler's proposal on an existing measure: items by today's standards, and opinions heard where it
// was never reviewed before (补做审查).
func (s *step) stockProposal() error {
	c, a := s.c, s.a
	if !c.Measure.ReviewedBefore {
		if err := s.heard(a.Heard); err != nil {
			return err
		}
	}
	if err := s.checklist(); err != nil {
		return err
	}
	switch a.Proposal {
	case "keep", "revise", "repeal":
	case "exception":
		if err := s.exception(c.Exception); err != nil {
			return err
		}
	default:
		return Refuse(Missing, "field", "proposal")
	}
	c.Proposal, c.TextBy, c.FirstText = a.Proposal, a.Actor.Person, c.Text.Hash
	c.TextFor = a.Actor.For
	return nil
}

// stockDecision ends the clean-up review: keep, keep by exception, or the decision to revise or repeal.
func (s *step) stockDecision() error {
	c, a := s.c, s.a
	if err := s.standing(); err != nil {
		return err
	}
	breaches := len(c.Checklist.Findings)
	switch a.Kind {
	case DecideRevise:
		if breaches == 0 {
			return Refuse(NoBreach)
		}
		return s.reason()
	case DecideRepeal:
		return s.reason()
	case KeepByException:
		if err := s.exception(c.Exception); err != nil {
			return err
		}
	default:
		if breaches > 0 {
			return Refuse(BreachOpen, "count", fmt.Sprint(breaches))
		}
	}
	if err := s.written(a.Conclusion, resultOf(a.Kind)); err != nil {
		return err
	}
	k := *a.Conclusion
	k.By, k.Approver = c.TextBy, a.Actor.Person
	k.ByFor, k.ApproverFor, k.CheckerFor = c.TextFor, a.Actor.For, ""
	if err := s.signed(&k); err != nil {
		return err
	}
	c.Conclusion, s.counted = &k, Keep
	if a.Kind == KeepByException {
		s.sunset(k.SignedOn)
	}
	return nil
}
