package review

import "slices"

// Trigger is a ground for proposing an expert panel (core flow §8).
type Trigger string

// The triggers that the record itself can show.
const (
	PublicInterestMajor    Trigger = "PUBLIC_INTEREST_MAJOR"   // 对社会公共利益有重大影响
	DepartmentDisagreement Trigger = "DEPARTMENT_DISAGREEMENT" // 部门间存在较大分歧
	ExceptionClaimed       Trigger = "EXCEPTION_CLAIMED"       // 主张适用例外规定
)

// ClauseDivergence is how far seats differ on one clause.
type ClauseDivergence struct {
	Clause     string  `json:"clause"`
	Positions  int     `json:"positions"`  // that took a side; 0 is not one
	Divergence float64 `json:"divergence"` // mean absolute difference over all pairs
	Opposed    bool    `json:"opposed"`    // a −2 against another's +1 or +2
}

// Divergences computes, clause by clause in the order of the text, how far the seats differ: the mean absolute
// difference over all pairs of seats that took a position. One seat, or none, has nothing to differ from: 0.
func (c Case) Divergences() []ClauseDivergence {
	if c.Joint == nil {
		return nil
	}
	out := make([]ClauseDivergence, 0, len(c.Text.Clauses))
	for _, clause := range c.Text.Clauses {
		d := ClauseDivergence{Clause: clause}
		var values []int
		for i := range c.Joint.Seats {
			for _, p := range c.Joint.Seats[i].Positions {
				if p.Clause == clause && p.Value != 0 {
					values = append(values, p.Value)
				}
			}
		}
		d.Positions = len(values)
		sum, pairs := 0, 0
		for i, a := range values {
			for _, b := range values[i+1:] {
				sum += max(a-b, b-a)
				pairs++
				d.Opposed = d.Opposed || min(a, b) == -2 && max(a, b) >= 1
			}
		}
		if pairs > 0 {
			d.Divergence = float64(sum) / float64(pairs)
		}
		out = append(out, d)
	}
	return out
}

// Divergence of the case is the largest over its clauses.
func (c Case) Divergence() float64 {
	most := 0.0
	for _, d := range c.Divergences() {
		most = max(most, d.Divergence)
	}
	return most
}

// Triggers returns the grounds on which a panel is proposed now; none when the local rule has no panel.
func (c Case) Triggers() []Trigger {
	if !c.Rules.Panel || c.Route != Government || c.Kind != New {
		return nil
	}
	var out []Trigger
	if c.Measure.PublicInterest == "major" {
		out = append(out, PublicInterestMajor)
	}
	for _, d := range c.Divergences() {
		if d.Positions >= 2 && d.Divergence >= c.Rules.Threshold || d.Opposed {
			out = append(out, DepartmentDisagreement)
			break
		}
	}
	if c.Exception != nil {
		out = append(out, ExceptionClaimed)
	}
	return out
}

// panelProposed reports whether a panel is proposed and neither formed nor waived since; a waiver covers the grounds that
// were there when it was given.
func (c Case) panelProposed() bool {
	return c.Panel == nil && slices.ContainsFunc(c.Triggers(), func(t Trigger) bool {
		return c.Waived == nil || !slices.Contains(c.Waived.Triggers, t)
	})
}
