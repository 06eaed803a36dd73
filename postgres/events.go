package postgres

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/fairreview/fairreview/review"
)

// EventRow is one line of a case's history, as the viewer may see it.
type EventRow struct {
	review.Event
	Hash      string `json:"hash"`
	ActorName string `json:"actorName"`
	UnitName  string `json:"unitName,omitempty"`
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
		out = append(out, row)
	}
	return out, nil
}
