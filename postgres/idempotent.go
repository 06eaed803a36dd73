package postgres

import (
	"context"
	"encoding/json"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// Tx is what a write that is no action on a case may do in its transaction.
type Tx struct {
	tx *sqlx.Tx
	db *DB
}

// PutText is DB.PutText in the transaction.
func (t *Tx) PutText(ctx context.Context, person, text string) (string, error) {
	return putText(ctx, t.tx, t.db, person, text)
}

// Idempotent does a write once per person and key and returns its answer as JSON. The same key with the same digest
// answers as it did then, also when both come at the same time; with another digest it is KeyReused. A write that
// fails leaves nothing, so that the key may be used again.
func (db *DB) Idempotent(ctx context.Context, person, key, digest string, do func(*Tx) (any, error)) (json.RawMessage, error) {
	var answer json.RawMessage
	err := db.inTx(ctx, func(tx *sqlx.Tx) error {
		var stored struct {
			Digest string          `db:"digest"`
			Answer json.RawMessage `db:"answer"`
		}
		added, err := tx.ExecContext(ctx, `
			INSERT INTO requests (person, key, digest, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (person, key) DO NOTHING`, person, key, digest, db.now())
		if err != nil {
			return err
		}
		if n, err := added.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			if err := tx.GetContext(ctx, &stored, `
				SELECT digest, answer FROM requests
				WHERE person = $1 AND key = $2`, person, key); err != nil {
				return err
			}
			if stored.Digest != digest {
				return review.Refuse(review.KeyReused)
			}
			answer = stored.Answer
			return nil
		}
		result, err := do(&Tx{tx: tx, db: db})
		if err != nil {
			return err
		}
		if answer, err = json.Marshal(result); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE requests SET answer = $3
			WHERE person = $1 AND key = $2`, person, key, string(answer))
		return err
	})
	return answer, refusal(err)
}
