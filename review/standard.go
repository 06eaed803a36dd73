package review

import (
	_ "embed"
	"slices"
	"strings"
)

// ItemKind says what a line of the catalogue is.
type ItemKind string

// The kinds of lines. Headings are only in the Detailed Rules of 2021; the 19 items of 条例 8-11 are items in their own right.
const (
	StandardItem    ItemKind = "item"
	StandardHeading ItemKind = "heading"
	ExceptionGround ItemKind = "exception"
)

// Item is one line of the review standards: an item of 条例 8-11 (REG-8-1), of 办法 9-23 (IMP-9-1), 办法 24, a heading or
// item of the 细则 of 2021 (DET-13-1, DET-13-1-1), or a ground of the exceptions (条例 12, 办法 25, 细则 17: REG-12-1).
// Summaries are our own words; the official Chinese sentence decides.
type Item struct {
	ID       string
	Kind     ItemKind
	Parents  []string
	CatchAll bool
	Nearest  []string // legacy: ids of today's catalogue that its subject stands nearest to; none: as its heading
	Zh, En   string
}

// Costs reports whether the item belongs to the costs group (条例 10, 办法 18-20, before them 细则 15), which bites only
// without a basis in a law or administrative regulation or State Council approval.
func (i Item) Costs() bool {
	return strings.HasPrefix(i.ID, "REG-10-") || strings.HasPrefix(i.ID, "IMP-18-") ||
		strings.HasPrefix(i.ID, "IMP-19-") || strings.HasPrefix(i.ID, "IMP-20-") || strings.HasPrefix(i.ID, "DET-15-")
}

// Article is the Chinese form of the id: 条例第八条第(一)项 is written 条例-8-1.
func (i Item) Article() string {
	return strings.NewReplacer("REG", "条例", "IMP", "办法", "DET", "细则").Replace(i.ID)
}

// Standards is one version of the catalogue: what it is, the days on which it is in force, and its lines in order.
type Standards struct {
	Version    string // the day it came into force, YYYY-MM-DD
	From       Date
	To         Date   // the day before the next version; "" while in force
	Zh, En     string // the instruments it consists of
	Items      []Item // what a review answers: items and headings
	Exceptions []Item // grounds of the exceptions
	index      map[string]int
}

// Item returns the item with the id. A ground of the exceptions is none: no finding can cite it.
func (s *Standards) Item(id string) (Item, bool) {
	i, ok := s.index[id]
	if !ok {
		return Item{}, false
	}
	return s.Items[i], true
}

// Exception returns the ground of the exceptions with the id.
func (s *Standards) Exception(id string) (Item, bool) {
	for _, e := range s.Exceptions {
		if e.ID == id {
			return e, true
		}
	}
	return Item{}, false
}

// Changed returns the ids of the items of s, in order, that since does not have or has with other parents or another
// summary: what an answer given under since leaves to be answered again under s. Since nil, all of them. Items that
// only since has need no answer and are not named.
func (s *Standards) Changed(since *Standards) []string {
	var ids []string
	for _, it := range s.Items {
		if since != nil {
			was, ok := since.Item(it.ID)
			if ok && was.Zh == it.Zh && was.En == it.En && was.CatchAll == it.CatchAll && slices.Equal(was.Parents, it.Parents) {
				continue
			}
		}
		ids = append(ids, it.ID)
	}
	return ids
}

//go:embed standards/2021-06-29.tsv
var standards20210629 string

//go:embed standards/2024-08-01.tsv
var standards20240801 string

//go:embed standards/2025-04-20.tsv
var standards20250420 string

//go:embed standards/2025-04-20-exceptions.tsv
var exceptions20250420 string

// versions are ordered by their first day. A landed one is never edited: old cases replay against it.
var versions = inOrder(
	parseStandards("2021-06-29", "公平竞争审查制度实施细则（国市监反垄规〔2021〕2号）",
		"Detailed Rules for the Implementation of the Fair Competition Review System (2021)", standards20210629),
	parseStandards("2024-08-01", "公平竞争审查条例（国务院令第783号）",
		"Regulation on Fair Competition Review (State Council Order 783)", standards20240801),
	parseStandards("2025-04-20", "公平竞争审查条例（国务院令第783号）及其实施办法（国家市场监督管理总局令第99号）",
		"Regulation on Fair Competition Review (State Council Order 783) and the Measures for its Implementation (SAMR Order 99)",
		standards20250420, exceptions20250420),
)

// inOrder ends each version on the day before the next.
func inOrder(vs ...*Standards) []*Standards {
	for i := range vs[:len(vs)-1] {
		vs[i].To = vs[i+1].From.AddDays(-1)
	}
	return vs
}

// AllStandards returns every version, the oldest first. They must not be written to.
func AllStandards() []*Standards { return slices.Clone(versions) }

// StandardsOn returns the standards in force on a day; before the first version, the first.
func StandardsOn(d Date) *Standards {
	in := versions[0]
	for _, v := range versions[1:] {
		if v.From <= d {
			in = v
		}
	}
	return in
}

// StandardsNamed returns the version of that name.
func StandardsNamed(version string) (*Standards, bool) {
	for _, v := range versions {
		if v.Version == version {
			return v, true
		}
	}
	return nil, false
}

// parseStandards reads a version from its files. A line has seven columns: id, kind, parents, catch-all, nearest, Chinese,
// English; or the five of the first file that landed, whose lines are all items: id, parents, catch-all, Chinese, English.
// Another line, or an id twice, is a fault in what was built in, and panics.
func parseStandards(version, zh, en string, files ...string) *Standards {
	s := &Standards{Version: version, From: Date(version), Zh: zh, En: en, index: map[string]int{}}
	for _, tsv := range files {
		for line := range strings.Lines(tsv) {
			if !strings.HasPrefix(line, "#") {
				s.add(strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
			}
		}
	}
	return s
}

func (s *Standards) add(f []string) {
	if len(f) == 5 {
		f = []string{f[0], string(StandardItem), f[1], f[2], "", f[3], f[4]}
	}
	if len(f) != 7 {
		panic("standards " + s.Version + ": a line of other columns: " + strings.Join(f, "|"))
	}
	it := Item{ID: f[0], Kind: ItemKind(f[1]), Parents: strings.Fields(f[2]), CatchAll: f[3] == "1", Nearest: strings.Fields(f[4]), Zh: f[5], En: f[6]}
	_, item := s.Item(it.ID)
	_, exception := s.Exception(it.ID)
	switch {
	case item || exception:
		panic("standards " + s.Version + ": twice " + it.ID)
	case it.Kind == ExceptionGround:
		s.Exceptions = append(s.Exceptions, it)
	case it.Kind == StandardItem || it.Kind == StandardHeading:
		s.index[it.ID] = len(s.Items)
		s.Items = append(s.Items, it)
	default:
		panic("standards " + s.Version + ": an unknown kind of " + it.ID)
	}
}
