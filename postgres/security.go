package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// EventKind names what concerns security.
type EventKind string

// What is noted.
const (
	EventSignIn          EventKind = "sign_in"
	EventSignInFailed    EventKind = "sign_in_failed"    // counted by the minute
	EventSignInThrottled EventKind = "sign_in_throttled" // counted by the minute
	EventStepFailed      EventKind = "step_failed"       // counted by the minute
	EventSignOut         EventKind = "sign_out"
	EventSessionEnded    EventKind = "session_ended"
	EventPasswordChanged EventKind = "password_changed"
	EventPasswordReset   EventKind = "password_reset"   // through a one-time link
	EventPasswordRefused EventKind = "password_refused" // counted by the minute: the present one, asked for again, was wrong
	EventLinkMade        EventKind = "link_made"
	EventFactorOn        EventKind = "second_factor_on"
	EventFactorOff       EventKind = "second_factor_off"
	EventRecoveryUsed    EventKind = "recovery_used"
	EventTokenCreated    EventKind = "token_created"
	EventTokenRevoked    EventKind = "token_revoked"
	EventRoleGiven       EventKind = "role_given"
	EventRoleTaken       EventKind = "role_taken"
	EventAccountMade     EventKind = "account_made"
	EventAccountOff      EventKind = "account_deactivated"
	EventAccountOn       EventKind = "account_activated"
	EventRefused         EventKind = "refused" // counted by the minute
	EventExport          EventKind = "export"
	EventOverride        EventKind = "override"
)

// SecurityEvent is something that concerns security. It never holds a password, a code, a token or a text.
type SecurityEvent struct {
	Seq     int64     `db:"seq" json:"seq"`
	At      time.Time `db:"at" json:"at"`
	Kind    EventKind `db:"kind" json:"kind"`
	Person  string    `db:"person" json:"person,omitempty" doc:"Who did it"`
	Login   string    `db:"login" json:"login,omitempty"`
	Address string    `db:"address" json:"address,omitempty"`
	What    string    `db:"what" json:"what,omitempty" doc:"To whom or what it was done"`
	Times   int       `db:"times" json:"times" doc:"How often within the minute, for failures and refusals"`
}

// clean makes an event what can be stored and read.
func (e SecurityEvent) clean(now time.Time) SecurityEvent {
	if e.At.IsZero() {
		e.At = now
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	e.Times = max(e.Times, 1)
	for _, s := range []*string{&e.Person, &e.Login, &e.Address, &e.What} {
		if *s = printable(*s); len([]rune(*s)) > 300 {
			*s = string([]rune(*s)[:300])
		}
	}
	return e
}

// Note writes an event into the log, for good.
func (db *DB) Note(ctx context.Context, e SecurityEvent) error {
	return db.inTx(ctx, func(tx *sqlx.Tx) error { return db.noteIn(ctx, tx, e) })
}

// noteIn is Note in the transaction of what is noted; last in it, because others wait for it to end.
func (db *DB) noteIn(ctx context.Context, tx *sqlx.Tx, e SecurityEvent) error {
	e = e.clean(db.now())
	var head struct {
		Seq  int64  `db:"seq"`
		Hash []byte `db:"hash"`
	}
	if err := tx.GetContext(ctx, &head, `SELECT seq, hash FROM security_head FOR UPDATE`); err != nil {
		return err
	}
	e.Seq = head.Seq + 1
	payload, err := json.Marshal(e)
	if err != nil {
		return err
	}
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	sum := sha256.Sum256(bytes.Join([][]byte{head.Hash, nonce, payload}, nil))
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO security_events (seq, at, kind, person, login, address, what, times, payload, nonce, prev_hash, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		e.Seq, e.At, e.Kind, e.Person, e.Login, e.Address, e.What, e.Times, payload, nonce, head.Hash, sum[:]); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE security_head SET seq = $1, hash = $2`, e.Seq, sum[:])
	return err
}

// Of the counts of one minute so many name the address, and so many more the login or the person; what comes beyond is
// counted without. Nothing is left uncounted, and a flood from everywhere adds that many rows a minute and no more.
const (
	countedByAddress = 100
	countedByLogin   = 200
)

// Count notes what may happen very often: once a minute with a number, for each login and address. The event is in the log
// when the minute is over and something is counted again or the log is read.
func (db *DB) Count(ctx context.Context, e SecurityEvent) error {
	e = e.clean(db.now())
	minute := e.At.Truncate(time.Minute)
	if err := db.settleCounts(ctx, minute); err != nil {
		return err
	}
	_, err := db.sql.ExecContext(ctx, `
		INSERT INTO security_counts (minute, kind, person, login, address, what, times)
		SELECT $1, $2,
			CASE WHEN c.n < $8 THEN $3 ELSE '' END, CASE WHEN c.n < $8 THEN $4 ELSE '' END,
			CASE WHEN c.n < $7 THEN $5 ELSE '' END, CASE WHEN c.n < $8 THEN $6 ELSE '' END, 1
		FROM (SELECT count(*) AS n FROM security_counts WHERE minute = $1) c
		ON CONFLICT (minute, kind, person, login, address, what) DO UPDATE SET times = security_counts.times + 1`,
		minute, e.Kind, e.Person, e.Login, e.Address, e.What, countedByAddress, countedByLogin)
	return err
}

// settleCounts writes the counts of the minutes before into the log.
func (db *DB) settleCounts(ctx context.Context, before time.Time) error {
	var there bool
	if err := db.sql.GetContext(ctx, &there, `
		SELECT EXISTS (SELECT FROM security_counts WHERE minute < $1)`, before); err != nil || !there {
		return err
	}
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		// The head first, as every event does: whoever settles at the same time then finds nothing left.
		if _, err := tx.ExecContext(ctx, `SELECT FROM security_head FOR UPDATE`); err != nil {
			return err
		}
		var over []SecurityEvent
		if err := tx.SelectContext(ctx, &over, `
			WITH over AS (DELETE FROM security_counts WHERE minute < $1 RETURNING minute, kind, person, login, address, what, times)
			SELECT minute AS at, kind, person, login, address, what, times FROM over
			ORDER BY minute, kind, person, login, address, what`, before); err != nil {
			return err
		}
		for _, e := range over {
			if err := db.noteIn(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// SecurityEvents lists the log, the newest first: those before seq (0 is from the end), limit at most. The counts of
// minutes that are over are written into it first.
func (db *DB) SecurityEvents(ctx context.Context, before int64, limit int) ([]SecurityEvent, error) {
	if err := db.settleCounts(ctx, db.now().Truncate(time.Minute)); err != nil {
		return nil, err
	}
	out := []SecurityEvent{}
	err := db.sql.SelectContext(ctx, &out, `
		SELECT seq, at, kind, person, login, address, what, times
		FROM security_events
		WHERE CAST($1 AS bigint) = 0 OR seq < $1
		ORDER BY seq DESC
		LIMIT $2`, before, limit)
	return out, err
}

// SecurityReport is what a verification of the log found. Head is that of the last event.
type SecurityReport struct {
	Events int       `json:"events"`
	Bad    *BadEvent `json:"bad,omitempty"`
	Head   string    `json:"head"`
}

// BadEvent is the first event that does not fit, and what about it.
type BadEvent struct {
	Seq  int64  `json:"seq"`
	What string `json:"what"`
}

type securityRow struct {
	SecurityEvent
	Payload []byte `db:"payload"`
	Nonce   []byte `db:"nonce"`
	Prev    []byte `db:"prev_hash"`
	Hash    []byte `db:"hash"`
}

// VerifySecurity recomputes the chain of the log from one snapshot, compares the columns with it, and its end with the head.
// It stops at the first event that does not fit. progress may be nil.
func (db *DB) VerifySecurity(ctx context.Context, progress func(done, total int)) (SecurityReport, error) {
	tx, err := db.sql.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return SecurityReport{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	if _, err := tx.ExecContext(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
		return SecurityReport{}, err
	}
	var head struct {
		Seq  int64  `db:"seq"`
		Hash []byte `db:"hash"`
	}
	if err := tx.GetContext(ctx, &head, `SELECT seq, hash FROM security_head`); err != nil {
		return SecurityReport{}, fmt.Errorf("head of the security log: %w", err)
	}
	rows, err := tx.QueryxContext(ctx, `
		SELECT seq, at, kind, person, login, address, what, times, payload, nonce, prev_hash, hash
		FROM security_events
		ORDER BY seq`)
	if err != nil {
		return SecurityReport{}, err
	}
	defer func() { _ = rows.Close() }()
	report, prev := SecurityReport{}, make([]byte, sha256.Size)
	for rows.Next() && report.Bad == nil {
		var r securityRow
		if err := rows.StructScan(&r); err != nil {
			return SecurityReport{}, err
		}
		if what := r.misfit(int64(report.Events)+1, prev); what != "" {
			report.Bad = &BadEvent{Seq: min(r.Seq, int64(report.Events)+1), What: what}
			break
		}
		prev = r.Hash
		if report.Events++; progress != nil && report.Events%1000 == 0 {
			progress(report.Events, int(head.Seq))
		}
	}
	if err := rows.Err(); err != nil {
		return SecurityReport{}, err
	}
	switch n := int64(report.Events); {
	case report.Bad != nil:
	case n < head.Seq:
		report.Bad = &BadEvent{Seq: n + 1, What: "the event is gone"}
	case n > head.Seq:
		report.Bad = &BadEvent{Seq: n, What: "an event beyond the last"}
	case !bytes.Equal(prev, head.Hash):
		report.Bad = &BadEvent{Seq: n, What: "not the hash that the log ends with"}
	default:
		report.Head = hex.EncodeToString(prev)
	}
	if progress != nil {
		progress(report.Events, int(head.Seq))
	}
	return report, nil
}

// misfit says what is wrong with an event that should be the one numbered seq after the one with the hash prev.
func (r securityRow) misfit(seq int64, prev []byte) string {
	if r.Seq != seq {
		return "the event is gone"
	}
	sum := sha256.Sum256(bytes.Join([][]byte{r.Prev, r.Nonce, r.Payload}, nil))
	switch {
	case !bytes.Equal(r.Prev, prev):
		return "not chained to the event before it"
	case !bytes.Equal(r.Hash, sum[:]):
		return "payload or nonce was changed"
	}
	var e SecurityEvent
	if err := json.Unmarshal(r.Payload, &e); err != nil {
		return fmt.Sprintf("the payload cannot be read: %v", err)
	}
	for _, f := range []struct {
		column string
		same   bool
	}{
		{"seq", e.Seq == r.Seq}, {"at", e.At.Equal(r.At)}, {"kind", e.Kind == r.Kind}, {"person", e.Person == r.Person}, {"login", e.Login == r.Login},
		{"address", e.Address == r.Address}, {"what", e.What == r.What}, {"times", e.Times == r.Times},
	} {
		if !f.same {
			return "column " + f.column + " was changed"
		}
	}
	return ""
}
