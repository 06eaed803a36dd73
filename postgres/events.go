package postgres

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fairreview/fairreview/review"
)

// EventRow is one line of a case's history, as the viewer may see it.
type EventRow struct {
	review.Event
	Hash      string `json:"hash"`
	ActorName string `json:"actorName"`
	UnitName  string `json:"unitName,omitempty"`
	ForName   string `json:"forName,omitempty"` // whose agent acted
}

// Events returns the history of a case, oldest first, without what the viewer may not see; NotFound like Case.
func (db *DB) Events(ctx context.Context, id string, v review.Viewer) ([]EventRow, error) {
	c, err := db.readable(ctx, id, v)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Version  int    `db:"version"`
		Payload  []byte `db:"payload"`
		Hash     []byte `db:"hash"`
		Name     string `db:"name"`
		UnitName string `db:"unit_name"`
	}
	if err := db.sql.SelectContext(ctx, &rows, `
		SELECT e.version, e.payload, e.hash, coalesce(p.name, e.person) AS name, coalesce(u.name, e.unit) AS unit_name
		FROM events e
		LEFT JOIN people p ON p.id = e.person
		LEFT JOIN units u ON u.id = e.unit
		WHERE e.case_id = $1
		ORDER BY e.version`, id); err != nil {
		return nil, err
	}
	out := make([]EventRow, 0, len(rows))
	var principals []string
	for _, r := range rows {
		var e entry
		if err := json.Unmarshal(r.Payload, &e); err != nil {
			return nil, fmt.Errorf("event %s/%d: %w", id, r.Version, err)
		}
		seen, ok := review.ViewEvent(c, e.Event, v)
		if !ok {
			continue
		}
		row := EventRow{Event: seen, Hash: hex.EncodeToString(r.Hash), ActorName: r.Name, UnitName: r.UnitName}
		if seen.Action.Actor != e.Event.Action.Actor {
			row.ActorName, row.UnitName = seen.Action.Actor.Person, "" // an expert's alias, in place of the name
		}
		if seen.Action.Actor.For != "" {
			principals = append(principals, seen.Action.Actor.For)
		}
		out = append(out, row)
	}
	names, err := db.Names(ctx, principals)
	for i := range out {
		out[i].ForName = names[out[i].Action.Actor.For]
	}
	return out, err
}

// CaseAt returns the case as it stood after one of its events, as the viewer may see it; NotFound like Case, for a version that
// never was, and for a finished record from a file, which has no history to tell.
func (db *DB) CaseAt(ctx context.Context, id string, version int, v review.Viewer) (review.Case, error) {
	now, err := db.readable(ctx, id, v)
	if err != nil {
		return review.Case{}, err
	}
	var rows []struct {
		Payload           []byte     `db:"payload"`
		Due               *time.Time `db:"due"`
		DueProvisional    bool       `db:"due_provisional"`
		ReviewDue         *time.Time `db:"review_due"`
		ReviewProvisional bool       `db:"review_provisional"`
	}
	if err := db.sql.SelectContext(ctx, &rows, `
		SELECT payload, due, due_provisional, review_due, review_provisional
		FROM events
		WHERE case_id = $1 AND version <= $2
		ORDER BY version`, id, version); err != nil {
		return review.Case{}, err
	}
	if len(rows) == 0 || len(rows) < version {
		return review.Case{}, review.Refuse(review.NotFound)
	}
	history := make([]review.Told, len(rows))
	for i, r := range rows {
		var e entry
		if err := json.Unmarshal(r.Payload, &e); err != nil {
			return review.Case{}, fmt.Errorf("event %s/%d: %w", id, i+1, err)
		}
		if e.Imported {
			return review.Case{}, review.Refuse(review.NotFound)
		}
		history[i] = review.Told{Event: e.Event, Assigned: review.Assigned{Number: now.Number}}
		if r.Due != nil {
			history[i].Clock = &review.Clock{Due: r.Due.UTC(), Provisional: r.DueProvisional}
		}
		if r.ReviewDue != nil {
			history[i].Review = &review.Meter{Due: r.ReviewDue.UTC(), Provisional: r.ReviewProvisional}
		}
	}
	c, err := review.Retell(id, history)
	return review.View(c, v), err
}
