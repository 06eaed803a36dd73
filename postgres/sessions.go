package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// seenEvery is how exactly the last request is noted: a write a minute, not one a request.
const seenEvery = time.Minute

// Session is one of a person's sessions as they see it. ID ends it and opens nothing.
type Session struct {
	ID      string    `db:"id" json:"id"`
	Created time.Time `db:"created_at" json:"created"`
	Seen    time.Time `db:"seen_at" json:"seen" doc:"Last request, to the minute"`
	Expires time.Time `db:"expires_at" json:"expires"`
	Address string    `db:"address" json:"address"`
	Browser string    `db:"browser" json:"browser"`
	Current bool      `db:"current" json:"current" doc:"The one that asks"`
}

// openSession stores a new session, ends the one that the browser had, forgets the attempt that led to it, and sweeps what
// is over. how says by what the second step was done; "" when there was none.
func (db *DB) openSession(ctx context.Context, person string, c Credentials, attempt int64, how string) (Entry, error) {
	token, err := newToken()
	if err != nil {
		return Entry{}, err
	}
	e, now := Entry{Session: token}, db.now()
	err = db.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions
				WHERE expires_at <= $1 OR seen_at <= $2 OR token_hash = $3 FOR UPDATE SKIP LOCKED)`,
			now, now.Add(-db.accounts.sessionIdle()), tokenHash(c.Session)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO sessions (token_hash, person, created_at, seen_at, expires_at, address, browser) VALUES ($1, $2, $3, $3, $4, $5, $6)`,
			tokenHash(token), person, now, now.Add(db.accounts.sessionLife()), c.Address, printable(c.Browser)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM sign_in_attempts WHERE id = $1 OR at < $2`, attempt, now.Add(-attemptWindow)); err != nil {
			return err
		}
		if e.Device, err = db.knowDevice(ctx, tx, person, c.Device); err != nil {
			return err
		}
		if how == stepByRecovery {
			if err := db.noteIn(ctx, tx, SecurityEvent{Kind: EventRecoveryUsed, Person: person, Address: c.Address, What: person}); err != nil {
				return err
			}
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventSignIn, Person: person, Address: c.Address, What: how})
	})
	if err != nil {
		return Entry{}, err
	}
	e.Person, _, err = db.PersonBySession(ctx, token)
	return e, err
}

// SignOut ends a session; one that is not there is no error.
func (db *DB) SignOut(ctx context.Context, token, from string) error {
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		var person []string
		if err := tx.SelectContext(ctx, &person, `DELETE FROM sessions WHERE token_hash = $1 RETURNING person`, tokenHash(token)); err != nil || len(person) == 0 {
			return err
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventSignOut, Person: person[0], Address: from})
	})
}

// PersonBySession returns who a session belongs to, with today's memberships, and the token that its forms carry
// against forgery; Unauthenticated when it is unknown or over.
func (db *DB) PersonBySession(ctx context.Context, token string) (Person, string, error) {
	now := db.now()
	p, err := db.bearer(ctx, `
		WITH live AS (
			SELECT token_hash, person FROM sessions
			WHERE token_hash = $2 AND expires_at > $3 AND seen_at > $4
		), seen AS (
			UPDATE sessions s SET seen_at = $3 FROM live l WHERE s.token_hash = l.token_hash AND s.seen_at < $5
		)
		SELECT `+personColumns+`,
			EXISTS (SELECT FROM second_factors f WHERE f.person = p.id AND f.confirmed_at IS NOT NULL) AS factor
		FROM live l
		JOIN people p ON p.id = l.person AND p.active`+membershipsToday+`
		ORDER BY m.unit, m.role`, db.today(), tokenHash(token), now, now.Add(-db.accounts.sessionIdle()), now.Add(-seenEvery))
	if err != nil {
		return Person{}, "", err
	}
	return p, FormToken(token), nil
}

// FormToken is what the forms of a session carry against forgery: it follows from the session's token and leads nowhere back.
func FormToken(session string) string {
	sum := sha256.Sum256([]byte("form " + session))
	return hex.EncodeToString(sum[:])
}

// Sessions lists a person's sessions, the last seen first. token is the one that asks; "" when it is none of them.
func (db *DB) Sessions(ctx context.Context, person, token string) ([]Session, error) {
	out, now := []Session{}, db.now()
	err := db.sql.SelectContext(ctx, &out, `
		SELECT id, created_at, seen_at, expires_at, address, browser, token_hash = $2 AS current
		FROM sessions
		WHERE person = $1 AND expires_at > $3 AND seen_at > $4
		ORDER BY seen_at DESC, id`, person, tokenHash(token), now, now.Add(-db.accounts.sessionIdle()))
	return out, err
}

// EndSession ends one session of a person; NotFound when they have none with this id. by is who ends it.
func (db *DB) EndSession(ctx context.Context, by, person, id, from string) error {
	if !isUUID(id) {
		return review.Refuse(review.NotFound)
	}
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		done, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE person = $1 AND id = $2`, person, id)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return review.Refuse(review.NotFound)
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventSessionEnded, Person: by, Address: from, What: person + " " + id})
	})
}

// EndOtherSessions ends all sessions of a person but the one whose token is given, and returns how many.
func (db *DB) EndOtherSessions(ctx context.Context, by, person, token, from string) (int, error) {
	var ended []string
	err := db.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := tx.SelectContext(ctx, &ended, `
			DELETE FROM sessions WHERE person = $1 AND token_hash <> $2 RETURNING id`, person, tokenHash(token)); err != nil {
			return err
		}
		if len(ended) == 0 {
			return nil
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventSessionEnded, Person: by, Address: from, What: person + " all others"})
	})
	return len(ended), err
}
