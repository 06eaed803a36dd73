package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// Override lets an expert sit in a round of a case in spite of what stood against them when it was recorded.
type Override struct {
	ID        string            `db:"id" json:"id"`
	Round     int               `db:"round" json:"round"`
	Expert    string            `db:"expert" json:"expert"`
	Raw       json.RawMessage   `db:"interests" json:"-"`
	Interests []review.Interest `db:"-" json:"interests"`
	Reason    string            `db:"reason" json:"reason"`
	By        string            `db:"by" json:"by"`
	At        time.Time         `db:"at" json:"at"`
}

// Covers reports whether the override was for all of these, and by none of the hands that form the panel.
func (o Override) Covers(interests []review.Interest, hands ...string) bool {
	for _, h := range hands {
		if h == o.By {
			return false
		}
	}
	return !slices.ContainsFunc(interests, func(i review.Interest) bool { return !slices.Contains(o.Interests, i) })
}

// OverrideInterests records an override, for good. Missing without a reason; Invalid, expert, when nothing stands against them.
func (t *Tx) OverrideInterests(ctx context.Context, caseID string, o Override) error {
	var err error
	if o.Reason, err = poolReason(o.Reason, true); err != nil {
		return err
	}
	if len(o.Interests) == 0 {
		return review.Refuse(review.Invalid, "field", "expert")
	}
	interests, err := json.Marshal(o.Interests)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		INSERT INTO panel_overrides (id, case_id, round, expert, interests, reason, by, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		o.ID, caseID, o.Round, o.Expert, string(interests), o.Reason, o.By, t.db.now())
	return refusal(err)
}

// Overrides are those of a case, the oldest first.
func (db *DB) Overrides(ctx context.Context, caseID string) ([]Override, error) {
	out := []Override{}
	if err := db.sql.SelectContext(ctx, &out, `
		SELECT id, round, expert, interests, reason, by, at
		FROM panel_overrides
		WHERE case_id = $1
		ORDER BY at, id`, caseID); err != nil {
		return nil, err
	}
	for i := range out {
		if err := json.Unmarshal(out[i].Raw, &out[i].Interests); err != nil {
			return nil, fmt.Errorf("override %s: %w", out[i].ID, err)
		}
	}
	return out, nil
}

// Formation is how a panel came about: drawn, or picked by hand.
type Formation struct {
	Round     int            `db:"round" json:"round"`
	How       string         `db:"how" json:"how" enum:"drawn,hand_picked"`
	Draw      string         `db:"draw" json:"draw,omitempty"`
	Overrides pq.StringArray `db:"overrides" json:"overrides"`
	By        string         `db:"by" json:"by"`
	At        time.Time      `db:"at" json:"at"`
	Version   int            `db:"version" json:"version" doc:"Of the event"`
}

// Formed picked by hand: no draw was made.
const (
	FormedDrawn  = "drawn"
	FormedByHand = "hand_picked"
)

// NoteFormation writes, before the action is handed on, how its panel came about; repeating it changes nothing.
func (db *DB) NoteFormation(ctx context.Context, requestID, caseID string, f Formation) error {
	_, err := db.sql.ExecContext(ctx, `
		INSERT INTO panel_formations (request_id, case_id, round, how, draw, overrides, by, at)
		VALUES ($1, $2, $3, $4, CAST(nullif($5, '') AS uuid), CAST($6 AS uuid[]), $7, $8)
		ON CONFLICT (request_id) DO NOTHING`,
		requestID, caseID, f.Round, f.How, f.Draw, pq.StringArray(append([]string{}, f.Overrides...)), f.By, db.now())
	return refusal(err)
}

// Formations of a case: those that an event shows to have happened, the oldest first.
func (db *DB) Formations(ctx context.Context, caseID string) ([]Formation, error) {
	out := []Formation{}
	err := db.sql.SelectContext(ctx, &out, `
		SELECT f.round, f.how, coalesce(CAST(f.draw AS text), '') AS draw, CAST(f.overrides AS text[]) AS overrides, f.by, e.at, e.version
		FROM panel_formations f
		JOIN events e ON e.request_id = f.request_id AND e.case_id = f.case_id
		WHERE f.case_id = $1
		ORDER BY e.version`, caseID)
	return out, err
}

// PanelDrawRequest asks for a draw for the panel of a case in its round. Eligible are the people who could sit on it.
type PanelDrawRequest struct {
	ID         string // a new UUID
	Person     string
	Regulator  string
	Case       string
	Round      int
	Fields     []string
	Take       int
	Alternates int
	Eligible   []string
	Reason     string // why again, when the round has a draw
}

// RequestPanelDraw fixes the list of who can be drawn, and its hash; there is no seed yet. When the round has a draw this is
// drawing again: DrawnBefore without a reason, or when that was asked already; a second officer must then agree. Invalid for
// a size that no panel has; PoolTooSmall says by how many.
func (t *Tx) RequestPanelDraw(ctx context.Context, q PanelDrawRequest) error {
	switch {
	case !isUUID(q.ID) || !isUUID(q.Case):
		return review.Refuse(review.Invalid, "field", "id")
	case q.Take < review.PanelLeast || q.Take > review.PanelMost || q.Take%2 == 0:
		return review.Refuse(review.Invalid, "field", "take")
	case !review.PanelSize(q.Take, q.Alternates):
		return review.Refuse(review.Invalid, "field", "alternates")
	}
	reason, err := poolReason(q.Reason, false)
	if err != nil {
		return err
	}
	eligible := slices.Compact(slices.Sorted(slices.Values(q.Eligible)))
	if need := q.Take + q.Alternates; len(eligible) < need {
		return review.Refuse(review.PoolTooSmall, "lack", strconv.Itoa(need-len(eligible)), "have", strconv.Itoa(len(eligible)), "need", strconv.Itoa(need))
	}
	fields := slices.Compact(slices.Sorted(slices.Values(q.Fields)))
	r := review.DrawRecord{Format: 1, ID: q.ID, What: review.PanelDraw, Regulator: q.Regulator, Take: q.Take, TakeAlternates: q.Alternates,
		Filter:   review.DrawFilter{Case: q.Case, Round: q.Round, Fields: strings.Join(fields, ",")},
		Eligible: eligible, EligibleHash: review.EligibleHash(eligible), RequestedBy: q.Person, RequestedAt: t.db.now()}
	before, err := lastPanelDraw(ctx, t.tx, q.Case, q.Round)
	if err != nil {
		return err
	}
	if before != "" {
		if reason == "" {
			return review.Refuse(review.DrawnBefore, "draw", before)
		}
		r.AgainOf, r.Reason = before, reason
	}
	return t.insertDraw(ctx, r)
}

// lastPanelDraw is the id of the draw of a case's round that has its seed and is followed by none that has; "" without one.
func lastPanelDraw(ctx context.Context, q getter, caseID string, round int) (string, error) {
	var id string
	err := q.GetContext(ctx, &id, `
		SELECT d.id FROM draws d
		WHERE d.what = 'panel' AND d.filter ->> 'case' = $1 AND d.filter ->> 'round' = $2 AND d.seed IS NOT NULL
		  AND NOT EXISTS (SELECT FROM draws a WHERE a.again_of = d.id AND a.seed IS NOT NULL)`, caseID, strconv.Itoa(round))
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

type getter interface {
	GetContext(ctx context.Context, dest any, query string, args ...any) error
}

// firstOfPanel refuses when another draw of the same round has its seed.
func (t *Tx) firstOfPanel(ctx context.Context, id string, f review.DrawFilter) error {
	before, err := lastPanelDraw(ctx, t.tx, f.Case, f.Round)
	if err == nil && before != "" && before != id {
		err = review.Refuse(review.DrawnBefore, "draw", before)
	}
	return err
}

// panelLabels are the names of who a seed draws for a panel, the alternates' after.
func (t *Tx) panelLabels(ctx context.Context, id, seed string, regulators []string) (pq.StringArray, error) {
	r, err := drawRecord(ctx, t.tx, id, regulators)
	if err != nil {
		return nil, err
	}
	r.Seed = seed
	if err := r.Pick(); err != nil {
		return nil, err
	}
	var names pq.StringArray
	err = t.tx.SelectContext(ctx, &names, `
		SELECT coalesce(p.name, d.id)
		FROM unnest(CAST($1 AS text[])) WITH ORDINALITY AS d (id, place)
		LEFT JOIN people p ON p.id = d.id
		ORDER BY d.place`, pq.StringArray(slices.Concat(r.Drawn, r.Alternates)))
	return names, err
}

// LastPanelDraw returns the record of the draw that stands for a case's round; found is false when none was drawn.
func (db *DB) LastPanelDraw(ctx context.Context, caseID string, round int, regulator string) (r review.DrawRecord, found bool, err error) {
	id, err := lastPanelDraw(ctx, db.sql, caseID, round)
	if err != nil || id == "" {
		return r, false, err
	}
	r, err = db.DrawRecord(ctx, id, []string{regulator})
	return r, err == nil, err
}

// PanelDraws lists the draws of a case, the newest first, also those that were asked for and never drawn.
func (db *DB) PanelDraws(ctx context.Context, caseID string) ([]DrawRow, error) {
	out := []DrawRow{}
	if err := db.sql.SelectContext(ctx, &out, drawSelect+`
		WHERE d.what = 'panel' AND d.filter ->> 'case' = $1
		ORDER BY d.requested_at DESC, d.id DESC
		LIMIT 200`, caseID); err != nil {
		return nil, err
	}
	return out, readFilters(out)
}

// CaseOfDraw returns the case for whose panel a draw of one of the regulators is; "" for a spot check. NotFound without one.
func (db *DB) CaseOfDraw(ctx context.Context, id string, regulators []string) (string, error) {
	if !isUUID(id) {
		return "", review.Refuse(review.NotFound)
	}
	var c string
	err := db.sql.GetContext(ctx, &c, `
		SELECT coalesce(filter ->> 'case', '') FROM draws WHERE id = $1 AND regulator = ANY ($2)`, id, pq.StringArray(regulators))
	return c, missing(err)
}
