package review

import "slices"

// Permit says whether the person may do this to the case now, and if not, why. Buttons, endpoints and the workflow
// ask this one question. What the action brings is Apply's matter. The refusals, in the order in which they are found:
// AlreadyDone, WrongRoute, NotYourTurn (status), NotYourRole, TwoSides, OverlayOff, ConfirmNeeded, SameHand,
// NothingAsked, SecondNeeded, NoEscape, Concluded, Sealed, NothingToUndo, NobodyToUrge.
func Permit(c Case, who Actor, kind ActionKind) error {
	_, err := permit(&c, who, kind)
	return err
}

func permit(c *Case, who Actor, kind ActionKind) (Move, error) {
	move, err := find(c, who, kind)
	if err != nil {
		return Move{}, err
	}
	if who.Role == Timer {
		return move, nil
	}
	side := sideOf(c, who, move)
	for _, h := range c.Hands {
		if side != "" && h.Side != side && (h.Person == who.Person || h.Person == who.For) {
			return Move{}, Refuse(TwoSides, "side", string(h.Side))
		}
	}
	return move, guard(c, who, kind)
}

// find returns the first row that fits the case's kind, route and status and the person's part in it.
func find(c *Case, who Actor, kind ActionKind) (Move, error) {
	if c.Status.Closed() {
		return Move{}, Refuse(AlreadyDone, "status", string(c.Status))
	}
	known, here := false, false
	for _, m := range moves {
		if m.Action != kind || m.Kind != "" && m.Kind != c.Kind || m.Route != "" && m.Route != c.Route {
			continue
		}
		known = true
		if m.From == nil && c.Status != "" || m.From != nil && !slices.Contains(m.From, c.Status) {
			continue
		}
		here = true
		if slices.ContainsFunc(m.By, func(r Role) bool { return stands(c, who, r) }) {
			return m, nil
		}
	}
	switch {
	case !known:
		return Move{}, Refuse(WrongRoute, "action", string(kind))
	case !here:
		return Move{}, Refuse(NotYourTurn, "action", string(kind), "status", string(c.Status))
	}
	return Move{}, Refuse(NotYourRole, "action", string(kind))
}

// stands reports whether the person stands in the relation to the case that the role names. An expert is asked for their own view:
// nobody gives it for them.
func stands(c *Case, who Actor, role Role) bool {
	if who.For != "" && (who.Role == Expert || who.For == who.Person) {
		return false
	}
	switch role {
	case Handler, ReviewBody, UnitHead:
		return who.Role == role && who.Unit == c.Unit
	case Officer, Checker, Approver:
		return who.Role == role && who.Unit == c.Regulator
	case seatHead:
		return who.Role == UnitHead && c.Seat(who.Unit) != nil
	case Expert:
		m := c.Member(who.Person)
		return who.Role == Expert && m != nil && m.Status != memberRecused && m.Status != memberDeclined
	case issuer:
		return who.Role == Handler && (who.Unit == c.Unit || who.Unit == c.Measure.Issuer) ||
			who.Role == UnitHead && who.Unit == c.Measure.Issuer
	}
	return who.Role == role // Timer
}

func sideOf(c *Case, who Actor, m Move) Side {
	switch {
	case slices.Contains(m.By, seatHead):
		return SeatSide
	case who.Role == Expert:
		return ExpertSide
	case who.Role == Officer || who.Role == Checker || who.Role == Approver:
		return RegulatorSide
	case who.Unit == c.Unit:
		return UnitSide
	}
	return "" // the issuing government has no side
}

// guard holds what depends on who did what before: overlays, separation of hands, second hands, no escape.
func guard(c *Case, who Actor, kind ActionKind) error {
	switch kind {
	case Convene:
		if !c.Rules.Joint {
			return Refuse(OverlayOff, "action", string(kind))
		}
	case SendConfirm:
		if !c.Rules.StockConfirm {
			return Refuse(OverlayOff, "action", string(kind))
		}
		return otherHand(who, c.TextBy, c.TextFor)
	case SendSign, ConcludePass, ConcludeExc, ConcludeFail, SignPrelim:
		switch {
		case kind == SendSign && c.Kind == Existing:
			return nil // the handler proposes; the head signs
		case kind == SendSign && c.Status == RegCheck:
			return otherHand(who, c.Draft.By, c.Draft.ByFor)
		}
		return otherHand(who, c.TextBy, c.TextFor)
	case KeepMeasure, KeepByException, DecideRevise, DecideRepeal:
		if c.Status == StockSign && c.Rules.StockConfirm && c.Route == Government {
			return Refuse(ConfirmNeeded)
		}
		return otherHand(who, c.TextBy, c.TextFor)
	case ApprovePass, ApproveExc, ApproveFail:
		return otherHand(who, c.Officer, c.OfficerFor, c.Draft.Checker, c.Draft.CheckerFor, c.Draft.By, c.Draft.ByFor)
	case Recall:
		if c.Asked != nil { // the officer has opened it: a correction or suspension came back
			return notYet(c, kind)
		}
	case ReportChanges:
		if c.passedBefore() || !c.Failed { // the light path answers a failing conclusion
			return notYet(c, kind)
		}
	case FormPanel:
		if !c.Rules.Panel {
			return Refuse(OverlayOff, "action", string(kind))
		}
		if len(c.Triggers()) > 0 {
			return nil
		}
		return asked(c, who, AskPanel, SecondNeeded)
	case AskPanel:
		if !c.Rules.Panel {
			return Refuse(OverlayOff, "action", string(kind))
		}
	case AskSkipPanel:
		if !c.panelProposed() {
			return Refuse(NothingAsked, "action", string(kind))
		}
	case AcceptSeat, DeclineSeatPanel, GiveOpinion:
		invited := c.Member(who.Person).Status == memberInvited
		switch {
		case c.Panel.Status != PanelOpining:
			return Refuse(Sealed)
		case invited != (kind != GiveOpinion): // accept or decline first, then answer
			return notYet(c, kind)
		}
	case OpenOpinions:
		if c.Panel.Status != PanelOpining {
			return Refuse(Sealed)
		}
	case SkipPanel:
		return asked(c, who, AskSkipPanel, SecondNeeded)
	case AgreeRecall:
		if c.BreachPut || c.Failed {
			return Refuse(NoEscape)
		}
		return asked(c, who, AskRecall, NothingAsked)
	case ProposeRevise:
		return asked(c, who, AskRevise, NothingAsked)
	case ProposeRepeal:
		return asked(c, who, AskRepeal, NothingAsked)
	case AskWithdraw, Withdraw:
		switch {
		case c.BreachPut || c.Failed:
			return Refuse(NoEscape)
		case c.Outcome != "":
			return Refuse(Concluded)
		case kind == Withdraw:
			return asked(c, who, AskWithdraw, NothingAsked)
		}
	case AskRecall:
		if c.BreachPut || c.Failed {
			return Refuse(NoEscape)
		}
	case CloseUnissued:
		if !c.Outcome.Reviewed() || !c.passedBefore() {
			return notYet(c, kind)
		}
		if c.BreachPut && slices.ContainsFunc(c.Changes, func(ch Change) bool { return !ch.Closed }) {
			return Refuse(NoEscape)
		}
	case Inventory:
		if who.Role == Officer && !c.Unreviewed { // the regulator registers only what was issued past the review
			return Refuse(NotYourRole, "action", string(kind))
		}
	case Deliver:
		if !c.since(2) || c.Conclusion == nil || c.Delivery != nil {
			return notYet(c, kind)
		}
	case RecordLegality:
		if !c.since(2) {
			return notYet(c, kind)
		}
	case AskMediation:
		if !c.since(2) || !c.Failed || c.passedBefore() || c.Mediation != nil && c.Mediation.Result == "" {
			return notYet(c, kind)
		}
	case NoteMediation:
		if c.Mediation == nil || c.Mediation.Result != "" {
			return Refuse(NothingAsked, "action", string(AskMediation))
		}
	case Evaluate, RegisterExtension:
		if c.Sunset == nil {
			return notYet(c, kind)
		}
	case Undo:
		if !c.Undoable || c.Main.Person != who.Person {
			return Refuse(NothingToUndo)
		}
	case Urge:
		if !c.since(2) {
			return notYet(c, kind)
		}
		return mayUrge(c, who)
	case SetSecrecy:
		if !c.since(2) {
			return notYet(c, kind)
		}
	case GiveUp:
		if !c.Failed || c.passedBefore() { // after a pass not issuing is close_unissued
			return notYet(c, kind)
		}
	}
	return nil
}

// passedBefore reports whether the conclusion that stands is a passing one.
func (c *Case) passedBefore() bool { return c.Conclusion != nil && c.Conclusion.Result != Fails }

func notYet(c *Case, kind ActionKind) error {
	return Refuse(NotYourTurn, "action", string(kind), "status", string(c.Status))
}

// otherHand asks of a second act that it is another's than the first: neither who acts now nor for whom is among the hands
// of the first, which are those that did it and those for whom they did.
func otherHand(who Actor, first ...string) error {
	for _, hand := range first {
		if hand != "" && (hand == who.Person || hand == who.For) {
			return Refuse(SameHand, "person", hand)
		}
	}
	return nil
}

func asked(c *Case, who Actor, what ActionKind, refusal Code) error {
	if c.Request == nil || c.Request.What != what {
		return Refuse(refusal, "action", string(what))
	}
	return otherHand(who, c.Request.By, c.Request.For)
}

// loose reports whether no timer will end the period: there is none, it is past, or its end is provisional.
func (k *Clock) loose() bool { return k == nil || k.Past || k.Provisional }

// Turn is one party whose turn it is: a role in a unit, or one person.
type Turn struct {
	Unit   string
	Role   Role
	Person string
	What   Status // the status that asks for it
}

// Turns says whose turn it is. An open case has at least one turn or a running clock.
func Turns(c Case) []Turn {
	unit := func(r Role) []Turn { return []Turn{{Unit: c.Unit, Role: r, What: c.Status}} }
	reg := func(r Role) []Turn { return []Turn{{Unit: c.Regulator, Role: r, What: c.Status}} }
	var out []Turn
	switch c.Status {
	case Drafting, SelfReview, PrelimDone, CorrectionAsked, Suspended, Returned, ConsultUnit, ConcludedPass,
		ConcludedException, ConcludedFail, Revising, Legality, Inventoried, StockReview, ToRevise, ToRepeal, SuspendedExec,
		ExceptionDue:
		out = unit(Handler)
	case UnitCheck:
		out = unit(ReviewBody)
	case UnitSign, StockSign:
		out = unit(UnitHead)
	case Submitted, RegReview:
		out = reg(Officer)
	case RegCheck:
		out = reg(Checker)
	case RegSign:
		out = reg(Approver)
	case StockConfirm:
		out = append(reg(Officer), reg(Approver)...)
	case IssuedException, KeptException:
		// An end condition has no clock: somebody must watch for it. After a notice somebody must carry on or stop.
		if c.Clock.loose() || c.Sunset != nil && (c.Sunset.Evaluating || c.Sunset.Noticed > 0) {
			out = unit(Handler)
		}
	case JointReview:
		waiting := 0
		for _, s := range c.Joint.Seats {
			switch s.Status {
			case SeatInvited:
				waiting++
				out = append(out, Turn{Unit: s.Unit, Role: UnitHead, What: c.Status})
			case "": // View hid how it stands: to who looks it may still owe an answer
				waiting++
			}
		}
		if waiting == 0 || c.Clock.loose() {
			out = append(out, reg(Officer)...)
		}
	case ExpertReview:
		for _, m := range c.Panel.Members {
			if c.Panel.Status == PanelOpining && (m.Status == memberInvited || m.Status == memberAccepted) {
				out = append(out, Turn{Role: Expert, Person: m.Person, What: c.Status})
			}
		}
		if len(out) == 0 || c.Clock.loose() {
			out = append(out, reg(Officer)...)
		}
	}
	for _, t := range append(besides(c), waits(c)...) {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// waits is the turn of the second hand that a request waits for.
func waits(c Case) []Turn {
	if c.Request == nil {
		return nil
	}
	switch c.Request.What {
	case AskWithdraw, AskRevise, AskRepeal:
		return []Turn{{Unit: c.Unit, Role: UnitHead, What: c.Status}}
	case AskPanel, AskSkipPanel:
		return []Turn{{Unit: c.Regulator, Role: Approver, What: c.Status}}
	}
	return nil
}

// besides are turns that do not hold the case up: the signed conclusion still to be delivered, a disagreement still to be
// put to the mechanism, and the approver's look at what is overdue.
func besides(c Case) []Turn {
	if !c.since(2) || c.Route != Government || c.Kind != New {
		return nil
	}
	var out []Turn
	switch c.Status {
	case ConcludedPass, ConcludedException, ConcludedFail, Revising, Legality:
		if c.Conclusion != nil && c.Delivery == nil || c.Mediation != nil && c.Mediation.Result == "" {
			out = append(out, Turn{Unit: c.Regulator, Role: Officer, What: c.Status})
		}
	case Submitted, RegReview, JointReview, ExpertReview, ConsultUnit, RegCheck:
		if c.Review != nil && c.Review.Past {
			out = append(out, Turn{Unit: c.Regulator, Role: Approver, What: c.Status})
		}
	}
	return out
}
