package review

import (
	"strings"
	"time"
)

// undoable reports whether an act can be taken back on its day: it moved papers from one desk to the next, signed nothing,
// counted nothing and told the other side of no breach.
func undoable(k ActionKind) bool {
	switch k {
	case SendCheck, SendSign, SendBack, SendConfirm, Submit, Accept, AskCorrection, Suspend, Correct, Resume, Convene, CloseJoint,
		NoChange, StopTalks, DraftOpinion, SendLegality, RecordLegality:
		return true
	}
	return false
}

// remember keeps the case as it was before an act that may be taken back. Any other act ends the possibility.
func (c *Case) remember(before Case, a Action, newRound bool) {
	c.Before, c.Undoable = nil, false
	if !c.since(2) || newRound || !undoable(a.Kind) {
		return
	}
	before.Before, before.Undoable = nil, false
	before.Text, before.Hands = Text{}, nil // undo leaves both as they are
	c.Before, c.Undoable = &before, true
}

// undo puts the case back to where it was before the last act. The act stays in the history, and so does this.
func (s *step) undo() error {
	c := s.c
	if err := s.reason(); err != nil {
		return err
	}
	if c.Before == nil {
		return Refuse(NothingToUndo)
	}
	if DateOf(c.Main.At) != DateOf(s.now) {
		return Refuse(TooLate)
	}
	back := *c.Before
	back.ID, back.Number, back.Version, back.Text, back.Hands = c.ID, c.Number, c.Version, c.Text, c.Hands
	*c = back
	s.clocked = true
	return nil
}

// urge reminds whoever holds the case; not more often than the local rule says.
func (s *step) urge() error {
	c, a := s.c, s.a
	if err := s.reason(); err != nil {
		return err
	}
	u := Urging{At: s.now, By: a.Actor.Person, Unit: a.Actor.Unit, Reason: strings.TrimSpace(a.Reason), Times: 1}
	for last := c.Urged; last != nil; last = last.Prior {
		next := last.At.Add(time.Duration(c.Rules.UrgeHours) * time.Hour)
		if last.Unit == u.Unit && s.now.Before(next) {
			return Refuse(TooSoon, "next", In(next).Format("2006-01-02 15:04"))
		}
	}
	if last := c.Urged; last != nil {
		u.Times, u.Prior = last.Times+1, last.Prior
		if last.Unit != u.Unit {
			other := *last
			other.Prior, u.Prior = nil, &other
		}
	}
	c.Urged = &u
	return nil
}

// mayUrge reports whether the case waits for somebody whom this person may remind: the regulator anybody, the unit its own
// people and the regulator, nobody oneself.
func mayUrge(c *Case, who Actor) error {
	for _, t := range Turns(*c) {
		own := t.Unit == who.Unit && t.Role == who.Role || t.Person == who.Person && t.Person != ""
		reach := who.Unit == c.Regulator || t.Unit == c.Unit || t.Unit == c.Regulator
		if !own && reach {
			return nil
		}
	}
	return Refuse(NobodyToUrge)
}
