// Package demo is a made-up city and the driver that takes its people through their cases over the public API. City,
// people, titles and texts are invented; nothing in it is a real record.
package demo

import "slices"

// city indexes the made-up people by what they do.
type city struct {
	units   map[string]Unit
	order   []Unit
	people  []Person
	experts []Person
}

func newCity() city {
	units, people := World()
	c := city{units: map[string]Unit{}, order: units, people: people}
	for _, u := range units {
		c.units[u.ID] = u
	}
	for _, p := range people {
		if slices.Contains(p.Roles, "expert") {
			c.experts = append(c.experts, p)
		}
	}
	return c
}

// staff lists the people of a unit who hold a role, in the order of the world.
func (c city) staff(unit, role string) []Person {
	var out []Person
	for _, p := range c.people {
		if p.Unit == unit && slices.Contains(p.Roles, role) {
			out = append(out, p)
		}
	}
	return out
}

// unitDesk names who handles, checks and signs the i-th case of a unit.
func (c city) unitDesk(unit string, i int) (handler, checker, head Person) {
	return pick(c.staff(unit, "handler"), i), pick(c.staff(unit, "review_body"), i), pick(c.staff(unit, "unit_head"), i)
}

// regulatorDesk names the officer and the approver of the i-th case, in the regulator of the unit's region.
func (c city) regulatorDesk(unit string, i int) (officer, approver Person) {
	reg := c.regulator(unit)
	return pick(c.staff(reg, "officer"), i), pick(c.staff(reg, "approver"), i)
}

// regulator is the market regulator of the region the unit belongs to.
func (c city) regulator(unit string) string { return Regulator(c.order, unit) }

// Regulator returns the market regulator of the region a unit belongs to: the one under the same government, or
// under the next above.
func Regulator(units []Unit, unit string) string {
	byID := map[string]Unit{}
	for _, u := range units {
		byID[u.ID] = u
	}
	for region := unit; ; region = byID[region].Parent {
		for _, u := range units {
			if u.Kind == "regulator" && u.Parent == region {
				return u.ID
			}
		}
		if region == "" || byID[region].ID == "" {
			break
		}
	}
	for _, u := range units {
		if u.Kind == "regulator" {
			return u.ID
		}
	}
	return ""
}

// seatsFor names the heads of n other departments of the region, a different choice for each case.
func (c city) seatsFor(m Measure, i, n int) []Person {
	region := c.units[m.Unit].Parent
	var heads []Person
	for _, u := range c.order {
		if u.Kind == "department" && u.Parent == region && u.ID != m.Unit && u.ID != m.Issuer {
			if h := c.staff(u.ID, "unit_head"); len(h) > 0 {
				heads = append(heads, h[0])
			}
		}
	}
	return rotate(heads, i, n)
}

func (c city) expertsFor(i, n int) []Person { return rotate(c.experts, i, n) }

func rotate(ps []Person, i, n int) []Person {
	out := make([]Person, 0, n)
	for k := range min(n, len(ps)) {
		out = append(out, ps[(i+k)%len(ps)])
	}
	return out
}

func pick(ps []Person, i int) Person {
	if len(ps) == 0 {
		return Person{}
	}
	return ps[i%len(ps)]
}

func ids(ps []Person) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.ID
	}
	return out
}
