package server

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Drafts are the drafts of the regulator's conclusion in the present round, oldest first. Only the regulator knows them.
type Drafts struct {
	Drafts  []DraftAnswer `json:"drafts" nullable:"false"`
	Signing *DraftChange  `json:"signing,omitempty" doc:"What differs between the last draft and what is being signed"`
	Missing []MissingPart `json:"missing" nullable:"false" doc:"Mandatory parts that the present draft lacks (办法 29, 33)"`
}

// DraftAnswer is one draft and what differs from the one before.
type DraftAnswer struct {
	Version    int               `json:"version" doc:"Of the event"`
	At         time.Time         `json:"at"`
	By         string            `json:"by"`
	ByName     string            `json:"byName"`
	Written    string            `json:"written" doc:"Hash of the stored text"`
	TakenBack  bool              `json:"takenBack,omitempty" doc:"Undone on its day"`
	Conclusion review.Conclusion `json:"conclusion"`
	Since      *DraftChange      `json:"since,omitempty" doc:"What differs from the draft before"`
}

// DraftChange is what differs between two drafts: fields by name, and lines of the written text.
type DraftChange struct {
	Fields  []ChangedField `json:"fields" nullable:"false"`
	Lines   []DiffLine     `json:"lines" nullable:"false" doc:"Changed lines with their neighbours"`
	TooLong bool           `json:"tooLong,omitempty" doc:"The texts differ in too much to be compared line by line here"`
}

// Any reports whether anything differs.
func (d *DraftChange) Any() bool {
	return d != nil && (len(d.Fields) > 0 || len(d.Lines) > 0 || d.TooLong)
}

// ChangedField is a field of a conclusion that differs.
type ChangedField struct {
	Field string `json:"field"`
	Name  string `json:"name"`
}

// MissingPart is a mandatory part that is not there.
type MissingPart ChangedField

func (s *Server) drafts(ctx context.Context, in *CaseID) (*reply[Drafts], error) {
	c, err := s.readCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	q := requestOf(ctx)
	if !ofRegulator(c, person(ctx)) {
		return nil, review.Refuse(review.NotFound)
	}
	events, err := s.db.Events(ctx, c.ID, q.viewer())
	if err != nil {
		return nil, err
	}
	return answer(s.draftsOf(ctx, c, events))
}

// ofRegulator reports whether the person works on cases of this regulator.
func ofRegulator(c review.Case, p postgres.Person) bool {
	return slices.ContainsFunc(p.Memberships, func(m postgres.Membership) bool {
		return m.Unit == c.Regulator && (m.Role == review.Officer || m.Role == review.Checker || m.Role == review.Approver)
	})
}

// draftsOf gathers the drafts of the present round from the history.
func (s *Server) draftsOf(ctx context.Context, c review.Case, events []postgres.EventRow) (Drafts, error) {
	l := requestOf(ctx).lang
	out := Drafts{Drafts: []DraftAnswer{}, Missing: []MissingPart{}}
	for _, e := range events {
		switch k := e.Action.Conclusion; {
		case e.Round != c.Round:
		case e.Action.Kind == review.DraftOpinion && k != nil:
			out.Drafts = append(out.Drafts, DraftAnswer{Version: e.Version, At: e.At, By: e.Action.Actor.Person, ByName: e.ActorName, Written: k.Written, Conclusion: *k})
		case e.Action.Kind == review.Undo && e.To == review.RegReview && len(out.Drafts) > 0 && (e.From == review.RegSign || e.From == review.RegCheck):
			out.Drafts[len(out.Drafts)-1].TakenBack = true
		}
	}
	var err error
	for i := 1; i < len(out.Drafts); i++ {
		if out.Drafts[i].Since, err = s.draftChange(ctx, l, out.Drafts[i-1].Conclusion, out.Drafts[i].Conclusion); err != nil {
			return out, err
		}
	}
	if c.Draft == nil || c.Status != review.RegSign && c.Status != review.RegCheck {
		return out, nil
	}
	if n := len(out.Drafts); n > 0 {
		if out.Signing, err = s.draftChange(ctx, l, out.Drafts[n-1].Conclusion, *c.Draft); err != nil {
			return out, err
		}
	}
	for _, f := range c.Draft.Missing(c) {
		out.Missing = append(out.Missing, MissingPart{f, wordOr(fieldNames[f].in(l), f)})
	}
	return out, nil
}

// draftFieldNames name what fieldNames names as something to put right.
var draftFieldNames = map[string]words{
	"conclusion.advice": {"工作建议", "work suggestions"}, "conclusion.notHeard": {"未听取意见的情形", "ground for hearing nobody"},
}

// draftChange compares what a person wrote in two drafts; what the system fills in at a signature is no change of theirs.
func (s *Server) draftChange(ctx context.Context, l lang, was, is review.Conclusion) (*DraftChange, error) {
	out := &DraftChange{Fields: []ChangedField{}, Lines: []DiffLine{}}
	for _, f := range []struct {
		name    string
		was, is any
	}{
		{"result", was.Result, is.Result}, {"textHash", was.TextHash, is.TextHash}, {"standards", was.Standards, is.Standards},
		{"written", was.Written, is.Written}, {"howHeard", was.HowHeard, is.HowHeard}, {"notHeard", was.NotHeard, is.NotHeard},
		{"prelim", was.Prelim, is.Prelim}, {"findings", orEmpty(was.Findings), orEmpty(is.Findings)}, {"dropped", orEmpty(was.Dropped), orEmpty(is.Dropped)},
		{"useJoint", was.UseJoint, is.UseJoint}, {"usePanel", was.UsePanel, is.UsePanel}, {"advice", orEmpty(was.Advice), orEmpty(is.Advice)},
		{"risks", orEmpty(was.Risks), orEmpty(is.Risks)},
	} {
		if field := "conclusion." + f.name; !reflect.DeepEqual(f.was, f.is) {
			name, ok := draftFieldNames[field]
			if !ok {
				name = fieldNames[field]
			}
			out.Fields = append(out.Fields, ChangedField{field, wordOr(name.in(l), field)})
		}
	}
	if was.Written == is.Written {
		return out, nil
	}
	var texts [2]string
	for i, hash := range []string{was.Written, is.Written} {
		var err error
		texts[i], err = s.db.Text(ctx, hash, requestOf(ctx).viewer())
		if err != nil && review.CodeOf(err) != review.NotFound {
			return nil, err
		}
	}
	lines, ok := diffLines(texts[0], texts[1])
	out.Lines, out.TooLong = orEmpty(lines), !ok
	return out, nil
}

// DiffLine is a line that went, came or stayed; Op "gap" stands for lines that stayed and are left out.
type DiffLine struct {
	Op   string `json:"op" enum:"old,new,same,gap"`
	Text string `json:"text,omitempty"`
}

const (
	diffCells   = 1 << 20 // of the table of common lines
	diffShown   = 400     // lines of an answer
	diffContext = 2       // unchanged lines round a change
)

// diffLines compares two texts line by line by their longest common subsequence; false when they differ in more than can be
// compared, or shown, within bounds.
func diffLines(was, is string) ([]DiffLine, bool) {
	a, b := splitLines(was), splitLines(is)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	x, y := a[head:len(a)-tail], b[head:len(b)-tail]
	if (len(x)+1)*(len(y)+1) > diffCells {
		return nil, false
	}
	// common[i][j] is the length of the longest common subsequence of x[i:] and y[j:].
	common := make([][]int32, len(x)+1)
	for i := range common {
		common[i] = make([]int32, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var all []DiffLine
	for _, s := range a[:head] {
		all = append(all, DiffLine{"same", s})
	}
	for i, j := 0, 0; i < len(x) || j < len(y); {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			all = append(all, DiffLine{"same", x[i]})
			i, j = i+1, j+1
		case i < len(x) && (j == len(y) || common[i+1][j] >= common[i][j+1]):
			all = append(all, DiffLine{"old", x[i]})
			i++
		default:
			all = append(all, DiffLine{"new", y[j]})
			j++
		}
	}
	for _, s := range a[len(a)-tail:] {
		all = append(all, DiffLine{"same", s})
	}
	out := nearChanges(all)
	return out[:min(len(out), diffShown)], len(out) <= diffShown
}

// nearChanges leaves out what stayed and has no change near it.
func nearChanges(all []DiffLine) []DiffLine {
	keep := make([]bool, len(all))
	for i, line := range all {
		if line.Op == "same" {
			continue
		}
		for k := max(0, i-diffContext); k <= min(len(all)-1, i+diffContext); k++ {
			keep[k] = true
		}
	}
	var out []DiffLine
	for i, line := range all {
		switch {
		case keep[i]:
			out = append(out, line)
		case i > 0 && keep[i-1] || i == 0:
			out = append(out, DiffLine{Op: "gap"})
		}
	}
	if !slices.Contains(keep, true) {
		return nil
	}
	return out
}

func splitLines(s string) []string {
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(s, "\r\n", "\n"), "\n"), "\n")
}
