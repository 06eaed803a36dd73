package review

import "slices"

// Secrecy says how far a case is known. A state secret is none of the three: it is never entered at all.
type Secrecy string

// The degrees. "" is internal, as cases were before there were degrees.
const (
	Public     Secrecy = "public"     // 公开: the parties read it; nothing stands against publishing its result
	Internal   Secrecy = "internal"   // 内部: the parties read it
	Restricted Secrecy = "restricted" // 限制阅读: of the parties only some, see Grants
)

// maxReaders bounds the people whom a restricted case names.
const maxReaders = 50

// Desk is a role in a unit, as a reader: whoever holds it, and only they. No unit's id has a slash.
func Desk(unit string, role Role) string { return unit + "/" + string(role) }

// Chair is one person in a unit, as a reader: for as long as they belong to it.
func Chair(unit, person string) string { return unit + "/@" + person }

// restricted reports whether the parties of the case do not read it as units.
func (c *Case) restricted() bool { return c.Secrecy == Restricted }

// parties are the units whose people can be named as readers: those that draft and issue, and the regulator.
func (c *Case) parties() []string {
	out := []string{c.Unit}
	for _, unit := range append([]string{c.Regulator, c.Measure.Issuer}, c.With...) {
		if unit != "" && !slices.Contains(out, unit) {
			out = append(out, unit)
		}
	}
	return out
}

// Parties are the units whose people can be named as readers of a restricted case.
func Parties(c Case) []string { return c.parties() }

// seatedReaders are the readers of a restricted case:
//   - the people it names, and those who have acted in it, each while they belong to their unit,
//   - the desk whose turn it is, while it is,
//   - the head of the drafting unit and the approver of the regulator, who answer for the restriction and can change it,
//   - the experts who have neither declined nor recused themselves.
//
// The officer in charge is among those who have acted. The drafting unit as such, the issuer, the rest of the regulator, a regulator
// above and a seat that has answered do not read it.
func (c *Case) seatedReaders() []Grant {
	var out []Grant
	add := func(g Grant) {
		if !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	add(Grant{Unit: Desk(c.Unit, UnitHead)})
	add(Grant{Unit: Desk(c.Regulator, Approver)})
	for _, who := range c.Readers {
		for _, unit := range c.parties() {
			add(Grant{Unit: Chair(unit, who)})
		}
	}
	for _, h := range c.Hands {
		for _, unit := range c.unitsOf(h.Side) {
			add(Grant{Unit: Chair(unit, h.Person)})
		}
	}
	for _, t := range Turns(*c) {
		if t.Unit != "" {
			add(Grant{Unit: Desk(t.Unit, t.Role)})
		}
	}
	return out
}

// unitsOf are the units in which somebody can have acted on a side; experts are read from the panel.
func (c *Case) unitsOf(s Side) []string {
	switch s {
	case UnitSide:
		return []string{c.Unit}
	case RegulatorSide:
		return []string{c.Regulator}
	case SeatSide:
		var out []string
		if c.Joint != nil {
			for _, seat := range c.Joint.Seats {
				out = append(out, seat.Unit)
			}
		}
		return out
	}
	return nil
}

// checkSecrecy refuses a degree that there is not, and readers where nobody is shut out.
func checkSecrecy(degree Secrecy, readers []string, field string) error {
	switch degree {
	case "", Public, Internal:
		if len(readers) > 0 {
			return Refuse(Invalid, "field", field+"readers")
		}
		return nil
	case Restricted:
	default:
		return Refuse(Invalid, "field", field+"secrecy")
	}
	for i, who := range readers {
		if who == "" || len(who) > 64 || i >= maxReaders || slices.Contains(readers[:i], who) {
			return Refuse(Invalid, "field", field+"readers")
		}
	}
	return nil
}

// secrecy changes who may read the case; it moves nothing else.
func (s *step) secrecy() error {
	c, a := s.c, s.a
	if err := s.reason(); err != nil {
		return err
	}
	if err := need("secrecy", a.Secrecy != ""); err != nil {
		return err
	}
	if err := checkSecrecy(a.Secrecy, a.Readers, ""); err != nil {
		return err
	}
	c.Secrecy, c.Readers = a.Secrecy, append([]string(nil), a.Readers...)
	return nil
}

// namesReaders reports whether the viewer may see whom a restricted case names: the drafting unit and the regulator may.
func namesReaders(c *Case, v Viewer) bool {
	return slices.ContainsFunc([]string{c.Unit, c.Regulator}, func(unit string) bool { return slices.Contains(v.Units, unit) })
}
