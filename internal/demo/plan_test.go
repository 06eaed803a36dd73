package demo

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairreview/fairreview/review"
)

func TestTheYearCountsToWhatWasPublished(t *testing.T) {
	t.Parallel()
	plan, got, err := Plan(Year, Measures())
	if err != nil {
		t.Fatal(err)
	}
	want := Expected{Reviewed: 804, Kept: 771, Amended: 24, Repealed: 9, InProgress: 11, Withdrawn: 3, OutOfScope: 4}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	lived := 0
	for _, j := range plan {
		lived++
		if j.linked != nil {
			lived++
		}
	}
	if lived != 804+11+3+4 {
		t.Errorf("%d cases are lived", lived)
	}
}

func TestSmallYears(t *testing.T) {
	t.Parallel()
	for _, n := range []int{40, 60, 200, 803} {
		_, got, err := Plan(n, Measures())
		if err != nil || got.Reviewed != n || got.Amended == 0 || got.Repealed == 0 {
			t.Errorf("%d: %+v %v", n, got, err)
		}
	}
	for _, n := range []int{-1, 0, 39, 805} {
		if _, _, err := Plan(n, Measures()); err == nil {
			t.Errorf("%d: planned", n)
		}
	}
}

// Every case needs people at each desk, and a finding needs a clause that the text has.
func TestEveryCaseHasItsPeopleAndClauses(t *testing.T) {
	t.Parallel()
	plan, _, err := Plan(Year, Measures())
	if err != nil {
		t.Fatal(err)
	}
	c := newCity()
	for _, j := range plan {
		h, b, u := c.unitDesk(j.Measure.Unit, j.Index)
		o, a := c.regulatorDesk(j.Measure.Unit, j.Index)
		for _, p := range []Person{h, b, u, o, a} {
			if p.ID == "" {
				t.Errorf("%s: a desk is empty", j.Measure.Unit)
			}
		}
		if h.ID == b.ID || h.ID == u.ID || o.ID == a.ID {
			t.Errorf("%s: one person has two hands", j.Measure.Unit)
		}
		if j.life.breach && !slices.Contains(review.Clauses(j.Measure.Text), j.Measure.Breach.Clause) {
			t.Errorf("%s: no clause %q in %v", j.Measure.Title, j.Measure.Breach.Clause, review.Clauses(j.Measure.Text))
		}
		if n := len(c.seatsFor(j.Measure, j.Index, 5)); n < 3 && j.Measure.Route == "government" {
			t.Errorf("%s: only %d seats", j.Measure.Unit, n)
		}
	}
}
