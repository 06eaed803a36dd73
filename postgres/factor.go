package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// How a second step was done.
const (
	stepByCode     = "code"
	stepByRecovery = "recovery"
)

const recoveryCodes = 10

// Factor says how a person's second factor stands.
type Factor struct {
	On       bool       `json:"on"`
	Since    *time.Time `json:"since,omitempty"`
	Recovery int        `json:"recovery" doc:"Recovery codes that are left"`
}

type factorRow struct {
	KeyID     string     `db:"key_id"`
	Secret    []byte     `db:"secret"`
	Confirmed *time.Time `db:"confirmed_at"`
	LastStep  int64      `db:"last_step"`
}

// Factor returns how a person's second factor stands.
func (db *DB) Factor(ctx context.Context, person string) (Factor, error) {
	var row struct {
		Since *time.Time `db:"since"`
		Left  int        `db:"left_over"`
	}
	err := db.sql.GetContext(ctx, &row, `
		SELECT (SELECT confirmed_at FROM second_factors WHERE person = $1) AS since,
			(SELECT count(*) FROM recovery_codes WHERE person = $1) AS left_over`, person)
	return Factor{On: row.Since != nil, Since: row.Since, Recovery: row.Left}, err
}

// BeginFactor makes a secret for an authenticator app; it is not in force until ConfirmFactor. The password is asked for:
// somebody at an unlocked screen must not lock the owner out. FactorOn when one is in force, FactorNoKey when the server
// has no key to keep it with.
func (db *DB) BeginFactor(ctx context.Context, person, password, from string) (Enrolment, error) {
	p, err := db.proven(ctx, person, password, from)
	if err != nil {
		return Enrolment{}, err
	}
	secret, err := newCodeSecret()
	if err != nil {
		return Enrolment{}, err
	}
	keyID, sealed, err := db.accounts.seal(person, secret)
	if err != nil {
		return Enrolment{}, err
	}
	done, err := db.sql.ExecContext(ctx, `
		INSERT INTO second_factors (person, key_id, secret, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person) DO UPDATE SET key_id = excluded.key_id, secret = excluded.secret, created_at = excluded.created_at, last_step = 0
			WHERE second_factors.confirmed_at IS NULL`, person, keyID, sealed, db.now())
	if err != nil {
		return Enrolment{}, err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return Enrolment{}, errors.Join(err, review.Refuse(FactorOn))
	}
	return enrolmentOf(p.Login, secret), nil
}

// Begun returns what an authenticator app is told again while the factor is begun and not confirmed; FactorOff otherwise.
func (db *DB) Begun(ctx context.Context, person string) (Enrolment, error) {
	row, secret, err := db.factorOf(ctx, person)
	if err != nil {
		return Enrolment{}, err
	}
	if row.Confirmed != nil {
		return Enrolment{}, review.Refuse(FactorOff)
	}
	p, err := db.identityOf(ctx, person)
	return enrolmentOf(p.Login, secret), err
}

// ConfirmFactor puts the begun factor in force when the code is right, ends the person's other sessions, which were opened
// without it, and returns the recovery codes, which are stored hashed.
func (db *DB) ConfirmFactor(ctx context.Context, person, session, code, from string) ([]string, error) {
	row, secret, err := db.factorOf(ctx, person)
	if err != nil {
		return nil, err
	}
	if row.Confirmed != nil {
		return nil, review.Refuse(FactorOn)
	}
	step := matchingStep(secret, code, db.now(), 0)
	if step == 0 {
		return nil, review.Refuse(StepWrong)
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		if codes[i], err = newRecoveryCode(); err != nil {
			return nil, err
		}
	}
	return codes, db.inTx(ctx, func(tx *sqlx.Tx) error {
		done, err := tx.ExecContext(ctx, `
			UPDATE second_factors SET confirmed_at = $2, last_step = $3
			WHERE person = $1 AND confirmed_at IS NULL AND secret = $4`, person, db.now(), step, row.Secret)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, review.Refuse(FactorOn))
		}
		if err := storeRecovery(ctx, tx, person, codes); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE person = $1 AND token_hash <> $2`, person, tokenHash(session)); err != nil {
			return err
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventFactorOn, Person: person, Address: from, What: person})
	})
}

func storeRecovery(ctx context.Context, tx *sqlx.Tx, person string, codes []string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM recovery_codes WHERE person = $1`, person); err != nil {
		return err
	}
	for _, c := range codes {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO recovery_codes (person, code_hash) VALUES ($1, $2)`, person, tokenHash(recoveryForm(c))); err != nil {
			return err
		}
	}
	return nil
}

// DropFactor takes a person's own second factor away, for the password and a code together: with one of the two alone
// neither a thief of the phone nor one of the password gets rid of it. An administrator sets up a new one next.
func (db *DB) DropFactor(ctx context.Context, person, password, code, from string) error {
	if _, err := db.proven(ctx, person, password, from); err != nil {
		return err
	}
	if err := db.codeIs(ctx, person, code); err != nil {
		return err
	}
	return db.dropFactor(ctx, person, person, from)
}

// codeIs checks a code of somebody who is signed in already, with the throttle of the second step.
func (db *DB) codeIs(ctx context.Context, person, code string) error {
	p, err := db.identityOf(ctx, person)
	if err != nil {
		return err
	}
	attempt, err := db.attemptOf(ctx, p.Login, "code own", codesPerPerson)
	if err != nil {
		return err
	}
	if _, err := db.factorIs(ctx, person, code); err != nil {
		return err
	}
	return db.forgive(ctx, attempt)
}

func (db *DB) dropFactor(ctx context.Context, by, person, from string) error {
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		done, err := tx.ExecContext(ctx, `DELETE FROM second_factors WHERE person = $1`, person)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, review.Refuse(FactorOff))
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventFactorOff, Person: by, Address: from, What: person})
	})
}

// factorOf returns a person's factor with its secret; FactorOff when there is none.
func (db *DB) factorOf(ctx context.Context, person string) (factorRow, []byte, error) {
	var row factorRow
	err := db.sql.GetContext(ctx, &row, `
		SELECT key_id, secret, confirmed_at, last_step FROM second_factors WHERE person = $1`, person)
	if errors.Is(err, sql.ErrNoRows) {
		return row, nil, review.Refuse(FactorOff)
	} else if err != nil {
		return row, nil, err
	}
	secret, err := db.accounts.open(person, row.KeyID, row.Secret)
	return row, secret, err
}

// factorIs checks a code, or a recovery code, and uses it up: the same one is StepWrong the second time, also when both
// come at once.
func (db *DB) factorIs(ctx context.Context, person, code string) (how string, err error) {
	if len(code) > 100 {
		return "", review.Refuse(StepWrong)
	}
	used := int64(0)
	if recovery := recoveryForm(code); recovery != "" {
		how = stepByRecovery
		used, err = affected(db.sql.ExecContext(ctx, `
			DELETE FROM recovery_codes r USING second_factors f
			WHERE r.person = $1 AND r.code_hash = $2 AND f.person = r.person AND f.confirmed_at IS NOT NULL`, person, tokenHash(recovery)))
	} else {
		how = stepByCode
		row, secret, e := db.factorOf(ctx, person)
		if e != nil {
			return "", e
		}
		if step := matchingStep(secret, code, db.now(), row.LastStep); step != 0 {
			used, err = affected(db.sql.ExecContext(ctx, `
				UPDATE second_factors SET last_step = $2
				WHERE person = $1 AND last_step < $2 AND confirmed_at IS NOT NULL`, person, step))
		}
	}
	if err == nil && used == 0 {
		err = review.Refuse(StepWrong)
	}
	return how, err
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
