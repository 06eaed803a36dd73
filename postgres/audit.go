package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"time"

	"github.com/jmoiron/sqlx"
)

// AuditReport is what a verification found. Head stands for the whole record: kept elsewhere, it proves later that
// nothing that it covers was changed, removed or added. Without such a copy, whoever may write to the database could
// write a new chain from any point on.
type AuditReport struct {
	Events int     `json:"events"`
	Cases  int     `json:"cases"`
	Bad    *BadRow `json:"bad,omitempty"` // the first row that does not fit, by case and version
	Head   string  `json:"head"`          // SHA-256 over (case, version, hash) of every case, in the order of the ids
}

// BadRow is a row that does not fit, and what about it.
type BadRow struct {
	Case    string `json:"case"`
	Version int    `json:"version"`
	What    string `json:"what"`
}

// auditRow is an event beside its case. Either side may be missing: that is what is looked for.
type auditRow struct {
	Case          string         `db:"id"`
	CaseVersion   sql.NullInt64  `db:"case_version"`
	CaseHead      []byte         `db:"head"`
	CaseStatus    sql.NullString `db:"status"`
	StateHash     []byte         `db:"state_hash"` // beside the last event only
	Version       sql.NullInt64  `db:"version"`
	Round         sql.NullInt64  `db:"round"`
	At            sql.NullTime   `db:"at"`
	Kind          sql.NullString `db:"kind"`
	Person        sql.NullString `db:"person"`
	Unit          sql.NullString `db:"unit"`
	From          sql.NullString `db:"from_status"`
	To            sql.NullString `db:"to_status"`
	Outcome       sql.NullString `db:"outcome"`
	RequestID     sql.NullString `db:"request_id"`
	RequestDigest sql.NullString `db:"request_digest"`
	Payload       []byte         `db:"payload"`
	Nonce         []byte         `db:"nonce"`
	Prev          []byte         `db:"prev_hash"`
	Hash          []byte         `db:"hash"`
}

// VerifyAudit recomputes every chain from one snapshot and compares it with the columns and the states beside it. It
// stops at the first row that does not fit; Head is then empty. progress may be nil; it is told events, now and then.
func (db *DB) VerifyAudit(ctx context.Context, progress func(done, total int)) (AuditReport, error) {
	tx, err := db.sql.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return AuditReport{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	if _, err := tx.ExecContext(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
		return AuditReport{}, err
	}
	var total int
	if err := tx.GetContext(ctx, &total, `SELECT count(*) FROM events`); err != nil {
		return AuditReport{}, err
	}
	rows, err := tx.QueryxContext(ctx, `
		SELECT coalesce(c.id, e.case_id) AS id, c.version AS case_version, c.head, c.status,
			CASE WHEN c.version = e.version THEN sha256(convert_to(CAST(c.state AS text), 'UTF8')) END AS state_hash,
			e.version, e.round, e.at, e.kind, e.person, e.unit, e.from_status, e.to_status, e.outcome, e.request_id,
			e.request_digest, e.payload, e.nonce, e.prev_hash, e.hash
		FROM cases c
		FULL JOIN events e ON e.case_id = c.id
		ORDER BY 1, e.version`)
	if err != nil {
		return AuditReport{}, err
	}
	defer func() { _ = rows.Close() }()
	chain := chain{head: sha256.New()}
	err = chain.follow(rows, func(done int) {
		if progress != nil {
			progress(done, total)
		}
	})
	if err != nil {
		return AuditReport{}, err
	}
	report := AuditReport{Events: chain.events, Cases: chain.cases, Bad: chain.bad}
	if report.Bad == nil {
		report.Head = hex.EncodeToString(chain.head.Sum(nil))
	}
	return report, nil
}

// chain walks the rows in the order of case and version.
type chain struct {
	events, cases int
	bad           *BadRow
	head          hash.Hash
	last          auditRow // the row before
}

func (c *chain) follow(rows *sqlx.Rows, progress func(int)) error {
	for rows.Next() && c.bad == nil {
		var r auditRow
		if err := rows.StructScan(&r); err != nil {
			return err
		}
		if r.Case != c.last.Case {
			c.finish()
			c.cases++
		}
		if c.bad == nil {
			c.check(r)
		}
		c.last = r
		if r.Version.Valid {
			if c.events++; c.events%1000 == 0 {
				progress(c.events)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	c.finish()
	progress(c.events)
	return nil
}

// finish checks that the case that was walked ends where it says.
func (c *chain) finish() {
	l := c.last
	if c.bad != nil || l.Case == "" {
		return
	}
	switch {
	case !l.CaseVersion.Valid:
		c.fail(l, "the event's case is gone")
	case l.Version.Int64 < l.CaseVersion.Int64:
		c.bad = &BadRow{Case: l.Case, Version: int(l.CaseVersion.Int64), What: "the event is gone"}
	case l.Version.Int64 > l.CaseVersion.Int64:
		c.fail(l, "an event beyond the case's last")
	case !bytes.Equal(l.Hash, l.CaseHead):
		c.fail(l, "not the hash that the case ends with")
	}
	c.head.Write([]byte(l.Case))
	_ = binary.Write(c.head, binary.BigEndian, l.CaseVersion.Int64) // a hash takes everything
	c.head.Write(l.CaseHead)
}

func (c *chain) fail(r auditRow, what string) {
	c.bad = &BadRow{Case: r.Case, Version: int(r.Version.Int64), What: what}
}

func (c *chain) check(r auditRow) {
	version, prev := int64(1), make([]byte, sha256.Size)
	if r.Case == c.last.Case {
		version, prev = c.last.Version.Int64+1, c.last.Hash
	}
	if !r.Version.Valid {
		return // a case without events: finish says so
	}
	if r.Version.Int64 != version {
		c.bad = &BadRow{Case: r.Case, Version: int(version), What: "the event is gone"}
		return
	}
	sum := sha256.Sum256(bytes.Join([][]byte{r.Prev, r.Nonce, r.Payload}, nil))
	switch {
	case !bytes.Equal(r.Prev, prev):
		c.fail(r, "not chained to the event before it")
	case !bytes.Equal(r.Hash, sum[:]):
		c.fail(r, "payload or nonce was changed")
	default:
		if what := r.differs(); what != "" {
			c.fail(r, what)
		}
	}
}

// differs names the column that does not repeat the payload.
func (r auditRow) differs() string {
	var e entry
	if err := json.Unmarshal(r.Payload, &e); err != nil {
		return fmt.Sprintf("the payload cannot be read: %v", err)
	}
	for _, f := range []struct {
		column string
		same   bool
	}{
		{"case_id", e.Event.Case == r.Case},
		{"version", int64(e.Event.Version) == r.Version.Int64},
		{"round", int64(e.Event.Round) == r.Round.Int64},
		{"at", e.Event.At.Truncate(time.Microsecond).Equal(r.At.Time)},
		{"kind", string(e.Event.Action.Kind) == r.Kind.String},
		{"person", e.Event.Action.Actor.Person == r.Person.String},
		{"unit", e.Event.Action.Actor.Unit == r.Unit.String},
		{"from_status", string(e.Event.From) == r.From.String},
		{"to_status", string(e.Event.To) == r.To.String},
		{"outcome", string(e.Event.Outcome) == r.Outcome.String},
		{"request_id", e.Request.ID == r.RequestID.String},
		{"request_digest", e.Request.Digest == r.RequestDigest.String},
	} {
		if !f.same {
			return "column " + f.column + " was changed"
		}
	}
	switch {
	case r.StateHash == nil:
		return ""
	case hex.EncodeToString(r.StateHash) != e.State:
		return "the case's state was changed"
	case string(e.Event.To) != r.CaseStatus.String:
		return "the case's status was changed"
	}
	return ""
}
