package postgres

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/fairreview/fairreview/review"
)

// Refusals of accounts. Their sentences are the server's, as those of the domain are.
const (
	PasswordLength review.Code = "password_length" // fewer than 12 characters, or more than 128
	PasswordCommon review.Code = "password_common" // among the first that anybody tries, or made of the account's own name
	PasswordWrong  review.Code = "password_wrong"  // the present password, asked for again, is not this one
	StepWrong      review.Code = "step_wrong"      // not the code of the second step, or one that was used
	StepOver       review.Code = "step_over"       // the second step took too long, or too many tries
	FactorOn       review.Code = "factor_on"       // the second factor is set up already
	FactorOff      review.Code = "factor_off"      // no second factor is set up, or begun
	FactorNoKey    review.Code = "factor_no_key"   // the server was given no key to keep second factors with
	LinkOver       review.Code = "link_over"       // the one-time link was used, or is over, or never was
	AdminsApart    review.Code = "admins_apart"    // one person would hold two of the three administrators' roles
	NotOneself     review.Code = "not_oneself"     // an administrator's power over accounts is over those of others
	ScopeLacking   review.Code = "scope_lacking"   // the API token was made without this scope: scope
	SessionNeeded  review.Code = "session_needed"  // done by a person who is signed in, not by a token
	EnrolFirst     review.Code = "enrol_first"     // an administrator without the second factor that the role asks for
	TokenLife      review.Code = "token_life"      // a token is for a day to a year
	LoginForm      review.Code = "login_form"      // a login is letters, digits, dots, hyphens and underscores
)

// Limits that hold when nothing else is said.
const (
	DefaultSessionIdle = 30 * time.Minute
	DefaultSessionLife = 12 * time.Hour
)

// SecretKey is a named key of 32 bytes from outside the database.
type SecretKey struct {
	ID     string
	Secret []byte
}

// Accounts says how accounts are governed. Zero limits are the defaults. The first key encrypts the secrets of second
// factors and all decrypt them; without one no second factor can be set up.
type Accounts struct {
	SessionIdle time.Duration // without a request
	SessionLife time.Duration // from signing in, whatever happens
	Keys        []SecretKey
}

// accounts is the same, ready to be used.
type accounts struct {
	idle, life time.Duration
	keyID      string
	keys       map[string]cipher.AEAD
	matches    func(password, hash string) (bool, error) // nil is Argon2id; a test of ten thousand guesses takes a cheap one
}

// Govern sets how accounts are governed. It is called before the database is used by more than one goroutine.
func (db *DB) Govern(a Accounts) error {
	next := accounts{idle: a.SessionIdle, life: a.SessionLife, keys: map[string]cipher.AEAD{}}
	if next.idle < 0 || next.life < 0 {
		return errors.New("a session's limits cannot be negative")
	}
	for i, k := range a.Keys {
		if len(k.Secret) != 32 || k.ID == "" {
			return fmt.Errorf("key %q needs an id and 32 bytes", k.ID)
		}
		// Derived, so that what crosses Temporal and what is kept here share no key.
		secret, err := hkdf.Key(sha256.New, k.Secret, nil, "fairreview second factors", 32)
		if err != nil {
			return err
		}
		block, err := aes.NewCipher(secret)
		if err != nil {
			return err
		}
		if next.keys[k.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return err
		}
		if i == 0 {
			next.keyID = k.ID
		}
	}
	db.accounts = next
	return nil
}

func (a accounts) sessionIdle() time.Duration { return orDefault(a.idle, DefaultSessionIdle) }
func (a accounts) sessionLife() time.Duration { return orDefault(a.life, DefaultSessionLife) }

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func (a accounts) seal(person string, secret []byte) (keyID string, sealed []byte, err error) {
	key := a.keys[a.keyID]
	if key == nil {
		return "", nil, review.Refuse(FactorNoKey)
	}
	//nolint:gosec // the AEAD makes its own random nonce and takes none
	return a.keyID, key.Seal(nil, nil, secret, []byte("second factor of "+person)), nil
}

func (a accounts) open(person, keyID string, sealed []byte) ([]byte, error) {
	key := a.keys[keyID]
	if key == nil {
		return nil, review.Refuse(FactorNoKey)
	}
	secret, err := key.Open(nil, nil, sealed, []byte("second factor of "+person))
	if err != nil {
		return nil, fmt.Errorf("second factor of %s under key %s: %w", person, keyID, err)
	}
	return secret, nil
}

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

// passwordIs compares, taking its time and its place in the queue whatever the hash.
func (db *DB) passwordIs(ctx context.Context, password, hash string) (bool, error) {
	if err := db.takeHashing(ctx); err != nil {
		return false, err
	}
	defer func() { <-db.hashing }()
	if db.accounts.matches != nil {
		return db.accounts.matches(password, hash)
	}
	return argon2id.ComparePasswordAndHash(password, hash)
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
