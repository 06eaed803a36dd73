package review

import (
	_ "embed"
	"strings"
)

// Item is one item of the review standards: an item of 条例 8-11 (REG-8-1), of 办法 9-23 (IMP-9-1), or 办法 24.
// Summaries are our own words; the official Chinese sentence decides.
type Item struct {
	ID       string
	Parents  []string
	CatchAll bool
	Zh, En   string
}

// Costs reports whether the item belongs to the costs group (条例 10, 办法 18-20), which bites only without a basis in
// a law or administrative regulation or State Council approval.
func (i Item) Costs() bool {
	return strings.HasPrefix(i.ID, "REG-10-") || strings.HasPrefix(i.ID, "IMP-18-") ||
		strings.HasPrefix(i.ID, "IMP-19-") || strings.HasPrefix(i.ID, "IMP-20-")
}

// Article is the Chinese form of the id: 条例第八条第(一)项 is written 条例-8-1.
func (i Item) Article() string {
	return strings.NewReplacer("REG", "条例", "IMP", "办法").Replace(i.ID)
}

// Standards is one version of the catalogue and the day from which it is in force.
type Standards struct {
	Version string // the day it came into force, YYYY-MM-DD
	From    Date
	Items   []Item
	index   map[string]int
}

// Item returns the item with the id.
func (s *Standards) Item(id string) (Item, bool) {
	i, ok := s.index[id]
	if !ok {
		return Item{}, false
	}
	return s.Items[i], true
}

//go:embed standards/2025-04-20.tsv
var standards20250420 string

// versions are ordered by their first day. A landed one is never edited: old cases replay against it.
var versions = []*Standards{parseStandards("2025-04-20", standards20250420)}

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

func parseStandards(version, tsv string) *Standards {
	s := &Standards{Version: version, From: Date(version), index: map[string]int{}}
	for line := range strings.Lines(tsv) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 || strings.HasPrefix(f[0], "#") {
			continue
		}
		s.index[f[0]] = len(s.Items)
		s.Items = append(s.Items, Item{ID: f[0], Parents: strings.Fields(f[1]), CatchAll: f[2] == "1", Zh: f[3], En: f[4]})
	}
	return s
}
