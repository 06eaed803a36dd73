package review

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func seats(values ...int) Case {
	c := Case{Kind: New, Route: Government, Text: Text{Clauses: []string{"第一条", "第二条"}}, Rules: Rules{Panel: true, Threshold: 1.5}, Joint: &Joint{}}
	for i, v := range values {
		s := Seat{Unit: string(rune('a' + i)), Status: SeatNoAnswer}
		if v != 9 { // 9: no answer
			s.Status, s.Positions = SeatAnswered, []Position{{Clause: "第二条", Value: v}}
		}
		c.Joint.Seats = append(c.Joint.Seats, s)
	}
	return c
}

func TestDivergence(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		values []int
		want   float64
		panel  bool
	}{
		{"no seat", nil, 0, false},
		{"one seat has nothing to differ from", []int{-2}, 0, false},
		{"all agree", []int{1, 1, 1}, 0, false},
		{"all say breach", []int{-2, -2, -2}, 0, false},
		{"nearly agree", []int{1, 2}, 1, false},
		{"doubtful against acceptable", []int{-1, 1}, 2, true},
		{"breach against doubtful is not opposed", []int{-2, -1}, 1, false},
		{"exactly the threshold", []int{-1, 1, 1, 2}, 1.5, true},
		{"one breach among five is diluted and still proposes", []int{-2, 2, 2, 2, 2, 2}, 4.0 / 3, true},
		{"one breach among five acceptable", []int{-2, 1, 1, 1, 1, 1}, 1, true},
		{"zero is not a position", []int{0, 0, 0, -2}, 0, false},
		{"silence is not a position, nor agreement", []int{9, 9, 9, -2}, 0, false},
		{"silence does not dilute", []int{-1, 1, 9, 9, 9, 9}, 2, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := seats(tt.values...)
			if got := c.Divergence(); math.Abs(got-tt.want) > 1e-9 {
				t.Errorf("divergence %v, want %v", got, tt.want)
			}
			if got := contains(c.Triggers(), DepartmentDisagreement); got != tt.panel {
				t.Errorf("proposes a panel: %v", got)
			}
			if got := c.panelProposed(); got != tt.panel {
				t.Errorf("proposed: %v", got)
			}
		})
	}
}

func TestTriggersAreSwitchedByTheLocalRule(t *testing.T) {
	t.Parallel()
	c := seats(-2, 2)
	c.Measure.PublicInterest, c.Exception = "major", &Exception{}
	if got := c.Triggers(); len(got) != 3 {
		t.Errorf("triggers %v", got)
	}
	c.Measure.PublicInterest = "touched"
	if contains(c.Triggers(), PublicInterestMajor) {
		t.Error("touched is not major")
	}
	c.Rules.Panel = false
	if got := c.Triggers(); got != nil {
		t.Errorf("switched off: %v", got)
	}
}

func TestAWaiverCoversOnlyItsGrounds(t *testing.T) {
	t.Parallel()
	c := seats(-2, 2)
	c.Measure.PublicInterest, c.Waived = "major", &Waiver{Triggers: []Trigger{PublicInterestMajor}}
	if !c.panelProposed() {
		t.Error("the departments' disagreement is a ground of its own")
	}
	c.Waived.Triggers = append(c.Waived.Triggers, DepartmentDisagreement)
	if c.panelProposed() {
		t.Error("both grounds were waived")
	}
}

// The order of seats does not matter, divergence lies between 0 and 4, and turning every sign keeps it.
func TestDivergenceLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(-2, 2), 0, 12).Draw(t, "values")
		d := seats(values...).Divergence()
		if d < 0 || d > 4 {
			t.Fatalf("divergence %v", d)
		}
		turned := make([]int, len(values))
		for i, v := range values {
			turned[i] = -v
		}
		shuffled := rapid.Permutation(values).Draw(t, "shuffled")
		if a, b := seats(turned...).Divergence(), seats(shuffled...).Divergence(); a != d || math.Abs(b-d) > 1e-12 {
			t.Fatalf("%v, turned %v, shuffled %v", d, a, b)
		}
	})
}
