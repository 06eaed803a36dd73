package review

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Similarity of two clauses' words: the share of pairs of neighbouring characters that they have in common (Dice), 0 to 1.
// Pairs, not words, because Chinese has no blanks.
const (
	// From here on a clause with the same label is the same clause: more of it stayed than went. Two articles of one
	// document that share nothing but official phrases stay well below.
	alike = 0.5
	// Below it, a clause with the same label in another place has nothing but set phrases in common (自印发之日起施行): another
	// one took its number. Between the two a person is asked.
	apart = 0.2
)

// Unsure is a clause of a new text of which nobody can tell by rule which clause it was: the ids it may have been, the
// nearest first. A person answers with a ClauseMatch: one of them, or NewClause.
type Unsure struct {
	Label      string
	Candidates []string
}

// NewClause answers that a clause was not in the text before.
const NewClause = "new"

// preambleID is the id of what stands before the first clause.
const preambleID = "c0"

// Match gives each clause of the next text the id of the clause it was in the old one: the same words, or the same label
// with alike words or in the same place, and no other clause nearer. What remains is new where nothing old is like it, and numbered on from
// last (c1, c2 …: the highest number the case ever gave), or unsure, when a person must answer. Nothing is guessed and no id
// is given twice; ids are parallel to next and empty where unsure. Invalid (field text.matches, value) for an answer that
// names no clause of next, an id that is not old, or one that is taken.
//
// oldIDs are parallel to old. What stands before the first clause is always the same.
func Match(old []Clause, oldIDs []string, next []Clause, answers []ClauseMatch, last int) (ids []string, unsure []Unsure, err error) {
	m := matching{old: old, oldIDs: oldIDs, next: next, ids: make([]string, len(next)), taken: make([]bool, len(old)), fresh: make([]bool, len(next))}
	for j, c := range old {
		known := c.Label != Preamble && j < len(oldIDs) && oldIDs[j] != ""
		m.taken[j] = !known
	}
	for i, c := range next {
		if c.Label == Preamble {
			m.ids[i] = preambleID
		}
	}
	if err := m.answered(answers); err != nil {
		return nil, nil, err
	}
	m.sameWords()
	m.sameLabel()
	for i := range next {
		if !m.open(i) {
			continue
		}
		if u := m.candidates(i); len(u) > 0 {
			unsure = append(unsure, Unsure{next[i].Label, u})
		} else {
			m.fresh[i] = true
		}
	}
	for i := range next {
		if m.fresh[i] {
			last++
			m.ids[i] = "c" + strconv.Itoa(last)
		}
	}
	return m.ids, unsure, nil
}

type matching struct {
	old, next []Clause
	oldIDs    []string
	ids       []string    // of next
	fresh     []bool      // of next: decided to be new
	taken     []bool      // of old
	like      [][]float64 // next by old, for what was open when it was computed
}

func (m *matching) open(i int) bool { return m.ids[i] == "" && !m.fresh[i] }

func (m *matching) take(i, j int) { m.ids[i], m.taken[j] = m.oldIDs[j], true }

func (m *matching) answered(answers []ClauseMatch) error {
	for _, a := range answers {
		i := slices.IndexFunc(m.next, func(c Clause) bool { return c.Label == a.Label })
		if i < 0 || !m.open(i) {
			return Refuse(Invalid, "field", "text.matches", "value", a.Label)
		}
		if a.Was == NewClause {
			m.fresh[i] = true
			continue
		}
		j := slices.Index(m.oldIDs, a.Was)
		if a.Was == "" || j < 0 || j >= len(m.old) || m.taken[j] {
			return Refuse(Invalid, "field", "text.matches", "value", a.Was)
		}
		m.take(i, j)
	}
	return nil
}

// sameWords pairs clauses with equal words. Where several are equal, those with the same label go first, and then, when
// as many are left on both sides, in order: which is which cannot be told and does not matter.
func (m *matching) sameWords() {
	for _, labels := range []bool{true, false} {
		for i := range m.next {
			if !m.open(i) {
				continue
			}
			var here, there []int
			for k := range m.next {
				if m.open(k) && m.next[k].words == m.next[i].words {
					here = append(here, k)
				}
			}
			for j := range m.old {
				if !m.taken[j] && m.old[j].words == m.next[i].words {
					there = append(there, j)
				}
			}
			switch {
			case labels:
				for _, j := range there {
					if m.old[j].Label == m.next[i].Label {
						m.take(i, j)
						break
					}
				}
			case len(here) == len(there):
				for k := range here {
					m.take(here[k], there[k])
				}
			}
		}
	}
}

// sameLabel pairs clauses with the same label that are alike, or that stand in the same place: between the same two
// clauses, or at the same end. That is what "第三条修改为" means, whatever the article says now. Not where another clause
// that is alike is nearer. Each pair may free the way for the next.
func (m *matching) sameLabel() {
	m.measure()
	if len(m.old) == 1 && len(m.next) == 1 && m.open(0) && !m.taken[0] && m.old[0].Label == WholeText && m.next[0].Label == WholeText {
		m.take(0, 0) // one clause, whatever it says
	}
	for again := true; again; {
		again = false
		for i := range m.next {
			j := m.labelled(i)
			if !m.open(i) || j < 0 || m.like[i][j] < alike && !m.inPlace(i, j) {
				continue
			}
			nearer, own := false, m.like[i][j]
			for k := range m.old {
				nearer = nearer || !m.taken[k] && m.like[i][k] >= alike && m.like[i][k] > own
			}
			for k := range m.next {
				nearer = nearer || m.open(k) && m.like[k][j] >= alike && m.like[k][j] > own
			}
			if !nearer {
				m.take(i, j)
				again = true
			}
		}
	}
}

// inPlace reports whether next[i] stands between the same clauses as old[j] did. The preamble is the beginning.
func (m *matching) inPlace(i, j int) bool {
	same := func(i, j int) bool {
		none, noneOld := i < 0 || i == len(m.next) || m.next[i].Label == Preamble, j < 0 || j == len(m.old) || m.old[j].Label == Preamble
		if none || noneOld {
			return none && noneOld
		}
		return m.ids[i] != "" && m.ids[i] == m.oldIDs[j]
	}
	return same(i-1, j-1) && same(i+1, j+1)
}

// labelled is the old clause with the label of next[i], or -1 when there is none or it is taken.
func (m *matching) labelled(i int) int {
	j := slices.IndexFunc(m.old, func(c Clause) bool { return c.Label == m.next[i].Label })
	if j >= 0 && m.taken[j] {
		return -1
	}
	return j
}

func (m *matching) candidates(i int) []string {
	var near []int
	for j := range m.old {
		if s := m.like[i][j]; !m.taken[j] && (s >= alike || s >= apart && m.old[j].Label == m.next[i].Label) {
			near = append(near, j)
		}
	}
	slices.SortStableFunc(near, func(a, b int) int { return cmp.Compare(m.like[i][b], m.like[i][a]) })
	out := make([]string, len(near))
	for k, j := range near {
		out[k] = m.oldIDs[j]
	}
	return out
}

func (m *matching) measure() {
	pairs := make([][]uint64, len(m.old))
	for j := range m.old {
		if !m.taken[j] {
			pairs[j] = bigrams(m.old[j].words)
		}
	}
	m.like = make([][]float64, len(m.next))
	for i := range m.next {
		m.like[i] = make([]float64, len(m.old))
		if !m.open(i) {
			continue
		}
		own := bigrams(m.next[i].words)
		for j := range m.old {
			if !m.taken[j] {
				m.like[i][j] = dice(own, pairs[j])
			}
		}
	}
}

// bigrams are the pairs of neighbouring characters, sorted.
func bigrams(s string) []uint64 {
	var out []uint64
	last := rune(-1)
	for _, r := range s {
		if last >= 0 {
			out = append(out, uint64(last)<<32|uint64(r))
		}
		last = r
	}
	slices.Sort(out)
	return out
}

func dice(a, b []uint64) float64 {
	if len(a)+len(b) == 0 || float64(2*min(len(a), len(b)))/float64(len(a)+len(b)) < apart {
		return 0
	}
	common, j := 0, 0
	for _, x := range a {
		for j < len(b) && b[j] < x {
			j++
		}
		if j < len(b) && b[j] == x {
			common++
			j++
		}
	}
	return float64(2*common) / float64(len(a)+len(b))
}

// TextOf is a text as a case carries it: labels, ids and sums of its clauses, without the preamble. Sums holds one more
// where there is a preamble, at the end, so that a new title is no silent change.
func TextOf(hash string, clauses []Clause, ids []string) Text {
	t, before := Text{Hash: hash}, ""
	for i, c := range clauses {
		if c.Label == Preamble {
			before = c.Sum
			continue
		}
		t.Clauses, t.Sums = append(t.Clauses, c.Label), append(t.Sums, c.Sum)
		if i < len(ids) {
			t.IDs = append(t.IDs, ids[i])
		}
	}
	if before != "" {
		t.Sums = append(t.Sums, before)
	}
	return t
}

func (t Text) preambleSum() string {
	if len(t.Sums) == len(t.Clauses)+1 {
		return t.Sums[len(t.Clauses)]
	}
	return ""
}

// IDsFor returns the id that the text gave to each of the clauses, by label; "" where it knows none.
func (t Text) IDsFor(clauses []Clause) []string {
	out := make([]string, len(clauses))
	for i, c := range clauses {
		if k := slices.Index(t.Clauses, c.Label); k >= 0 && k < len(t.IDs) {
			out[i] = t.IDs[k]
		} else if c.Label == Preamble {
			out[i] = preambleID
		}
	}
	return out
}

// LastClause is the highest number that the texts gave to a clause: ids are numbered on from it and never used again.
func LastClause(texts []Text) int {
	last := 0
	for _, t := range texts {
		for _, id := range t.IDs {
			if n, err := strconv.Atoi(strings.TrimPrefix(id, "c")); err == nil {
				last = max(last, n)
			}
		}
	}
	return last
}

// Touched returns what a new text changed: labels of next whose words are others than before or that are new, in order,
// and then labels of old that are gone; the Preamble last. By id where both have them, else by words. A clause that was only
// renumbered is not touched. Where one of them keeps no sums, every clause of another text counts as touched.
func Touched(old, next Text) []string {
	if old.Hash == next.Hash && old.Hash != "" {
		return nil
	}
	var out []string
	add := func(label string) {
		if !slices.Contains(out, label) {
			out = append(out, label)
		}
	}
	for i, label := range next.Clauses {
		if !old.holds(next, i) {
			add(label)
		}
	}
	for i, label := range old.Clauses {
		if !next.knows(old, i) {
			add(label)
		}
	}
	if old.preambleSum() != next.preambleSum() {
		add(Preamble)
	}
	return out
}

// holds reports whether t has the i-th clause of o with the same words.
func (t Text) holds(o Text, i int) bool {
	if i >= len(o.Sums) {
		return false
	}
	if k, by := t.find(o, i); by {
		return k >= 0 && k < len(t.Sums) && t.Sums[k] == o.Sums[i]
	}
	return slices.Contains(t.Sums[:min(len(t.Sums), len(t.Clauses))], o.Sums[i])
}

// knows reports whether t has the i-th clause of o, whatever it says now.
func (t Text) knows(o Text, i int) bool {
	if k, by := t.find(o, i); by {
		return k >= 0
	}
	return t.holds(o, i)
}

// find returns the place in t of the i-th clause of o by its id, and whether both texts have ids.
func (t Text) find(o Text, i int) (int, bool) {
	if len(t.IDs) != len(t.Clauses) || i >= len(o.IDs) || len(t.IDs) == 0 {
		return -1, false
	}
	return slices.Index(t.IDs, o.IDs[i]), true
}

// The states of a Row.
const (
	RowSame    = "same"
	RowChanged = "changed"
	RowAdded   = "added"
	RowRemoved = "removed"
)

// Row sets a clause beside what it was. Indexes are into the two texts' clauses; -1 where there is none.
type Row struct {
	ID            string
	Before, After int
	State         string
}

// Align sets two texts side by side by their clauses' ids: in the order of next, and what is gone after what stood before
// it. Ids that are empty match nothing.
func Align(old []Clause, oldIDs []string, next []Clause, nextIDs []string) []Row {
	var out []Row
	gone := func(from int) { // what is gone from there on, up to what stayed
		for j := from; j < len(old) && (oldIDs[j] == "" || !slices.Contains(nextIDs, oldIDs[j])); j++ {
			out = append(out, Row{oldIDs[j], j, -1, RowRemoved})
		}
	}
	gone(0)
	for i, id := range nextIDs {
		j := -1
		if id != "" {
			j = slices.Index(oldIDs, id)
		}
		row := Row{id, j, i, RowAdded}
		if j >= 0 {
			row.State = RowSame
			if old[j].words != next[i].words {
				row.State = RowChanged
			}
		}
		out = append(out, row)
		if j >= 0 {
			gone(j + 1)
		}
	}
	return out
}
