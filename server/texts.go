package server

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

type putTextInput struct {
	Keyed
	Body struct {
		Text string `json:"text" doc:"Plain text, at most 1 MiB"`
	}
}

// StoredText is a text under its hash.
type StoredText struct {
	Hash       string   `json:"hash" doc:"SHA-256, hex"`
	Clauses    []string `json:"clauses" nullable:"false" doc:"Labels of its clauses, in order"`
	Splittable bool     `json:"splittable" doc:"false: it has no numbering and is one clause, 全文, unless it is split by hand (text.breaks of an action)"`
	Text       string   `json:"text,omitempty"`
}

func storedText(hash, text string) StoredText {
	return StoredText{Hash: hash, Clauses: review.Clauses(text), Splittable: review.Splittable(text)}
}

func (s *Server) putText(ctx context.Context, in *putTextInput) (*reply[StoredText], error) {
	if err := review.CleanText(in.Body.Text); err != nil {
		return nil, err
	}
	who := person(ctx).ID
	stored, err := s.db.Idempotent(ctx, who, in.Key, digest("POST /texts", "", in.Body), func(tx *postgres.Tx) (any, error) {
		hash, err := tx.PutText(ctx, who, in.Body.Text)
		return storedText(hash, in.Body.Text), err
	})
	var out StoredText
	if err == nil {
		err = json.Unmarshal(stored, &out)
	}
	return answer(out, err)
}

type textInput struct {
	Hash string `path:"hash" doc:"SHA-256, hex"`
}

func (s *Server) text(ctx context.Context, in *textInput) (*reply[StoredText], error) {
	t, err := s.readText(ctx, in.Hash)
	if err != nil {
		return nil, err
	}
	out := storedText(in.Hash, t)
	out.Text = t
	return answer(out, nil)
}

func (s *Server) readText(ctx context.Context, hash string) (string, error) {
	if !isHash(hash) {
		return "", review.Refuse(review.NotFound)
	}
	body, err := s.db.Text(ctx, hash, requestOf(ctx).viewer())
	if err != nil {
		return "", err
	}
	return body, s.db.NoteTextRead(ctx, person(ctx).ID, hash, time.Now())
}

// usableText returns a stored text that the person may put forward, or refuses the field that names it.
func (s *Server) usableText(ctx context.Context, p postgres.Person, hash, field string) (string, error) {
	if !isHash(hash) {
		return "", review.Refuse(review.Invalid, "field", field)
	}
	body, err := s.db.UsableText(ctx, hash, p.ID)
	if review.CodeOf(err) == review.NotFound {
		return "", review.Refuse(review.Invalid, "field", field)
	}
	return body, err
}

// splitText makes of a text that an action brings what the case keeps of it: its clauses, cut by their numbers or by hand,
// each under the id of the clause that it was in the present text. ClausesUnsure when a person must say which was which.
func (s *Server) splitText(ctx context.Context, p postgres.Person, c review.Case, t review.Text) (*review.Text, error) {
	body, err := s.usableText(ctx, p, t.Hash, "text.hash")
	if err != nil {
		return nil, err
	}
	clauses, err := cutText(body, t.Breaks)
	if err != nil {
		return nil, err
	}
	m, err := s.matchText(ctx, c, requestOf(ctx).viewer(), clauses, t.Matches)
	if err != nil {
		return nil, err
	}
	if len(m.unsure) > 0 {
		return nil, unsureRefusal(m.unsure)
	}
	out := review.TextOf(t.Hash, clauses, m.ids)
	out.Matches, out.Breaks = t.Matches, t.Breaks
	return &out, nil
}

func cutText(body string, breaks []review.Break) ([]review.Clause, error) {
	if len(breaks) > 0 {
		return review.SplitAt(body, breaks)
	}
	return review.Split(body), nil
}

// unsureRefusal names the first twenty; GET /texts/{hash}/clauses lists them all.
func unsureRefusal(unsure []review.Unsure) error {
	var labels, candidates []string
	for _, u := range unsure[:min(len(unsure), 20)] {
		labels, candidates = append(labels, u.Label), append(candidates, u.Label+": "+strings.Join(u.Candidates, ", "))
	}
	return review.Refuse(review.ClausesUnsure, "count", strconv.Itoa(len(unsure)), "labels", strings.Join(labels, "、"), "candidates", strings.Join(candidates, "; "))
}

// textMatch is a new text held against the one the case stands on.
type textMatch struct {
	against string // hash; "" when the case has no text yet
	old     []review.Clause
	oldIDs  []string
	oldBody string
	ids     []string
	unsure  []review.Unsure
}

func (s *Server) matchText(ctx context.Context, c review.Case, v review.Viewer, next []review.Clause, answers []review.ClauseMatch) (textMatch, error) {
	before, err := s.db.CaseTexts(ctx, c.ID, v)
	if err != nil {
		return textMatch{}, err
	}
	m, last := textMatch{against: c.Text.Hash}, review.LastClause(append(before, c.Text))
	if c.Text.Hash != "" {
		if m.oldBody, err = s.db.CaseText(ctx, c.ID, c.Text.Hash, v); err != nil {
			return textMatch{}, err
		}
		m.old, m.oldIDs = known(m.oldBody, c.Text)
		last = max(last, review.LastClause([]review.Text{{IDs: m.oldIDs}}))
	}
	m.ids, m.unsure, err = review.Match(m.old, m.oldIDs, next, answers, last)
	return m, err
}

// known are the clauses of a text that a case recorded, under the ids that it gave them. A text of a time before ids were
// kept is numbered by its order.
func known(body string, t review.Text) ([]review.Clause, []string) {
	clauses, err := cutText(body, t.Breaks)
	if err != nil {
		clauses = review.Split(body)
	}
	if len(t.IDs) > 0 {
		return clauses, t.IDsFor(clauses)
	}
	ids, _, _ := review.Match(nil, nil, clauses, nil, 0)
	return clauses, ids
}

// TextClauses is a text by its clauses.
type TextClauses struct {
	Hash       string         `json:"hash"`
	Splittable bool           `json:"splittable" doc:"false: it has no numbering; give text.breaks with the action to split it by hand"`
	Clauses    []ClauseAnswer `json:"clauses" nullable:"false"`
	Against    string         `json:"against,omitempty" doc:"Hash of the case's present text that it was matched with"`
	Unsure     []UnsureClause `json:"unsure" nullable:"false" doc:"Clauses of which a person must say what they were: text.matches of the action"`
}

// ClauseAnswer is one clause, or a part of one.
type ClauseAnswer struct {
	ID     string         `json:"id,omitempty" doc:"The same from version to version; empty while unsure, or without a case"`
	Label  string         `json:"label"`
	Depth  int            `json:"depth" doc:"0: what stands before the first clause"`
	First  int            `json:"first" doc:"First line, from 1"`
	Last   int            `json:"last" doc:"Last line"`
	Text   string         `json:"text,omitempty"`
	Parts  []ClauseAnswer `json:"parts,omitempty" nullable:"false" doc:"Paragraphs and items, which a finding may name"`
	Change string         `json:"change,omitempty" enum:"same,changed,added" doc:"Against the present text"`
}

// UnsureClause asks which clause of the present text a clause was.
type UnsureClause struct {
	Label      string         `json:"label"`
	Candidates []ClauseAnswer `json:"candidates" nullable:"false" doc:"The nearest first; none of them: new"`
}

type clausesInput struct {
	Hash string `path:"hash" doc:"SHA-256, hex"`
	Case string `query:"case" maxLength:"36" doc:"Case whose present text it is matched with"`
}

func (s *Server) textClauses(ctx context.Context, in *clausesInput) (*reply[TextClauses], error) {
	body, err := s.readText(ctx, in.Hash)
	if err != nil {
		return nil, err
	}
	clauses, m := review.Split(body), textMatch{}
	if in.Case != "" {
		v := requestOf(ctx).viewer()
		c, err := s.readCase(ctx, in.Case)
		if err != nil {
			return nil, err
		}
		before, err := s.db.CaseTexts(ctx, c.ID, v)
		if err != nil {
			return nil, err
		}
		if t, ok := recorded(before, in.Hash); ok {
			clauses, m.ids = known(body, t)
		} else if m, err = s.matchText(ctx, c, v, clauses, nil); err != nil {
			return nil, err
		}
	}
	out := TextClauses{Hash: in.Hash, Splittable: review.Splittable(body), Against: m.against, Clauses: clauseAnswers(body, clauses, m.ids), Unsure: []UnsureClause{}}
	for i := range out.Clauses {
		a := &out.Clauses[i]
		for _, p := range review.Parts(body, clauses[i]) {
			part := clauseAnswers(body, []review.Clause{p}, nil)[0]
			part.Text = ""
			a.Parts = append(a.Parts, part)
		}
		if m.against == "" || a.ID == "" {
			continue
		}
		a.Change = review.RowAdded
		if j := slices.Index(m.oldIDs, a.ID); j >= 0 {
			a.Change = review.RowChanged
			if m.old[j].Sum == clauses[i].Sum {
				a.Change = review.RowSame
			}
		}
	}
	olds := clauseAnswers(m.oldBody, m.old, m.oldIDs)
	for _, u := range m.unsure {
		q := UnsureClause{Label: u.Label, Candidates: []ClauseAnswer{}}
		for _, id := range u.Candidates {
			q.Candidates = append(q.Candidates, olds[slices.Index(m.oldIDs, id)])
		}
		out.Unsure = append(out.Unsure, q)
	}
	return answer(out, nil)
}

// recorded is the latest of a case's texts with the hash.
func recorded(texts []review.Text, hash string) (review.Text, bool) {
	for _, t := range slices.Backward(texts) {
		if t.Hash == hash {
			return t, true
		}
	}
	return review.Text{}, false
}

func clauseAnswers(body string, clauses []review.Clause, ids []string) []ClauseAnswer {
	out := make([]ClauseAnswer, len(clauses))
	line, at := 1, 0
	for i, c := range clauses {
		if c.Start < at { // a part, on its own
			line, at = 1, 0
		}
		line, at = line+strings.Count(body[at:c.Start], "\n"), c.Start
		words := body[c.Start:c.End]
		out[i] = ClauseAnswer{Label: c.Label, Depth: c.Depth, First: line, Last: line + strings.Count(strings.TrimSuffix(words, "\n"), "\n"), Text: words}
		if i < len(ids) {
			out[i].ID = ids[i]
		}
	}
	return out
}

// Comparison sets two texts of a case side by side, clause by clause.
type Comparison struct {
	From string          `json:"from"`
	To   string          `json:"to"`
	Rows []ComparisonRow `json:"rows" nullable:"false" doc:"In the order of the later text; what is gone stands after what was before it"`
}

// ComparisonRow is a clause and what it was.
type ComparisonRow struct {
	ID          string `json:"id,omitempty"`
	State       string `json:"state" enum:"same,changed,added,removed" doc:"same: not a word differs, though its number may"`
	LabelBefore string `json:"labelBefore,omitempty"`
	LabelAfter  string `json:"labelAfter,omitempty"`
	Before      string `json:"before,omitempty"`
	After       string `json:"after,omitempty"`
}

type compareInput struct {
	CaseID
	From string `query:"from" required:"true" minLength:"64" maxLength:"64" doc:"Hash of the earlier text"`
	To   string `query:"to" required:"true" minLength:"64" maxLength:"64" doc:"Hash of the later text"`
}

// compare sets two texts that the case names side by side. The ids are those that the case gave; a text that it never
// stood on (the issued one, a preliminary opinion) is matched with the other as far as there is no doubt.
func (s *Server) compare(ctx context.Context, in *compareInput) (*reply[Comparison], error) {
	c, err := s.readCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	v := requestOf(ctx).viewer()
	texts, err := s.db.CaseTexts(ctx, c.ID, v)
	if err != nil {
		return nil, err
	}
	var bodies [2]string
	var clauses [2][]review.Clause
	var ids [2][]string
	for i, hash := range []string{in.From, in.To} {
		if bodies[i], err = s.db.CaseText(ctx, c.ID, hash, v); err != nil {
			return nil, err
		}
		if t, ok := recorded(texts, hash); ok && len(t.IDs) > 0 {
			clauses[i], ids[i] = known(bodies[i], t)
		} else {
			clauses[i] = review.Split(bodies[i])
		}
	}
	last := review.LastClause(texts)
	if ids[0] == nil && ids[1] == nil {
		clauses[0], ids[0] = known(bodies[0], review.Text{})
		last = len(clauses[0])
	}
	for i := range ids {
		if ids[i] == nil {
			if ids[i], _, err = review.Match(clauses[1-i], ids[1-i], clauses[i], nil, last); err != nil {
				return nil, err
			}
		}
	}
	out := Comparison{From: in.From, To: in.To, Rows: []ComparisonRow{}}
	for _, r := range review.Align(clauses[0], ids[0], clauses[1], ids[1]) {
		row := ComparisonRow{ID: r.ID, State: r.State}
		if r.Before >= 0 {
			b := clauses[0][r.Before]
			row.LabelBefore, row.Before = b.Label, bodies[0][b.Start:b.End]
		}
		if r.After >= 0 {
			a := clauses[1][r.After]
			row.LabelAfter, row.After = a.Label, bodies[1][a.Start:a.End]
		}
		out.Rows = append(out.Rows, row)
	}
	return answer(out, nil)
}
