package postgres

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// Bounds of a password, in characters. There is no rule on what it is made of: length is what helps.
const (
	passwordMin = 12
	passwordMax = 128
)

//go:embed passwords.txt
var commonPasswords string

// common are the words that the first guesses are made of: passwords that are used everywhere, keyboard runs, names and
// phrases in English and pinyin, in the form that folded makes.
var common = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for word := range strings.Lines(commonPasswords) {
		out[strings.TrimSpace(word)] = true
	}
	return out
})

// leet undoes the replacements that every guessing program knows.
var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// folded is a text without what does not make it harder to guess: case, spaces and marks.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// CheckPassword refuses a password that is too short or too long (PasswordLength), or that is among the first guesses
// (PasswordCommon): a word of the list with digits and marks round it, one piece over and over, a run, or hardly more
// than the login, the name or the name of this program.
func CheckPassword(password, login, name string) error {
	if n := utf8.RuneCountInString(password); n < passwordMin || n > passwordMax || !utf8.ValidString(password) {
		return review.Refuse(PasswordLength)
	}
	if !review.CleanString(password) {
		return review.Refuse(review.BadCharacters, "field", "password")
	}
	lower := strings.ToLower(password)
	core := strings.TrimFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) }) // digits at the ends stand for no letters
	for _, form := range []string{folded(password), folded(leet.Replace(lower)), folded(leet.Replace(core))} {
		if guessable(form) {
			return review.Refuse(PasswordCommon)
		}
		for _, own := range []string{login, name, "fairreview", "公平竞争审查"} {
			if own = folded(own); utf8.RuneCountInString(own) < 2 || !strings.Contains(form, own) {
				continue
			}
			if rest := strings.ReplaceAll(form, own, ""); utf8.RuneCountInString(rest) < 8 || guessable(rest) {
				return review.Refuse(PasswordCommon)
			}
		}
	}
	return nil
}

// guessable reports whether a folded password, or what is left of it without the digits at its ends, is a word of the
// list, one short piece over and over, or a run.
func guessable(form string) bool {
	bare := strings.TrimFunc(form, unicode.IsDigit)
	for _, s := range []string{form, bare} {
		if common()[s] || repeats(s) || runs(s) {
			return true
		}
	}
	// A word twice over, or two of them: "passwordpassword", "dragonmonkey".
	for i := 4; i <= len(bare)-4; i++ {
		if common()[bare[:i]] && common()[bare[i:]] {
			return true
		}
	}
	return false
}

// repeats reports whether s is a piece of at most six characters over and over, or has at most three different ones.
func repeats(s string) bool {
	runes := []rune(s)
	different := map[rune]bool{}
	for _, r := range runes {
		different[r] = true
	}
	if len(runes) > 3 && len(different) <= 3 {
		return true
	}
	for piece := 1; piece <= 6 && piece*2 <= len(runes); piece++ {
		same := true
		for i := piece; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-piece]
		}
		if same {
			return true
		}
	}
	return false
}

// runs reports whether at least three in four steps of s go to the next or the previous character, or stay: 123456789012,
// abcdefgfedcba.
func runs(s string) bool {
	runes, steps := []rune(s), 0
	for i := 1; i < len(runes); i++ {
		d := runes[i] - runes[i-1]
		if d >= -1 && d <= 1 || runes[i-1] == '9' && runes[i] == '0' {
			steps++
		}
	}
	return len(runes) > 3 && steps*4 >= (len(runes)-1)*3
}

// ChangePassword changes the person's own password and ends their other sessions: the one whose token is given stays.
// The present one is asked for again, and guesses at it are throttled like any other: PasswordWrong, TooMany. The new one
// must pass CheckPassword and differ from it.
func (db *DB) ChangePassword(ctx context.Context, person, session, old, next, from string) error {
	p, err := db.proven(ctx, person, old, from)
	if err != nil {
		return err
	}
	if err := CheckPassword(next, p.Login, p.Name); err != nil {
		return err
	}
	if next == old {
		return review.Refuse(PasswordCommon)
	}
	hash, err := db.hashPassword(ctx, next)
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := setPassword(ctx, tx, person, hash, db); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM sessions WHERE person = $1 AND token_hash <> $2`, person, tokenHash(session)); err != nil {
			return err
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventPasswordChanged, Person: person, Login: p.Login, Address: from, What: person})
	})
}

// identity is an account without what it is where.
type identity struct {
	ID    string         `db:"id"`
	Login string         `db:"login"`
	Name  string         `db:"name"`
	Hash  sql.NullString `db:"hash"`
}

// proven returns the account when the password is its own; PasswordWrong otherwise, TooMany after some tries.
func (db *DB) proven(ctx context.Context, person, password, from string) (identity, error) {
	var p identity
	if err := db.sql.GetContext(ctx, &p, `
		SELECT p.id, p.login, p.name, w.hash
		FROM people p
		LEFT JOIN passwords w ON w.person = p.id
		WHERE p.id = $1 AND p.active`, person); err != nil {
		return p, missing(err)
	}
	attempt, err := db.attemptOf(ctx, p.Login, "own "+source(from), attemptsPerPair)
	if err != nil {
		return p, err
	}
	match, err := db.passwordIs(ctx, password, orNobody(p.Hash))
	if err != nil {
		return p, err
	}
	if !match || !p.Hash.Valid {
		if err := db.Count(ctx, SecurityEvent{Kind: EventPasswordRefused, Person: person, Login: p.Login, Address: from}); err != nil {
			return p, err
		}
		return p, review.Refuse(PasswordWrong)
	}
	return p, db.forgive(ctx, attempt)
}

func orNobody(hash sql.NullString) string {
	if hash.Valid {
		return hash.String
	}
	return nobodysPassword
}

func setPassword(ctx context.Context, tx *sqlx.Tx, person, hash string, db *DB) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO passwords (person, hash, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at`, person, hash, db.now())
	return err
}

// identityOf returns an account; NotFound when there is none that is active.
func (db *DB) identityOf(ctx context.Context, person string) (identity, error) {
	var p identity
	err := db.sql.GetContext(ctx, &p, `
		SELECT id, login, name FROM people WHERE id = $1 AND active`, printable(person))
	if errors.Is(err, sql.ErrNoRows) {
		return p, review.Refuse(review.NotFound)
	}
	return p, err
}
