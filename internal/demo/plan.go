package demo

import (
	"fmt"

	"github.com/fairreview/fairreview/review"
)

// Year is the number of cases of the published year, and what became of them: 24 amended, 9 repealed (湖州市市场监督管理局,
// report of 2024-03-06). The report does not say how the other 771 ended; we call them kept.
const Year = 804

// Job is one case to live: a measure and the life it leads.
type Job struct {
	Index   int
	Measure Measure
	life    life
	linked  *Job
}

// Expected is what a plan must count to.
type Expected struct {
	Reviewed, Kept, Amended, Repealed, InProgress, Withdrawn, OutOfScope int
}

// share is one life's part of the year.
type share struct {
	life life
	n    int
}

// year is the mix of the 804, after the proportions that cities publish: one case in eight or so on the government
// route, where changes are common; a fifth existing measures; the cases that amend existing measures are among them.
var year = []share{
	{governmentAmend, 4}, {governmentAmendQuick, 3}, {governmentFailAmend, 3}, {departmentAmend, 6}, {departmentFailAmend, 2}, {existingRevise, 6}, // 24 amended
	{governmentNotIssued, 2}, {departmentNotIssued, 3}, {existingRepeal, 4}, // 9 repealed
	{governmentPanel, 6}, {governmentJoint, 24}, {governmentCorrection, 6}, {governmentPass, 42},
	{departmentException, 3}, {departmentUnissued, 2}, {existingKeep, 150},
}

// beyond are the cases beside the year: open, withdrawn and out of scope.
var beyond = []share{{openCorrection, 1}, {openJoint, 1}, {openPanel, 1}, {openException, 1}, {openDrafting, 2}, {openCheck, 1}, {openSign, 1}, {openSubmitted, 1}, {openReview, 1},
	{openRevising, 1}, {withdrawn, 3}, {outOfScope, 4}}

// Desk is the unit whose people the demo shows: the open cases are theirs, so that no desk is empty.
const Desk = "fgw"

// Plan lays out n cases (804 for the whole year) plus those beside the year, each with a measure that fits its life.
// measures may be the made-up ones or real titles from a file.
func Plan(n int, measures []Measure) ([]Job, Expected, error) {
	if n < 40 || n > Year {
		return nil, Expected{}, fmt.Errorf("a demo has 40 to %d cases, not %d", Year, n)
	}
	pool := newPool(measures)
	var jobs []Job
	var want Expected
	add := func(l life) error {
		m, ok := pool.take(l)
		if !ok {
			return fmt.Errorf("no measure is left for %s", l.name)
		}
		job := Job{Index: len(jobs), Measure: m, life: l}
		switch l.outcome {
		case review.Keep:
			want.Kept++
		case review.Amend:
			want.Amended++
		case review.Repeal:
			want.Repealed++
		case review.Withdrew:
			want.Withdrawn++
		case review.NotInScope:
			want.OutOfScope++
		default:
			want.InProgress++
		}
		jobs = append(jobs, job)
		return nil
	}
	for _, s := range beyond {
		for range s.n {
			if err := add(s.life); err != nil {
				return nil, want, err
			}
		}
	}
	for _, s := range year {
		k := s.n
		if n < Year {
			k = max(1, s.n*n/Year)
		}
		for range k {
			if err := add(s.life); err != nil {
				return nil, want, err
			}
			if s.life.name == existingRevise.name {
				if err := linkAmendment(pool, &jobs); err != nil {
					return nil, want, err
				}
				want.Kept++
			}
		}
	}
	for want.Kept+want.Amended+want.Repealed < n {
		if err := add(departmentPass); err != nil {
			return nil, want, err
		}
	}
	want.Reviewed = want.Kept + want.Amended + want.Repealed
	return interleave(jobs), want, nil
}

// linkAmendment gives the last job, an existing measure to be revised, the new case that amends it. It is a case of
// its own and counts as one; it is lived inside the other so that it is issued first.
func linkAmendment(pool *pool, jobs *[]Job) error {
	last := &(*jobs)[len(*jobs)-1]
	m, ok := pool.take(departmentPass)
	if !ok {
		return fmt.Errorf("no measure is left for an amendment")
	}
	// The amending measure is made by the unit that made the amended one.
	m.Unit, m.Issuer, m.Title = last.Measure.Unit, last.Measure.Unit, "关于修改《"+last.Measure.Title+"》的决定"
	last.linked = &Job{Index: 2000 + last.Index, Measure: m, life: departmentPass}
	return nil
}

// interleave mixes the lives as they come in a year, by a fixed stride.
func interleave(jobs []Job) []Job {
	out := make([]Job, 0, len(jobs))
	const stride = 37
	for start := range stride {
		for i := start; i < len(jobs); i += stride {
			out = append(out, jobs[i])
		}
	}
	return out
}

// pool hands out measures, each once.
type pool struct {
	measures []Measure
	used     []bool
	city     city
}

func newPool(ms []Measure) *pool { return &pool{ms, make([]bool, len(ms)), newCity()} }

// showcase reports whether an open case may be about the measure: the desk's own, or, for what waits at the regulator and
// for the joint review in which the desk has a seat, that of another unit beside it.
func (p *pool) showcase(m Measure, l life) bool {
	if l.name != openJoint.name && l.name != openSubmitted.name && l.name != openReview.name {
		return m.Unit == Desk
	}
	return m.Unit != Desk && p.city.regulator(m.Unit) == p.city.regulator(Desk)
}

// take returns a measure that fits the life: its kind, its route, and a breaching clause when the life needs one.
// Lives without a breach leave the measures that have one for last.
func (p *pool) take(l life) (Measure, bool) {
	for _, spare := range []bool{true, false} {
		for i, m := range p.measures {
			if l.outcome == "" && !p.showcase(m, l) {
				continue
			}
			if p.used[i] || m.Kind != string(l.kind) || l.route != "" && m.Route != string(l.route) || l.breach && m.Breach == nil {
				continue
			}
			if !l.breach && spare && m.Breach != nil {
				continue
			}
			p.used[i] = true
			return m, true
		}
	}
	return Measure{}, false
}
