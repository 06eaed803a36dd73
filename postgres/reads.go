package postgres

import (
	"context"
	"time"

	"github.com/fairreview/fairreview/review"
)

// NoteRead records that a person read a restricted case: one row a day, with how often.
func (db *DB) NoteRead(ctx context.Context, person, caseID string, at time.Time) error {
	stmt, err := db.stmt(ctx, `
		INSERT INTO case_reads (case_id, person, day, first_at, last_at, times)
		VALUES ($1, $2, CAST($3 AS date), $4, $4, 1)
		ON CONFLICT (case_id, person, day) DO UPDATE SET last_at = greatest(case_reads.last_at, excluded.last_at), times = case_reads.times + 1`)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx, caseID, person, string(review.DateOf(at)), at.UTC().Truncate(time.Microsecond))
	return err
}

// NoteTextRead is NoteRead of every restricted case that names the text, but for who put the text themselves.
func (db *DB) NoteTextRead(ctx context.Context, person, hash string, at time.Time) error {
	stmt, err := db.stmt(ctx, `
		INSERT INTO case_reads (case_id, person, day, first_at, last_at, times)
		SELECT c.id, $1, CAST($3 AS date), $4, $4, 1
		FROM case_texts x
		JOIN cases c ON c.id = x.case_id AND c.state ->> 'secrecy' = 'restricted'
		WHERE x.hash = $2 AND NOT EXISTS (SELECT FROM text_holders h WHERE h.hash = x.hash AND h.person = $1)
		ON CONFLICT (case_id, person, day) DO UPDATE SET last_at = greatest(case_reads.last_at, excluded.last_at), times = case_reads.times + 1`)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx, person, printable(hash), string(review.DateOf(at)), at.UTC().Truncate(time.Microsecond))
	return err
}

// CaseRead is who read a restricted case on a day, how often, first and last.
type CaseRead struct {
	Case   string      `db:"case_id" json:"case"`
	Number string      `db:"number" json:"number"`
	Person string      `db:"person" json:"person"`
	Name   string      `db:"name" json:"name"`
	Day    review.Date `db:"day" json:"day"`
	First  time.Time   `db:"first_at" json:"first"`
	Last   time.Time   `db:"last_at" json:"last"`
	Times  int         `db:"times" json:"times"`
}

// CaseReads lists the reads of restricted cases, the newest first, at most limit: of one case, or of all when caseID is "". It says no
// title; who may ask is the caller's to know.
func (db *DB) CaseReads(ctx context.Context, caseID string, limit int) ([]CaseRead, error) {
	out := []CaseRead{}
	if caseID != "" && !isUUID(caseID) {
		return nil, review.Refuse(review.NotFound)
	}
	err := db.sql.SelectContext(ctx, &out, `
		SELECT r.case_id, c.number, r.person, p.name, to_char(r.day, 'YYYY-MM-DD') AS day, r.first_at, r.last_at, r.times
		FROM case_reads r
		JOIN cases c ON c.id = r.case_id
		JOIN people p ON p.id = r.person
		WHERE $1 = '' OR r.case_id = CAST(nullif($1, '') AS uuid)
		ORDER BY r.day DESC, r.last_at DESC, r.case_id, r.person
		LIMIT $2`, caseID, limit)
	return out, err
}
