package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// The throttle counts failures and refuses before it hashes. Whoever guesses from elsewhere uses up their own address's
// count and, with many addresses, the one that all unknown browsers share for a login; a browser that the owner signed in
// with before has a count of its own and gets in all the same.
const (
	attemptWindow     = 15 * time.Minute
	attemptsPerPair   = 5    // failures of one login from one address
	attemptsPerSource = 50   // failures from one address: many people share an office's, few of them forget at once
	attemptsPerLogin  = 200  // failures of one login from all unknown browsers
	attemptsPerDevice = 10   // failures from a known one, at its owner's login
	codesPerPerson    = 20   // wrong codes in the second step
	attemptsKept      = 5000 // rows at most: of a larger flood the oldest are forgotten

	stepLife  = 5 * time.Minute // for the second step
	stepTries = 5

	deviceLife       = 180 * 24 * time.Hour
	devicesPerPerson = 20
)

// Credentials are what somebody signs in with.
type Credentials struct {
	Login, Password string
	Address         string // that asks
	Browser         string // its family, for the list of sessions
	Device          string // token of a known browser; may be empty
	Session         string // token of the session the browser had; it ends
}

// Entry is what signing in leads to: a session, or a second step that is still to come.
type Entry struct {
	Person  Person
	Session string // token, stored nowhere; "" while Step is not done
	Step    string // token of the second step; "" when there is none
	Device  string // token of a browser that is known from now on; "" when it was known already
}

// SignIn opens a session, or the second step for who has a second factor. Whatever is wrong, the refusal is
// Unauthenticated and takes the same time; too many failures are TooMany. The browser's old session ends: a token that
// was there before signing in is worth nothing after it.
func (db *DB) SignIn(ctx context.Context, c Credentials) (Entry, error) {
	login := strings.ToLower(strings.TrimSpace(c.Login))
	c.Address = printable(c.Address)
	if !review.CleanString(login) || len(login) > 64 || len(c.Password) > 1024 {
		return Entry{}, review.Refuse(review.Unauthenticated)
	}
	var known struct {
		Person string `db:"id"`
		Hash   string `db:"hash"`
		Factor bool   `db:"factor"`
	}
	err := db.sql.GetContext(ctx, &known, `
		SELECT p.id, w.hash,
			EXISTS (SELECT FROM second_factors f WHERE f.person = p.id AND f.confirmed_at IS NOT NULL) AS factor
		FROM people p
		JOIN passwords w ON w.person = p.id
		WHERE lower(p.login) = $1 AND p.active`, login)
	if errors.Is(err, sql.ErrNoRows) {
		known.Hash = nobodysPassword
	} else if err != nil {
		return Entry{}, err
	}
	device, err := db.deviceOf(ctx, known.Person, c.Device)
	if err != nil {
		return Entry{}, err
	}
	// What is typed where a login belongs may be a password: of logins that nobody has the log keeps nothing.
	event := SecurityEvent{Kind: EventSignInFailed, Person: known.Person, Address: c.Address}
	if known.Person != "" {
		event.Login = login
	}
	attempt, err := db.attempt(ctx, login, source(c.Address), device)
	if review.CodeOf(err) == review.TooMany {
		event.Kind = EventSignInThrottled
		return Entry{}, errors.Join(db.Count(ctx, event), err)
	} else if err != nil {
		return Entry{}, err
	}
	match, err := db.passwordIs(ctx, c.Password, known.Hash)
	if err != nil {
		return Entry{}, err
	}
	if !match || known.Person == "" {
		return Entry{}, errors.Join(db.Count(ctx, event), review.Refuse(review.Unauthenticated))
	}
	if known.Factor {
		step, err := db.openStep(ctx, known.Person, c.Session, attempt)
		return Entry{Step: step}, err
	}
	return db.openSession(ctx, known.Person, c, attempt, "")
}

// SecondStep opens the session with a code of the second factor, or a recovery code. A wrong one is StepWrong; after five,
// after five minutes and after success the step is StepOver. Of c only what it says about the browser is looked at.
func (db *DB) SecondStep(ctx context.Context, step, code string, c Credentials) (Entry, error) {
	c.Address = printable(c.Address)
	var p struct {
		Person  string `db:"person"`
		Attempt int64  `db:"attempt"`
		Login   string `db:"login"`
	}
	err := db.sql.GetContext(ctx, &p, `
		UPDATE pending_sign_ins s SET tries = s.tries + 1
		FROM people p
		WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.tries < $3 AND p.id = s.person AND p.active
		RETURNING s.person, s.attempt, p.login`, tokenHash(step), db.now(), stepTries)
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, review.Refuse(StepOver)
	} else if err != nil {
		return Entry{}, err
	}
	device, err := db.deviceOf(ctx, p.Person, c.Device)
	if err != nil {
		return Entry{}, err
	}
	// Six digits are guessed sooner than a password, so their failures are counted for the person, wherever they come from.
	attempt, err := db.attemptOf(ctx, strings.ToLower(p.Login), "code "+device, codesPerPerson)
	if err != nil {
		return Entry{}, err
	}
	how, err := db.factorIs(ctx, p.Person, code)
	if review.CodeOf(err) == StepWrong {
		return Entry{}, errors.Join(db.Count(ctx, SecurityEvent{Kind: EventStepFailed, Person: p.Person, Login: p.Login, Address: c.Address}), err)
	} else if err != nil {
		return Entry{}, err
	}
	if err := db.forgive(ctx, attempt); err != nil {
		return Entry{}, err
	}
	taken, err := db.sql.ExecContext(ctx, `
		DELETE FROM pending_sign_ins WHERE token_hash = $1`, tokenHash(step))
	if err != nil {
		return Entry{}, err
	}
	if n, err := taken.RowsAffected(); err != nil || n == 0 {
		return Entry{}, errors.Join(err, review.Refuse(StepOver)) // two at once: one gets in
	}
	return db.openSession(ctx, p.Person, c, p.Attempt, how)
}

// openStep notes that login and password were right, and ends the session that the browser had.
func (db *DB) openStep(ctx context.Context, person, old string, attempt int64) (string, error) {
	token, err := newToken()
	if err != nil {
		return "", err
	}
	now := db.now()
	return token, db.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE token_hash = $1`, tokenHash(old)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM pending_sign_ins WHERE expires_at <= $1`, now); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO pending_sign_ins (token_hash, person, created_at, expires_at, attempt) VALUES ($1, $2, $3, $4, $5)`,
			tokenHash(token), person, now, now.Add(stepLife), attempt)
		return err
	})
}

// attempt notes an attempt before it is made, so that a hundred at once count as a hundred; success takes it back. device is
// what deviceOf returned: with one, only its own failures count.
func (db *DB) attempt(ctx context.Context, login, from, device string) (int64, error) {
	if device != "" {
		return db.attemptOf(ctx, login, device, attemptsPerDevice)
	}
	var id int64
	err := db.inTx(ctx, func(tx *sqlx.Tx) error {
		// One at a time per address and per login, always in this order, or those that come together would all find the
		// counts low.
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 1))`, from); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 2))`, login); err != nil {
			return err
		}
		err := tx.GetContext(ctx, &id, `
			INSERT INTO sign_in_attempts (login, address, at)
			SELECT $1, $2, $3
			WHERE (SELECT count(*) FROM sign_in_attempts WHERE login = $1 AND address = $2 AND at > $4) < $5
			  AND (SELECT count(*) FROM sign_in_attempts WHERE address = $2 AND at > $4) < $6
			  AND (SELECT count(*) FROM sign_in_attempts WHERE login = $1 AND at > $4 AND address NOT LIKE '% %') < $7
			RETURNING id`, login, from, db.now(), db.now().Add(-attemptWindow), attemptsPerPair, attemptsPerSource, attemptsPerLogin)
		if errors.Is(err, sql.ErrNoRows) {
			return review.Refuse(review.TooMany)
		}
		return err
	})
	if err == nil && id%64 == 0 {
		err = db.pruneAttempts(ctx)
	}
	return id, err
}

// attemptOf is attempt for failures that are counted under a name of their own. Such names have a space in them, which no
// address has.
func (db *DB) attemptOf(ctx context.Context, login, what string, limit int) (int64, error) {
	var id int64
	err := db.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 3))`, login+" "+what); err != nil {
			return err
		}
		err := tx.GetContext(ctx, &id, `
			INSERT INTO sign_in_attempts (login, address, at)
			SELECT $1, $2, $3
			WHERE (SELECT count(*) FROM sign_in_attempts WHERE login = $1 AND address = $2 AND at > $4) < $5
			RETURNING id`, login, what, db.now(), db.now().Add(-attemptWindow), limit)
		if errors.Is(err, sql.ErrNoRows) {
			return review.Refuse(review.TooMany)
		}
		return err
	})
	return id, err
}

// pruneAttempts forgets what no longer counts and, of a flood, what is oldest.
func (db *DB) pruneAttempts(ctx context.Context) error {
	_, err := db.sql.ExecContext(ctx, `
		DELETE FROM sign_in_attempts
		WHERE at < $1 OR id <= (SELECT id FROM sign_in_attempts ORDER BY id DESC OFFSET $2 LIMIT 1)`,
		db.now().Add(-attemptWindow), attemptsKept)
	return err
}

func (db *DB) forgive(ctx context.Context, attempt int64) error {
	_, err := db.sql.ExecContext(ctx, `
		DELETE FROM sign_in_attempts WHERE id = $1 OR at < $2`, attempt, db.now().Add(-attemptWindow))
	return err
}

// source is what failures from an address are counted under: the address, or of IPv6 the network that one subscriber has.
func source(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return strings.ReplaceAll(address, " ", "")
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		if net, err := a.Prefix(64); err == nil {
			return net.String()
		}
	}
	return a.String()
}

// deviceOf returns the name that the failures of a known browser are counted under; "" when it is none of this person's.
func (db *DB) deviceOf(ctx context.Context, person, token string) (string, error) {
	if token == "" || person == "" {
		return "", nil
	}
	hash := tokenHash(token)
	var there bool
	if err := db.sql.GetContext(ctx, &there, `
		SELECT EXISTS (SELECT FROM known_devices WHERE token_hash = $1 AND person = $2 AND expires_at > $3)`,
		hash, person, db.now()); err != nil || !there {
		return "", err
	}
	return "device " + hex.EncodeToString(hash[:16]), nil
}

// knowDevice makes the browser known to be the person's, or known for longer. It returns a token when there was none.
func (db *DB) knowDevice(ctx context.Context, tx *sqlx.Tx, person, token string) (string, error) {
	now := db.now()
	done, err := tx.ExecContext(ctx, `
		UPDATE known_devices SET seen_at = $3 WHERE token_hash = $1 AND person = $2 AND expires_at > $3`, tokenHash(token), person, now)
	if err != nil {
		return "", err
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return "", err
	}
	if token, err = newToken(); err != nil {
		return "", err
	}
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM known_devices
		WHERE person = $1 AND (expires_at <= $2
			OR token_hash IN (SELECT token_hash FROM known_devices WHERE person = $1 ORDER BY seen_at DESC OFFSET $3))`,
		person, now, devicesPerPerson-1); err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO known_devices (token_hash, person, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)`,
		tokenHash(token), person, now, now.Add(deviceLife))
	return token, err
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
