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
	if next.Status != c.Status || move.NewRound {
		next.Since, next.Request = now, nil
		if !step.clocked {
			next.Clock = nil
		}
	}
	if !sideAct(a.Kind) {
		next.Main = Mark{Version: next.Version, Person: a.Actor.Person, Kind: a.Kind, At: now}
	}
	next.hand(a.Actor, sideOf(&c, a.Actor, move))
	ev := Event{Case: c.ID, Version: next.Version, Round: max(c.Round, 1), At: now, Action: a,
		From: c.Status, To: next.Status, Text: next.Text.Hash, Basis: move.Basis, Outcome: step.counted}
	return next, ev, nil
}

// sideAct reports whether the action touches only a seat's or an expert's own entry, so that sixty of them never
// refuse each other.
func sideAct(k ActionKind) bool {
	switch k {
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
}

// newRound freezes the old round, which stays readable in the events, and starts the next. The light path of reported
// changes keeps the advice already given.
func (c *Case) newRound(kind ActionKind) {
	c.Round++
	c.Asked, c.Draft = nil, nil
	if kind != ReportChanges {
		c.Joint, c.Panel, c.Waived = nil, nil, nil
	}
	if kind == SendBack || kind == NewVersion || kind == Reopen || kind == MaterialChange {
		c.Checklist, c.Packet = nil, nil
	}
}

func (c *Case) hand(who Actor, side Side) {
	h := Hand{Person: who.Person, Side: side}
	if side != "" && who.Role != Timer && !slices.Contains(c.Hands, h) {
		c.Hands = append(c.Hands, h)
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
		return s.text(false)
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
		if c.Kind == Existing {
			return s.stockProposal()
		}
		return s.unanswered()
	case NewVersion, ChangeAtOnce, ReportChanges:
		if a.Kind == ChangeAtOnce && len(c.openChanges()) == 0 {
			return Refuse(NoBreach)
		}
		if err := s.revised(); err != nil {
			return err
		}
		if err := s.answers(); err != nil {
			return err
		}
		return s.unanswered()
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
		c.Officer, c.Asked = a.Actor.Person, nil
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
	case StopTalks:
		return s.reason()
	case DraftOpinion:
		return s.draft()
	case ApprovePass, ApproveExc, ApproveFail:
		return s.approve()
	case GiveUp:
		s.counted, c.Reason = Repeal, a.Reason
		return s.reason()
	case SendLegality:
	case MaterialChange:
		if !a.Material {
			return Refuse(Missing, "field", "material")
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
	if p := o.Measure.PublicInterest; p != "" && p != "touched" && p != "major" {
		return Refuse(Invalid, "field", "measure.publicInterest")
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
	s.c.Text, s.c.TextBy = *t, s.a.Actor.Person
	s.c.Texts++
	return nil
}

// scope is G1: every "no" has ground, article, reason, person and text; a superior document is no ground (B1-59).
func (s *step) scope() error {
	sc := s.a.Scope
	if sc == nil {
		return Refuse(Missing, "field", "scope")
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
	for _, f := range []string{h.Whom, h.How, h.Said} {
		if strings.TrimSpace(f) == "" {
			return Refuse(NotHeard)
		}
	}
	if !h.From.Valid() || !h.To.Valid() || h.To < h.From || h.To > DateOf(s.now) {
		return Refuse(Invalid, "field", "heard.from, heard.to")
	}
	if s.c.Measure.PublicInterest != "" && !h.PublicHeard {
		return Refuse(PublicNotHeard)
	}
	s.c.Heard = h
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
		return Refuse(StandardsOld, "version", std.Version)
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
	case strings.TrimSpace(e.Condition) == "" || strings.Contains(e.Condition, "长期"):
		return Refuse(ExceptionOpen, "field", "exception.condition")
	}
	return nil
}

// require records findings as required changes of this round.
func (s *step) require(fs []Finding) error {
	if err := findings(StandardsOn(DateOf(s.now)), fs); err != nil {
		return err
	}
	for _, f := range fs {
		id := fmt.Sprintf("r%d-%d", s.c.Round, len(s.c.Changes)+1)
		s.c.Changes = append(s.c.Changes, Change{ID: id, Finding: f, TextHash: s.c.Text.Hash, Counted: s.c.FirstText != ""})
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
		s.c.Changes[i].Answer, s.c.Changes[i].Reason = an.Answer, an.Reason
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
	s.c.Request = &Asking{What: s.a.Kind, By: s.a.Actor.Person, Reason: s.a.Reason, At: s.now}
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
	k.By, k.Approver = s.c.TextBy, s.a.Actor.Person
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
	c.Conclusion, c.Draft = k, nil
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
	for _, slot := range []Slot{SlotDraft, SlotNote, SlotPrelim, SlotHeard} {
		if len(p.Documents[slot]) != 64 {
			return Refuse(PacketOpen, "slot", string(slot))
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
			if !slices.Contains([]Slot{SlotNote, SlotPrelim, SlotHeard, SlotOther}, slot) {
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
	c.Asked = &Asked{Slots: a.Slots, Reason: a.Reason, By: a.Actor.Person}
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
		for _, slot := range slots {
			if hash, ok := c.Packet.Documents[slot]; ok {
				merged.Documents[slot] = hash
			}
		}
	}
	known := 0
	for _, slot := range slots {
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
	d.By, d.Approver, d.DocNo, d.SignedOn = s.a.Actor.Person, "", "", ""
	c.Draft = &d
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
	if is.TextHash != c.Conclusion.TextHash && strings.TrimSpace(is.Difference) == "" {
		return Refuse(TextMismatch, "field", "issue.textHash")
	}
	if is.On < c.Conclusion.SignedOn { // issued before it was concluded: that opens a case of an existing measure
		return Refuse(Invalid, "field", "issue.on")
	}
	if c.Rules.Legality && strings.TrimSpace(is.Legality) == "" {
		return Refuse(Missing, "field", "issue.legality")
	}
	c.Issue = is
	if c.Conclusion.Result == MeetsByExc {
		c.Status = IssuedException
		s.sunset()
	}
	return nil
}

// sunset starts the clock of an exception: at 24:00 of its last day it is due to stop; a condition has no clock.
func (s *step) sunset() {
	s.c.Clock, s.clocked = nil, true
	if u := s.c.Exception.Until; u != "" {
		s.c.Clock = &Clock{From: s.now, Due: u.End(), Version: s.c.Version}
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
	if err := s.signed(&k); err != nil {
		return err
	}
	c.Conclusion, s.counted = &k, Keep
	if a.Kind == KeepByException {
		s.sunset()
	}
	return nil
}
