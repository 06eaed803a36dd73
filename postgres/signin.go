package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

const (
	sessionLife = 12 * time.Hour // from signing in, whatever happens
	sessionIdle = 2 * time.Hour  // without a request
	seenEvery   = time.Minute    // how exactly the last request is noted: a write a minute, not one a request

	attemptWindow     = 15 * time.Minute
	attemptsPerPair   = 5  // failures of one login from one address
	attemptsPerSource = 50 // failures from one address: many people share an office's, few of them forget at once
)

// passwordCost is what a guess costs: 19 MiB, two passes (OWASP's second choice for Argon2id).
var passwordCost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobodysPassword is the hash of a random text that was thrown away: an unknown login takes as long to refuse as a
// known one.
const nobodysPassword = "$argon2id$v=19$m=19456,t=2,p=1$dRt8u+dHDivWDVoMD6Ov3w$S8RjriugicgI+XAJLvC1+02AQ5dI5NSsu7thZxY3yDI" //nolint:gosec // of nobody, so that an unknown login takes as long

func (db *DB) hashPassword(ctx context.Context, password string) (string, error) {
	if err := db.takeHashing(ctx); err != nil {
		return "", err
	}
	defer func() { <-db.hashing }()
	return argon2id.CreateHash(password, passwordCost)
}

// takeHashing waits for a place: hashing takes much memory on purpose, and a crowd must not take all of it.
func (db *DB) takeHashing(ctx context.Context) error {
	select {
	case db.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SignIn opens a session and returns its token, which is stored nowhere. Whatever is wrong, the refusal is
// Unauthenticated and takes the same time; too many failures of the login from the same address are TooMany.
func (db *DB) SignIn(ctx context.Context, login, password, from string) (string, Person, error) {
	login, from = strings.ToLower(strings.TrimSpace(login)), printable(from)
	if !review.CleanString(login) || len(login) > 64 || len(password) > 1024 {
		return "", Person{}, review.Refuse(review.Unauthenticated)
	}
	attempt, err := db.attempt(ctx, login, from)
	if err != nil {
		return "", Person{}, err
	}
	var known struct {
		Person string `db:"person"`
		Hash   string `db:"hash"`
	}
	err = db.sql.GetContext(ctx, &known, `
		SELECT w.person, w.hash
		FROM people p
		JOIN passwords w ON w.person = p.id
		WHERE lower(p.login) = $1 AND p.active`, login)
	if errors.Is(err, sql.ErrNoRows) {
		known.Hash = nobodysPassword
	} else if err != nil {
		return "", Person{}, err
	}
	if err := db.takeHashing(ctx); err != nil {
		return "", Person{}, err
	}
	match, err := argon2id.ComparePasswordAndHash(password, known.Hash)
	<-db.hashing
	if err != nil {
		return "", Person{}, err
	}
	if !match || known.Person == "" {
		return "", Person{}, review.Refuse(review.Unauthenticated)
	}
	token, err := db.openSession(ctx, known.Person, attempt)
	if err != nil {
		return "", Person{}, err
	}
	p, _, err := db.PersonBySession(ctx, token)
	return token, p, err
}

// attempt notes an attempt before it is made, so that a hundred at once count as a hundred; success takes it back.
func (db *DB) attempt(ctx context.Context, login, from string) (int64, error) {
	var id int64
	err := db.inTx(ctx, func(tx *sqlx.Tx) error {
		// One at a time per address, or those that come together would all find the count low.
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 1))`, from); err != nil {
			return err
		}
		err := tx.GetContext(ctx, &id, `
			INSERT INTO sign_in_attempts (login, address, at)
			SELECT $1, $2, $3
			WHERE (SELECT count(*) FROM sign_in_attempts WHERE login = $1 AND address = $2 AND at > $4) < $5
			  AND (SELECT count(*) FROM sign_in_attempts WHERE address = $2 AND at > $4) < $6
			RETURNING id`, login, from, db.now(), db.now().Add(-attemptWindow), attemptsPerPair, attemptsPerSource)
		if errors.Is(err, sql.ErrNoRows) {
			return review.Refuse(review.TooMany)
		}
		return err
	})
	return id, err
}

// openSession stores a new session, forgets the attempt that led to it, and sweeps what is over.
func (db *DB) openSession(ctx context.Context, person string, attempt int64) (string, error) {
	token, err := newToken()
	if err != nil {
		return "", err
	}
	now := db.now()
	return token, db.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO sessions (token_hash, person, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)`,
			tokenHash(token), person, now, now.Add(sessionLife)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM sign_in_attempts WHERE id = $1 OR at < $2`, attempt, now.Add(-attemptWindow)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM sessions WHERE expires_at <= $1`, now)
		return err
	})
}

// SignOut ends a session; one that is not there is no error.
func (db *DB) SignOut(ctx context.Context, token string) error {
	_, err := db.sql.ExecContext(ctx, `DELETE FROM sessions WHERE token_hash = $1`, tokenHash(token))
	return err
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
		SELECT `+personColumns+`
		FROM live l
		JOIN people p ON p.id = l.person AND p.active`+membershipsToday+`
		ORDER BY m.unit, m.role`, db.today(), tokenHash(token), now, now.Add(-sessionIdle), now.Add(-seenEvery))
	if err != nil {
		return Person{}, "", err
	}
	csrf := sha256.Sum256([]byte("form " + token))
	return p, hex.EncodeToString(csrf[:]), nil
}

// PersonByToken returns who an API token belongs to, with today's memberships; Unauthenticated when it is unknown or over.
func (db *DB) PersonByToken(ctx context.Context, token string) (Person, error) {
	return db.bearer(ctx, `
		SELECT `+personColumns+`
		FROM api_tokens t
		JOIN people p ON p.id = t.person AND p.active`+membershipsToday+`
		WHERE t.token_hash = $2 AND t.expires_at > $3
		ORDER BY m.unit, m.role`, db.today(), tokenHash(token), db.now())
}

func (db *DB) bearer(ctx context.Context, query string, args ...any) (Person, error) {
	stmt, err := db.stmt(ctx, query)
	if err != nil {
		return Person{}, err
	}
	var rows []personRow
	if err := stmt.SelectContext(ctx, &rows, args...); err != nil {
		return Person{}, err
	}
	if len(rows) == 0 {
		return Person{}, review.Refuse(review.Unauthenticated)
	}
	p := gather(rows)[0]
	for _, m := range p.Memberships {
		if m.UnitKind != "regulator" || m.Role != review.Officer && m.Role != review.Approver {
			continue
		}
		if p.Below, err = db.below(ctx, m.Unit); err != nil {
			return Person{}, err
		}
		break
	}
	return p, nil
}

// CreateToken makes an API token of a person for the time given. It is shown once and stored hashed.
func (db *DB) CreateToken(ctx context.Context, person, label string, ttl time.Duration) (string, error) {
	secret, err := newToken()
	if err != nil {
		return "", err
	}
	token, now := "fr_"+secret, db.now()
	_, err = db.sql.ExecContext(ctx, `
		INSERT INTO api_tokens (token_hash, person, label, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		tokenHash(token), person, label, now, now.Add(ttl))
	return token, refusal(err)
}

func newToken() (string, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(secret), nil
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
