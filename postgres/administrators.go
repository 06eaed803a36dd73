package postgres

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// linkLife is how long a one-time link opens.
const linkLife = 24 * time.Hour

// Link says what a one-time link is for.
type Link struct {
	Person string // "" is the first administrator of a new database
	Login  string
	Name   string
}

// First is what the first administrator says about themselves.
type First struct {
	Login    string
	Name     string
	Unit     string // id of the unit they belong to; made when there is none
	UnitName string
	Password string
}

var loginForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// MakeLink makes a one-time link by which a person sets a password: nobody sets one for somebody else. Links made for them
// before no longer open. by is the administrator who asks; they cannot make one for themselves.
func (db *DB) MakeLink(ctx context.Context, by, person, from string) (string, error) {
	if by == person {
		return "", review.Refuse(NotOneself)
	}
	if _, err := db.identityOf(ctx, person); err != nil {
		return "", err
	}
	token, err := newToken()
	if err != nil {
		return "", err
	}
	now := db.now()
	return token, db.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM one_time_links WHERE person = $1 OR expires_at <= $2`, person, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO one_time_links (token_hash, person, made_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			tokenHash(token), person, by, now, now.Add(linkLife)); err != nil {
			return err
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventLinkMade, Person: by, Address: from, What: person})
	})
}

// FirstLink makes the one-time link for the first administrator; "" when the database has an administrator, or is a demo.
func (db *DB) FirstLink(ctx context.Context) (string, error) {
	token, err := newToken()
	if err != nil {
		return "", err
	}
	now := db.now()
	made, err := affected(db.sql.ExecContext(ctx, `
		INSERT INTO one_time_links (token_hash, made_by, created_at, expires_at)
		SELECT $1, '', $2, $3
		WHERE NOT EXISTS (SELECT FROM memberships WHERE role IN ('admin', 'security_admin', 'audit_admin'))
		  AND NOT EXISTS (SELECT FROM settings WHERE key = 'demo' AND value = 'true')`, tokenHash(token), now, now.Add(linkLife)))
	if err != nil || made == 0 {
		return "", err
	}
	return token, nil
}

// LinkOf returns what a one-time link is for, without using it; LinkOver when it opens nothing.
func (db *DB) LinkOf(ctx context.Context, token string) (Link, error) {
	var l struct {
		Person sql.NullString `db:"person"`
		Login  sql.NullString `db:"login"`
		Name   sql.NullString `db:"name"`
	}
	err := db.sql.GetContext(ctx, &l, `
		SELECT l.person, p.login, p.name
		FROM one_time_links l
		LEFT JOIN people p ON p.id = l.person AND p.active
		WHERE l.token_hash = $1 AND l.expires_at > $2 AND (l.person IS NULL OR p.id IS NOT NULL)`, tokenHash(token), db.now())
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, review.Refuse(LinkOver)
	}
	return Link{Person: l.Person.String, Login: l.Login.String, Name: l.Name.String}, err
}

// UseLink sets the password of the person whose link it is, once, and ends all their sessions. The second factor stays: a
// link that was intercepted opens nothing by itself.
func (db *DB) UseLink(ctx context.Context, token, password, from string) error {
	l, err := db.LinkOf(ctx, token)
	if err != nil {
		return err
	}
	if l.Person == "" {
		return review.Refuse(LinkOver)
	}
	if err := CheckPassword(password, l.Login, l.Name); err != nil {
		return err
	}
	hash, err := db.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		if n, err := affected(tx.ExecContext(ctx, `
			DELETE FROM one_time_links WHERE token_hash = $1 AND expires_at > $2`, tokenHash(token), db.now())); err != nil || n == 0 {
			return errors.Join(err, review.Refuse(LinkOver))
		}
		if err := setPassword(ctx, tx, l.Person, hash, db); err != nil {
			return err
		}
		for _, statement := range []string{
			`DELETE FROM sessions WHERE person = $1`,
			`DELETE FROM pending_sign_ins WHERE person = $1`,
			`DELETE FROM known_devices WHERE person = $1`,
		} {
			if _, err := tx.ExecContext(ctx, statement, l.Person); err != nil {
				return err
			}
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventPasswordReset, Person: l.Person, Login: l.Login, Address: from, What: l.Person})
	})
}

// UseFirstLink makes the first administrator. Of all such links one opens, and none once there is an administrator.
func (db *DB) UseFirstLink(ctx context.Context, token string, f First, from string) error {
	f.Login, f.Name, f.UnitName = strings.TrimSpace(f.Login), strings.TrimSpace(f.Name), strings.TrimSpace(f.UnitName)
	switch {
	case !loginForm.MatchString(f.Login):
		return review.Refuse(LoginForm)
	case f.Name == "" || len(f.Name) > 200 || !review.CleanString(f.Name):
		return review.Refuse(review.Missing, "field", "name")
	case !loginForm.MatchString(f.Unit):
		return review.Refuse(review.Invalid, "field", "unit")
	case f.UnitName == "" || len(f.UnitName) > 200 || !review.CleanString(f.UnitName):
		return review.Refuse(review.Missing, "field", "unitName")
	}
	if err := CheckPassword(f.Password, f.Login, f.Name); err != nil {
		return err
	}
	if l, err := db.LinkOf(ctx, token); err != nil || l.Person != "" {
		return errors.Join(err, review.Refuse(LinkOver))
	}
	hash, err := db.hashPassword(ctx, f.Password)
	if err != nil {
		return err
	}
	now := db.now()
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		// The head of the log stands for "one at a time" here as well: two links used at once make one administrator.
		if _, err := tx.ExecContext(ctx, `SELECT FROM security_head FOR UPDATE`); err != nil {
			return err
		}
		if n, err := affected(tx.ExecContext(ctx, `
			DELETE FROM one_time_links
			WHERE token_hash = $1 AND person IS NULL AND expires_at > $2
			  AND NOT EXISTS (SELECT FROM memberships WHERE role IN ('admin', 'security_admin', 'audit_admin'))`, tokenHash(token), now)); err != nil || n == 0 {
			return errors.Join(err, review.Refuse(LinkOver))
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM one_time_links WHERE person IS NULL`); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO units (id, name, name_en, kind, regulator) VALUES ($1, $2, $2, 'regulator', $1)
			ON CONFLICT (id) DO NOTHING`, f.Unit, f.UnitName); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO people (id, login, name, created_at) VALUES ($1, $1, $2, $3)`, f.Login, f.Name, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO memberships (person, unit, role, valid_from) VALUES ($1, $2, 'admin', $3)`, f.Login, f.Unit, db.today()); err != nil {
			return err
		}
		if err := setPassword(ctx, tx, f.Login, hash, db); err != nil {
			return err
		}
		if err := db.noteIn(ctx, tx, SecurityEvent{Kind: EventAccountMade, Person: f.Login, Login: f.Login, Address: from, What: f.Login}); err != nil {
			return err
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventRoleGiven, Person: f.Login, Address: from, What: f.Login + " admin " + f.Unit})
	}))
}

// GiveRole gives a person a role in a unit from today on. Nobody gives one to themselves; two administrators' roles at once
// are AdminsApart.
func (db *DB) GiveRole(ctx context.Context, by, person string, m Membership, from string) error {
	if by == person {
		return review.Refuse(NotOneself)
	}
	if _, err := db.identityOf(ctx, person); err != nil {
		return err
	}
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			INSERT INTO memberships (person, unit, role, post, valid_from)
			SELECT $1, $2, $3, $4, CAST($5 AS date)
			WHERE NOT EXISTS (SELECT FROM memberships
				WHERE person = $1 AND unit = $2 AND role = $3 AND (valid_to IS NULL OR valid_to > CAST($5 AS date)))
			ON CONFLICT (person, unit, role, valid_from) DO UPDATE SET valid_to = NULL, post = excluded.post`,
			person, m.Unit, m.Role, m.Post, db.today()))
		if err != nil || n == 0 {
			return err
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventRoleGiven, Person: by, Address: from, What: person + " " + string(m.Role) + " " + m.Unit})
	}))
}

// TakeRole takes a role from a person, from now on; NotFound when they do not hold it.
func (db *DB) TakeRole(ctx context.Context, by, person string, m Membership, from string) error {
	if by == person {
		return review.Refuse(NotOneself)
	}
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE memberships SET valid_to = greatest(CAST($4 AS date), valid_from)
			WHERE person = $1 AND unit = $2 AND role = $3 AND (valid_to IS NULL OR valid_to > CAST($4 AS date))`,
			printable(person), printable(m.Unit), printable(string(m.Role)), db.today()))
		if err != nil {
			return err
		}
		if n == 0 {
			return review.Refuse(review.NotFound)
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventRoleTaken, Person: by, Address: from, What: person + " " + string(m.Role) + " " + m.Unit})
	}))
}

// Vacant reports whether nobody who may sign in holds the role today.
func (db *DB) Vacant(ctx context.Context, role review.Role) (bool, error) {
	people, err := db.People(ctx, PeopleFilter{Role: role})
	return !slices.ContainsFunc(people, func(p Person) bool { return p.Has(role) }), err
}

// MakeAccount adds an account without a password and without a role: the one comes by a link, the other from the security
// administrator.
func (db *DB) MakeAccount(ctx context.Context, by, login, name, from string) error {
	login, name = strings.TrimSpace(login), strings.TrimSpace(name)
	switch {
	case !loginForm.MatchString(login):
		return review.Refuse(LoginForm)
	case name == "" || len(name) > 200 || !review.CleanString(name):
		return review.Refuse(review.Missing, "field", "name")
	}
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		// A conflict of id or login: the account is there.
		n, err := affected(tx.ExecContext(ctx, `
			INSERT INTO people (id, login, name, created_at) VALUES ($1, $1, $2, $3)
			ON CONFLICT DO NOTHING`, login, name, db.now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return review.Refuse(review.Invalid, "field", "login")
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventAccountMade, Person: by, Login: login, Address: from, What: login})
	}))
}

// SetActive lets a person in or keeps them out. Who is kept out loses sessions, tokens, links and known browsers at once.
func (db *DB) SetActive(ctx context.Context, by, person string, active bool, from string) error {
	if by == person {
		return review.Refuse(NotOneself)
	}
	kind := EventAccountOff
	if active {
		kind = EventAccountOn
	}
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		var was []bool
		if err := tx.SelectContext(ctx, &was, `
			SELECT active FROM people WHERE id = $1 FOR NO KEY UPDATE`, printable(person)); err != nil {
			return err
		}
		if len(was) == 0 {
			return review.Refuse(review.NotFound)
		}
		if was[0] == active {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `UPDATE people SET active = $2 WHERE id = $1`, person, active); err != nil {
			return err
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: kind, Person: by, Address: from, What: person})
	})
}

// TakeFactor takes another's second factor away, for who lost phone and recovery codes.
func (db *DB) TakeFactor(ctx context.Context, by, person, from string) error {
	if by == person {
		return review.Refuse(NotOneself)
	}
	return db.dropFactor(ctx, by, printable(person), from)
}

// CreateAdministrator is CreatePerson for the console: it checks the login and the password, keeps the memberships that the
// person has, and is noted.
func (db *DB) CreateAdministrator(ctx context.Context, p NewPerson) error {
	if !loginForm.MatchString(p.Login) {
		return review.Refuse(LoginForm)
	}
	if err := CheckPassword(p.Password, p.Login, p.Name); err != nil {
		return err
	}
	var was []Membership
	if err := db.sql.SelectContext(ctx, &was, `
		SELECT unit, role, post FROM memberships
		WHERE person = $1 AND (valid_to IS NULL OR valid_to > $2)`, p.ID, db.today()); err != nil {
		return err
	}
	given := p.Memberships
	p.Memberships = append(was, given...)
	if err := db.CreatePerson(ctx, p); err != nil {
		return err
	}
	for _, m := range given {
		if err := db.Note(ctx, SecurityEvent{Kind: EventRoleGiven, Login: p.Login, What: p.ID + " " + string(m.Role) + " " + m.Unit + " on the console"}); err != nil {
			return err
		}
	}
	return nil
}
