package server

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Bilingual is a text in both languages; the Chinese one is the one that counts.
type Bilingual struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// CatalogueVersion is one version of the review standards: the days on which it is in force, and what it consists of.
type CatalogueVersion struct {
	Version    string      `json:"version" doc:"The day it came into force; conclusions name it"`
	From       review.Date `json:"from"`
	To         review.Date `json:"to" doc:"Its last day; empty while in force"`
	Instrument Bilingual   `json:"instrument"`
}

// Catalogue is one version of the review standards with its lines.
type Catalogue struct {
	CatalogueVersion
	Source     Bilingual          `json:"source" doc:"Where its lines were read, and what of them is not sure"`
	Items      []CatalogueItem    `json:"items" nullable:"false" doc:"What a review answers: items, and the headings of 2021"`
	Exceptions []CatalogueItem    `json:"exceptions" nullable:"false" doc:"Grounds of the exceptions; no finding cites them"`
	Since      string             `json:"since,omitempty" doc:"The version that changed is told against"`
	Changed    []string           `json:"changed,omitzero" doc:"Only with since: ids of the items that it does not have, or has otherwise; they are answered again"`
	Versions   []CatalogueVersion `json:"versions" nullable:"false" doc:"All versions, the oldest first"`
}

// CatalogueItem is a line of the standards in our own summary; the official Chinese sentence decides.
type CatalogueItem struct {
	ID       string          `json:"id"`
	Article  string          `json:"article"`
	Kind     review.ItemKind `json:"kind" enum:"item,heading,exception"`
	Group    int             `json:"group" doc:"1 entry and exit, 2 free flow, 3 costs, 4 conduct; 0 for what stands under several (办法 24) and for exceptions"`
	Parents  []string        `json:"parents" nullable:"false"`
	CatchAll bool            `json:"catchAll"`
	Costs    bool            `json:"costs" doc:"A finding here says which legal basis was looked for"`
	Nearest  []string        `json:"nearest" nullable:"false" doc:"Of a legacy heading: the items that it stands nearest to today"`
	Zh       string          `json:"zh"`
	En       string          `json:"en"`
}

type catalogueInput struct {
	On    string `query:"on" doc:"Day, YYYY-MM-DD; today when left out. Before the first version, the first"`
	Since string `query:"since" doc:"A version: adds the ids of the items that changed since"`
}

func (s *Server) catalogue(ctx context.Context, in *catalogueInput) (*reply[Catalogue], error) {
	r, err := s.readCatalogue(ctx, in)
	if err != nil {
		return nil, err
	}
	out := Catalogue{CatalogueVersion: versionOf(r.Version), Source: Bilingual{r.Version.SourceZh, r.Version.SourceEn},
		Items: itemsOf(r.Version.Items), Exceptions: itemsOf(r.Version.Exceptions), Since: in.Since, Changed: r.Changed,
		Versions: make([]CatalogueVersion, len(r.Versions))}
	for i, v := range r.Versions {
		out.Versions[i] = versionOf(v)
	}
	return answer(out, nil)
}

// catalogueRead is what a day, and a version to compare with, ask of the record.
type catalogueRead struct {
	Version  postgres.CatalogueVersion
	Versions []postgres.CatalogueVersion
	Changed  []string // nil when no version was given
}

// readCatalogue refuses a day that is none and a version that is not there.
func (s *Server) readCatalogue(ctx context.Context, in *catalogueInput) (catalogueRead, error) {
	var r catalogueRead
	on := review.Date(orElse(in.On, string(today())))
	if !on.Valid() {
		return r, review.Refuse(review.Invalid, "field", "on")
	}
	var err error
	if r.Versions, err = s.db.CatalogueVersions(ctx); err != nil {
		return r, err
	}
	known := func(v postgres.CatalogueVersion) bool { return v.Version == in.Since }
	if in.Since != "" && !slices.ContainsFunc(r.Versions, known) {
		return r, review.Refuse(review.Invalid, "field", "since")
	}
	if r.Version, err = s.db.Catalogue(ctx, on); err != nil || in.Since == "" {
		return r, err
	}
	r.Changed, err = s.db.CatalogueChanged(ctx, r.Version.Version, in.Since)
	return r, err
}

func versionOf(v postgres.CatalogueVersion) CatalogueVersion {
	return CatalogueVersion{Version: v.Version, From: v.From, To: v.To, Instrument: Bilingual{v.InstrumentZh, v.InstrumentEn}}
}

func itemsOf(lines []postgres.CatalogueItem) []CatalogueItem {
	out := make([]CatalogueItem, len(lines))
	for i, l := range lines {
		out[i] = CatalogueItem{ID: l.ID, Article: l.Article, Kind: l.Kind, Group: groupOf(l), Parents: orEmpty([]string(l.Parents)),
			CatchAll: l.CatchAll, Costs: l.Costs, Nearest: orEmpty([]string(l.Nearest)), Zh: l.Zh, En: l.En}
	}
	return out
}

// groupOf is the group of 条例 8-11 or 细则 13-16 in which a line stands, by itself or by its one parent: 1 to 4, else 0.
func groupOf(l postgres.CatalogueItem) int {
	id := l.ID
	switch len(l.Parents) {
	case 0:
	case 1:
		id = l.Parents[0]
	default:
		return 0
	}
	part := strings.Split(id, "-")
	article, err := strconv.Atoi(part[1])
	switch {
	case err != nil:
		return 0
	case part[0] == "REG" && article >= 8 && article <= 11:
		return article - 7
	case part[0] == "DET" && article >= 13 && article <= 16:
		return article - 12
	}
	return 0
}

// standardGroups are the four groups, in the order of the articles.
var standardGroups = []words{
	{"市场准入和退出", "Market entry and exit"}, {"商品、要素自由流动", "Free flow of goods and factors"},
	{"生产经营成本", "Costs of production and operation"}, {"生产经营行为", "Conduct of production and operation"},
}

// catalogueView is one version as a page: the groups, what stands under several of them, and the exceptions.
type catalogueView struct {
	frame
	Version    CatalogueVersion
	Source     Bilingual
	Versions   []CatalogueVersion
	Groups     []catalogueGroup
	Across     []CatalogueItem
	Exceptions []catalogueEntry
	Since      string
	Before     string // the version before, to compare with; "" for the first
	Changed    map[string]bool
	Legacy     bool // has headings, and says where they stand today
}

type catalogueGroup struct {
	Name    words
	Costs   bool
	Entries []catalogueEntry
}

// catalogueEntry is a line and what stands under it alone.
type catalogueEntry struct {
	CatalogueItem
	Under []CatalogueItem
}

// ItemID is a line's name to a reader: 条例-8-1, REG-8-1.
func (v *catalogueView) ItemID(id string) string { return itemID(v.Lang, id) }

// In says a text in the reader's language.
func (v *catalogueView) In(b Bilingual) string { return words{b.Zh, b.En}.in(v.Lang) }

// GroupName is a group's name in the reader's language.
func (v *catalogueView) GroupName(g catalogueGroup) string { return g.Name.in(v.Lang) }

func (s *Server) cataloguePage(c *fiber.Ctx) error {
	in := catalogueInput{On: c.Query("on"), Since: c.Query("since")}
	r, err := s.readCatalogue(c.UserContext(), &in)
	if err != nil {
		return err
	}
	return s.show(c, "catalogue", viewOfCatalogue(r, in.Since))
}

func viewOfCatalogue(r catalogueRead, since string) *catalogueView {
	v := &catalogueView{Version: versionOf(r.Version), Source: Bilingual{r.Version.SourceZh, r.Version.SourceEn}, Since: since,
		Groups: make([]catalogueGroup, len(standardGroups)), Changed: map[string]bool{}}
	for i, each := range r.Versions {
		v.Versions = append(v.Versions, versionOf(each))
		if each.Version == r.Version.Version && i > 0 {
			v.Before = r.Versions[i-1].Version
		}
	}
	for _, id := range r.Changed {
		v.Changed[id] = true
	}
	items := itemsOf(r.Version.Items)
	for i, name := range standardGroups {
		v.Groups[i].Name = name
		v.Groups[i].Entries = entriesOf(items, func(it CatalogueItem) bool { return it.Group == i+1 })
	}
	for _, it := range items {
		v.Legacy = v.Legacy || it.Kind == review.StandardHeading
		if it.Group == 0 {
			v.Across = append(v.Across, it)
		} else if it.Costs {
			v.Groups[it.Group-1].Costs = true
		}
	}
	v.Exceptions = entriesOf(itemsOf(r.Version.Exceptions), func(CatalogueItem) bool { return true })
	return v
}

// entriesOf are the lines of a kind that stand by themselves, in order, each with those under it.
func entriesOf(lines []CatalogueItem, of func(CatalogueItem) bool) []catalogueEntry {
	var out []catalogueEntry
	at := map[string]int{}
	for _, l := range lines {
		if len(l.Parents) == 0 && of(l) {
			at[l.ID] = len(out)
			out = append(out, catalogueEntry{CatalogueItem: l})
		}
	}
	for _, l := range lines {
		if len(l.Parents) == 1 && of(l) {
			if i, ok := at[l.Parents[0]]; ok {
				out[i].Under = append(out[i].Under, l)
			}
		}
	}
	return out
}
