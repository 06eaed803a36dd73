package review

import "slices"

// Grant lets a unit, or one person, read a case.
type Grant struct {
	Unit   string // or a Desk or a Chair in it
	Person string
}

// Grants says who may read the case: the drafting unit and those that issue with it, the issuer, the regulator of the level, seats, and the experts
// who have neither declined nor recused themselves. Of a restricted case see seatedReaders. Everybody else is told that there is no
// such case.
func Grants(c Case) []Grant {
	var out []Grant
	add := func(g Grant) {
		if (g.Unit != "" || g.Person != "") && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	if c.restricted() {
		out = c.seatedReaders()
	} else {
		for _, unit := range c.parties() {
			add(Grant{Unit: unit})
		}
		if c.Joint != nil {
			for _, s := range c.Joint.Seats {
				add(Grant{Unit: s.Unit})
			}
		}
	}
	if c.Panel != nil {
		for _, m := range c.Panel.Members {
			if m.Status != memberDeclined && m.Status != memberRecused {
				add(Grant{Person: m.Person})
			}
		}
	}
	return out
}

// Viewer is who looks: a person and the units they belong to, with their desks and chairs there.
type Viewer struct {
	Person string
	Units  []string
}

// View returns the case as the viewer may see it; no page, list, export or mail shows an unredacted one.
//   - Opinions are sealed until the officer opens them: nobody sees content or who has answered, but the expert their own.
//   - Positions of a running joint review are seen by the regulator and, each its own, by the seats; by all when it is closed.
//   - The unit and the seats see experts as 专家甲, 专家乙 …, never their names.
//   - Whom a restricted case names as readers is for the drafting unit and the regulator to know.
//   - The regulator's draft opinion is its own until it is signed, and why a draft was sent back, or one of its own urged, for ever.
func View(c Case, v Viewer) Case {
	c = c.clone()
	c.Before = nil
	regulator := slices.Contains(v.Units, c.Regulator)
	if !namesReaders(&c, v) {
		c.Readers = nil
	}
	if c.Joint != nil && !c.Joint.Closed && !regulator {
		for i := range c.Joint.Seats {
			if s := &c.Joint.Seats[i]; !slices.Contains(v.Units, s.Unit) {
				*s = Seat{Unit: s.Unit, Remit: s.Remit}
			}
		}
	}
	if !regulator {
		c.Draft = nil
		c.Urged = c.urgedOutside()
		c.Hands = slices.DeleteFunc(c.Hands, func(h Hand) bool { return h.Side == ExpertSide && h.Person != v.Person })
	}
	if c.Panel == nil {
		return c
	}
	sealed := c.Panel.Status == PanelOpining
	for i := range c.Panel.Members {
		m := &c.Panel.Members[i]
		own := m.Person == v.Person
		if sealed && !own {
			m.Opinion, m.Mark, m.Versions = nil, Mark{}, 0
			if m.Status == memberAnswered {
				m.Status = memberAccepted
			}
		}
		if !regulator && !own {
			m.Person, m.Reason = Alias(i), ""
			if m.Mark.Person != "" {
				m.Mark.Person = m.Person
			}
		}
	}
	return c
}

// urgedOutside is the last urging without those by which the regulator urges its own.
func (c *Case) urgedOutside() *Urging {
	u := c.Urged
	if u == nil || !c.Status.inside() {
		return u
	}
	if u.Unit == c.Regulator {
		return u.Prior
	}
	own := *u
	own.Prior = nil
	return &own
}

// inside reports whether the regulator itself holds the case.
func (s Status) inside() bool {
	return s == Submitted || s == RegReview || s == RegCheck || s == RegSign
}

// Alias is the name under which drafters see the i-th expert: 专家甲, 专家乙 … and numbers after the tenth.
func Alias(i int) string {
	stems := []rune("甲乙丙丁戊己庚辛壬癸")
	if i < len(stems) {
		return "专家" + string(stems[i])
	}
	return "专家" + string(stems[i%len(stems)]) + string(rune('1'+i/len(stems)))
}

// ViewEvent returns the event as the viewer may see it, by the rules of View, and whether they may see it at all.
func ViewEvent(c Case, e Event, v Viewer) (Event, bool) {
	regulator := slices.Contains(v.Units, c.Regulator)
	own := e.Action.Actor.Person == v.Person
	switch e.Action.Kind {
	case GiveOpinion:
		if open := e.Round < c.Round || c.Panel == nil || c.Panel.Status != PanelOpining; !open && !own {
			return Event{}, false
		}
	case GivePosition, DeclineSeat:
		closed := e.Round < c.Round || c.Joint == nil || c.Joint.Closed
		if !closed && !regulator && !slices.Contains(v.Units, e.Action.Actor.Unit) {
			return Event{}, false
		}
	}
	back := e.From == RegSign && (e.To == RegReview || e.To == RegCheck) || e.Action.Kind == Undo && (e.To == RegSign || e.To == RegCheck)
	if !regulator && (e.Action.Kind == DraftOpinion || e.From == RegCheck || back) {
		e.Action.Conclusion, e.Action.Reason = nil, ""
	}
	if !regulator && e.Action.Kind == Urge && e.Action.Actor.Unit == c.Regulator && e.From.inside() {
		e.Action.Reason = ""
	}
	if e.Action.Actor.Role == Expert && !regulator && !own {
		alias := "专家"
		if c.Panel != nil {
			if i := slices.IndexFunc(c.Panel.Members, func(m Member) bool { return m.Person == e.Action.Actor.Person }); i >= 0 {
				alias = Alias(i)
			}
		}
		e.Action.Actor = Actor{Person: alias, Role: Expert}
		if e.Action.Kind == DeclineSeatPanel || e.Action.Kind == Recuse {
			e.Action.Reason = ""
		}
	}
	if !namesReaders(&c, v) {
		e.Action.Readers = nil
		if o := e.Action.Opening; o != nil && o.Readers != nil {
			unnamed := *o
			unnamed.Readers = nil
			e.Action.Opening = &unnamed
		}
	}
	if e.Action.Panel != nil && !regulator {
		plan := *e.Action.Panel
		plan.Experts = make([]string, len(plan.Experts))
		for i := range plan.Experts {
			plan.Experts[i] = Alias(i)
		}
		e.Action.Panel = &plan
	}
	return e, true
}
