package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fairreview/fairreview/review"
)

// ErrAhead is what Save returns when the record holds the version already with another content. The running case has
// forgotten what it did: its machine died between our commit and its own. The record is a line of versions and stays
// one, so nothing is lost; the running case takes over what Stored returns and asks again.
var ErrAhead = errors.New("the record is ahead of the running case")

// Stored returns the whole case as the record has it, unredacted, for the running case alone: NotFound when there is
// none. Nobody who looks at a case gets it from here; that is what Case is for.
func (db *DB) Stored(ctx context.Context, id string) (review.Case, error) {
	if !isUUID(id) {
		return review.Case{}, review.Refuse(review.NotFound)
	}
	var state []byte
	if err := db.sql.GetContext(ctx, &state, `SELECT state FROM cases WHERE id = $1 AND NOT imported`, id); err != nil {
		return review.Case{}, missing(err)
	}
	var c review.Case
	if err := json.Unmarshal(state, &c); err != nil {
		return review.Case{}, fmt.Errorf("read case %s: %w", id, err)
	}
	return c, nil
}

// Touched is a case and the version the record has of it.
type Touched struct {
	ID      string `db:"id"`
	Version int    `db:"version"`
}

// LastTouched returns the cases that were written within d of the last write of all, newest first, limit at most: those
// that a machine which died then may have left behind the record.
func (db *DB) LastTouched(ctx context.Context, d time.Duration, limit int) ([]Touched, error) {
	var out []Touched
	err := db.sql.SelectContext(ctx, &out, `
		SELECT id, version
		FROM cases
		WHERE NOT imported AND updated_at >= (SELECT max(updated_at) FROM cases WHERE NOT imported) - $1 * INTERVAL '1 second'
		ORDER BY updated_at DESC
		LIMIT $2`, d.Seconds(), limit)
	return out, err
}
