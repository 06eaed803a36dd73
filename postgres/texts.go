package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// PutText stores a text under its SHA-256 and records who put it, and in which units they are. Putting it again, by
// anyone, changes nothing but who may use it. It links the text to no case: an action does, by naming the hash.
// Refusals are those of review.CleanText.
func (db *DB) PutText(ctx context.Context, person, text string) (string, error) {
	var hash string
	err := db.inTx(ctx, func(tx *sqlx.Tx) error {
		var err error
		hash, err = putText(ctx, tx, db, person, text)
		return err
	})
	return hash, refusal(err)
}

func putText(ctx context.Context, tx *sqlx.Tx, db *DB, person, text string) (string, error) {
	if err := review.CleanText(text); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	hash, now := hex.EncodeToString(sum[:]), db.now()
	_, err := tx.ExecContext(ctx, `
		INSERT INTO texts (hash, body, created_at) VALUES ($1, $2, $3)
		ON CONFLICT (hash) DO NOTHING`, hash, text, now)
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO text_holders (hash, person, unit, put_at)
		SELECT DISTINCT $1, p.id, coalesce(m.unit, ''), CAST($4 AS timestamptz)
		FROM people p
		LEFT JOIN memberships m ON m.person = p.id AND m.valid_from <= $3 AND (m.valid_to IS NULL OR $3 < m.valid_to)
		WHERE p.id = $2
		ON CONFLICT (hash, person, unit) DO NOTHING`, hash, person, string(review.DateOf(now)), now)
	return hash, err
}

// Text returns a stored text to who put it and to whoever may read a case that names it; NotFound to all others.
func (db *DB) Text(ctx context.Context, hash string, v review.Viewer) (string, error) {
	var body string
	err := db.sql.GetContext(ctx, &body, `
		SELECT t.body
		FROM texts t
		WHERE t.hash = $1 AND (
			EXISTS (SELECT FROM text_holders h WHERE h.hash = t.hash AND h.person = $2)
			OR EXISTS (SELECT FROM case_texts x JOIN case_readers r ON r.case_id = x.case_id
				WHERE x.hash = t.hash AND (r.unit = ANY ($3) OR r.person = $2 AND r.person <> '')))`,
		printable(hash), v.Person, pq.StringArray(v.Units))
	return body, missing(err)
}

// TextClauses returns the clause labels of a stored text that the person may put forward: put by them or by somebody of
// a unit of theirs, or named by a case that they may read; NotFound otherwise.
func (db *DB) TextClauses(ctx context.Context, hash, person string) ([]string, error) {
	var body string
	err := db.sql.GetContext(ctx, &body, `
		WITH mine AS (
			SELECT unit FROM memberships
			WHERE person = $2 AND valid_from <= $3 AND (valid_to IS NULL OR $3 < valid_to)
		)
		SELECT t.body
		FROM texts t
		WHERE t.hash = $1 AND (
			EXISTS (SELECT FROM text_holders h WHERE h.hash = t.hash AND (h.person = $2 OR h.unit IN (SELECT unit FROM mine)))
			OR EXISTS (SELECT FROM case_texts x JOIN case_readers r ON r.case_id = x.case_id
				WHERE x.hash = t.hash AND (r.unit IN (SELECT unit FROM mine) OR r.person = $2 AND r.person <> '')))`,
		printable(hash), person, string(review.DateOf(db.now())))
	if err != nil {
		return nil, missing(err)
	}
	return review.Clauses(body), nil
}

// printable keeps what PostgreSQL would refuse as text from becoming a fault: nothing is stored under it.
func printable(s string) string {
	if !review.CleanString(s) {
		return ""
	}
	return s
}
