package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

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

// TextClauses returns the clause labels of a stored text that the person may put forward; see UsableText.
func (db *DB) TextClauses(ctx context.Context, hash, person string) ([]string, error) {
	body, err := db.UsableText(ctx, hash, person)
	if err != nil {
		return nil, err
	}
	return review.Clauses(body), nil
}

// UsableText returns a stored text that the person may put forward: put by them or by somebody of a unit of theirs, or
// named by a case that they may read; NotFound otherwise.
func (db *DB) UsableText(ctx context.Context, hash, person string) (string, error) {
	var body string
	err := db.sql.GetContext(ctx, &body, `
		WITH held AS (
			SELECT unit, role FROM memberships
			WHERE person = $2 AND valid_from <= $3 AND (valid_to IS NULL OR $3 < valid_to)
		), mine AS (
			SELECT unit, role FROM held
			UNION
			SELECT t.id, h.role FROM held h CROSS JOIN LATERAL units_taken_over(h.unit) AS t (id)
		), reader (unit) AS ( -- as review.Desk and review.Chair name them
			SELECT unit FROM mine
			UNION
			SELECT unit || '/@' || $2 FROM mine
			UNION
			SELECT unit || '/' || role FROM mine
		)
		SELECT t.body
		FROM texts t
		WHERE t.hash = $1 AND (
			EXISTS (SELECT FROM text_holders h WHERE h.hash = t.hash AND (h.person = $2 OR h.unit IN (SELECT unit FROM mine)))
			OR EXISTS (SELECT FROM case_texts x JOIN case_readers r ON r.case_id = x.case_id
				WHERE x.hash = t.hash AND (r.unit IN (SELECT unit FROM reader) OR r.person = $2 AND r.person <> '')))`,
		printable(hash), person, string(review.DateOf(db.now())))
	return body, missing(err)
}

// CaseText returns a stored text that the case names, to whoever may read the case; NotFound otherwise.
func (db *DB) CaseText(ctx context.Context, caseID, hash string, v review.Viewer) (string, error) {
	if !isUUID(caseID) {
		return "", review.Refuse(review.NotFound)
	}
	var body string
	err := db.sql.GetContext(ctx, &body, `
		SELECT t.body
		FROM case_texts x
		JOIN texts t ON t.hash = x.hash
		WHERE x.case_id = $1 AND x.hash = $2 AND EXISTS (SELECT FROM case_readers r
			WHERE r.case_id = x.case_id AND (r.unit = ANY ($3) OR r.person = $4 AND r.person <> ''))`,
		caseID, printable(hash), pq.StringArray(v.Units), v.Person)
	return body, missing(err)
}

// CaseTexts returns the texts that the case stood on, oldest first, as their events recorded them: with the labels, ids
// and sums of their clauses. A case that the viewer may not read has none.
func (db *DB) CaseTexts(ctx context.Context, caseID string, v review.Viewer) ([]review.Text, error) {
	if !isUUID(caseID) {
		return nil, nil
	}
	var rows [][]byte
	err := db.sql.SelectContext(ctx, &rows, `
		SELECT t.body
		FROM events e
		CROSS JOIN LATERAL (SELECT CAST(CAST(convert_from(e.payload, 'UTF8') AS json) #> '{event,action,text}' AS text) AS body) t
		WHERE e.case_id = $1 AND t.body IS NOT NULL AND EXISTS (SELECT FROM case_readers r
			WHERE r.case_id = e.case_id AND (r.unit = ANY ($2) OR r.person = $3 AND r.person <> ''))
		ORDER BY e.version`, caseID, pq.StringArray(v.Units), v.Person)
	if err != nil {
		return nil, err
	}
	out := make([]review.Text, len(rows))
	for i, b := range rows {
		if err := json.Unmarshal(b, &out[i]); err != nil {
			return nil, fmt.Errorf("texts of case %s: %w", caseID, err)
		}
	}
	return out, nil
}

// printable keeps what PostgreSQL would refuse as text from becoming a fault: nothing is stored under it.
func printable(s string) string {
	if !review.CleanString(s) {
		return ""
	}
	return s
}
