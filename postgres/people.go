package postgres

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// Membership is a person's part in a unit today.
type Membership struct {
	Unit     string      `db:"unit" json:"unit"`
	UnitName string      `db:"unit_name" json:"unitName"`
	UnitKind string      `db:"unit_kind" json:"unitKind"`
	Role     review.Role `db:"role" json:"role"`
	Post     string      `db:"post" json:"post,omitempty"`
}

// Person is somebody with an account, and what they are today.
type Person struct {
	ID          string       `json:"id"`
	Login       string       `json:"login"`
	Name        string       `json:"name"`
	Memberships []Membership `json:"memberships"`
	// Below are the market regulators of the regions below, for people of a regulator.
	Below []string `json:"-"`
	// SecondFactor: signing in takes a second step. Known of the bearer of a session only.
	SecondFactor bool `json:"-"`
	// Scopes are those of the token that was used; none is everything.
	Scopes []Scope `json:"-"`
}

// Has reports whether the person holds the role in any unit today.
func (p Person) Has(role review.Role) bool {
	return slices.ContainsFunc(p.Memberships, func(m Membership) bool { return m.Role == role })
}

// Administers reports whether the person is one of the three administrators today.
func (p Person) Administers() bool {
	return slices.ContainsFunc(p.Memberships, func(m Membership) bool { return administers(m.Role) })
}

func administers(role review.Role) bool {
	return role == review.Admin || role == review.SecurityAdmin || role == review.AuditAdmin
}

// Viewer is the person as review.View and the lists know them. An expert sees cases as a person, not as a unit, and an
// administrator sees none: neither role lends the eyes of the unit that it is kept under.
func (p Person) Viewer() review.Viewer {
	v := review.Viewer{Person: p.ID}
	for _, m := range p.Memberships {
		if m.Role != review.Expert && !administers(m.Role) && !slices.Contains(v.Units, m.Unit) {
			v.Units = append(v.Units, m.Unit)
		}
	}
	v.Units = append(v.Units, p.Below...)
	return v
}

// below returns the market regulators of the regions below that of a regulator: the one above answers for them
// (办法 37, 39, 42) and reads what they read; it acts in none of their cases.
func (db *DB) below(ctx context.Context, regulator string) ([]string, error) {
	stmt, err := db.stmt(ctx, `
		WITH RECURSIVE region (id) AS (
			SELECT parent FROM units WHERE id = $1
			UNION
			SELECT u.id FROM units u JOIN region r ON u.parent = r.id
		)
		SELECT u.id FROM units u JOIN region r ON u.parent = r.id WHERE u.kind = 'regulator' AND u.id <> $1 ORDER BY u.id`)
	if err != nil {
		return nil, err
	}
	var ids []string
	return ids, stmt.SelectContext(ctx, &ids, regulator)
}

// Unit is a department, a government, a regulator: a node of the tree.
type Unit struct {
	ID        string `db:"id" json:"id"`
	Name      string `db:"name" json:"name"`
	NameEN    string `db:"name_en" json:"nameEN,omitempty"`
	Parent    string `db:"parent" json:"parent,omitempty"`
	Kind      string `db:"kind" json:"kind,omitempty"`
	Regulator string `db:"regulator" json:"regulator,omitempty"` // market regulator of its level
	Active    bool   `db:"active" json:"active"`
}

// Units returns all units, by id.
func (db *DB) Units(ctx context.Context) ([]Unit, error) {
	out := []Unit{}
	err := db.sql.SelectContext(ctx, &out, `
		SELECT id, name, name_en, coalesce(parent, '') AS parent, kind, coalesce(regulator, '') AS regulator, active
		FROM units
		ORDER BY id`)
	return out, err
}

// Unit returns one unit; NotFound when there is none.
func (db *DB) Unit(ctx context.Context, id string) (Unit, error) {
	var u Unit
	err := db.sql.GetContext(ctx, &u, `
		SELECT id, name, name_en, coalesce(parent, '') AS parent, kind, coalesce(regulator, '') AS regulator, active
		FROM units
		WHERE id = $1`, printable(id))
	return u, missing(err)
}

// CreateUnit adds a unit, or changes the one with its id. Its parent and regulator must be there; it may be its own
// regulator.
func (db *DB) CreateUnit(ctx context.Context, u Unit) error {
	_, err := db.sql.ExecContext(ctx, `
		INSERT INTO units (id, name, name_en, kind, parent, regulator, active)
		VALUES ($1, $2, $3, $4, nullif($5, ''), nullif($6, ''), $7)
		ON CONFLICT (id) DO UPDATE
		SET name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, parent = excluded.parent,
			regulator = excluded.regulator, active = excluded.active`,
		u.ID, u.Name, u.NameEN, u.Kind, u.Parent, u.Regulator, u.Active)
	return refusal(err)
}

// personRow is a person beside one membership of today, or none.
type personRow struct {
	ID       string         `db:"id"`
	Login    string         `db:"login"`
	Name     string         `db:"name"`
	Unit     sql.NullString `db:"unit"`
	UnitName sql.NullString `db:"unit_name"`
	UnitKind sql.NullString `db:"unit_kind"`
	Role     sql.NullString `db:"role"`
	Post     sql.NullString `db:"post"`

	// Of the bearer of a session or a token.
	Factor   bool           `db:"factor"`
	Scopes   pq.StringArray `db:"scopes"`
	OnlyUnit sql.NullString `db:"only_unit"`
}

// personColumns and membershipsToday make personRows; the day must be the parameter $1.
const (
	personColumns    = `p.id, p.login, p.name, m.unit, u.name AS unit_name, u.kind AS unit_kind, m.role, m.post`
	membershipsToday = `
		LEFT JOIN memberships m ON m.person = p.id
			AND m.valid_from <= CAST($1 AS date) AND (m.valid_to IS NULL OR CAST($1 AS date) < m.valid_to)
		LEFT JOIN units u ON u.id = m.unit`
)

// gather makes people of rows that are ordered by person.
func gather(rows []personRow) []Person {
	out := []Person{}
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].ID != r.ID {
			out = append(out, Person{ID: r.ID, Login: r.Login, Name: r.Name, Memberships: []Membership{}})
		}
		if p := &out[len(out)-1]; r.Unit.Valid {
			p.Memberships = append(p.Memberships, Membership{Unit: r.Unit.String, UnitName: r.UnitName.String,
				UnitKind: r.UnitKind.String, Role: review.Role(r.Role.String), Post: r.Post.String})
		}
	}
	return out
}

// today is the day in China on which memberships are checked.
func (db *DB) today() string { return string(review.DateOf(db.now())) }

// PeopleFilter chooses people by what they are today. Empty fields choose nothing away.
type PeopleFilter struct {
	Unit string
	Role review.Role
}

// People returns active people with all their memberships, by name: those who have the role in the unit.
func (db *DB) People(ctx context.Context, f PeopleFilter) ([]Person, error) {
	var rows []personRow
	err := db.sql.SelectContext(ctx, &rows, `
		SELECT `+personColumns+`
		FROM people p`+membershipsToday+`
		WHERE p.active AND ($2 = '' AND $3 = '' OR EXISTS (SELECT FROM memberships x
			WHERE x.person = p.id AND ($2 = '' OR x.unit = $2) AND ($3 = '' OR x.role = $3)
			  AND x.valid_from <= CAST($1 AS date) AND (x.valid_to IS NULL OR CAST($1 AS date) < x.valid_to)))
		ORDER BY p.name, p.id, m.unit, m.role`, db.today(), printable(f.Unit), string(f.Role))
	return gather(rows), err
}

// Names returns the names of people and units by id. An id that is neither is left out.
func (db *DB) Names(ctx context.Context, ids []string) (map[string]string, error) {
	out := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		ID   string `db:"id"`
		Name string `db:"name"`
	}
	stmt, err := db.stmt(ctx, `
		SELECT id, name FROM people WHERE id = ANY (CAST($1 AS text[]))
		UNION ALL
		SELECT id, name FROM units WHERE id = ANY (CAST($1 AS text[]))`)
	if err != nil {
		return nil, err
	}
	if err := stmt.SelectContext(ctx, &rows, pq.StringArray(ids)); err != nil {
		return nil, err
	}
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, nil
}

// NewPerson is an account to be made. Without a password nobody can sign in with one.
type NewPerson struct {
	ID          string
	Login       string
	Name        string
	Password    string
	Memberships []Membership // from today on
}

// CreatePerson adds a person, or changes the one with the id: memberships that are not named end today, new ones begin.
func (db *DB) CreatePerson(ctx context.Context, p NewPerson) error {
	var hash string
	if p.Password != "" {
		var err error
		if hash, err = db.hashPassword(ctx, p.Password); err != nil {
			return err
		}
	}
	var units, roles, posts []string
	for _, m := range p.Memberships {
		units, roles, posts = append(units, m.Unit), append(roles, string(m.Role)), append(posts, m.Post)
	}
	now, today := db.now(), db.today()
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO people (id, login, name, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET login = excluded.login, name = excluded.name`,
			p.ID, strings.TrimSpace(p.Login), p.Name, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE memberships m SET valid_to = greatest($2, m.valid_from)
			WHERE m.person = $1 AND (m.valid_to IS NULL OR m.valid_to > $2)
			  AND (m.unit, m.role) NOT IN (SELECT unit, role FROM unnest(CAST($3 AS text[]), CAST($4 AS text[])) AS n (unit, role))`,
			p.ID, today, pq.StringArray(units), pq.StringArray(roles)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO memberships (person, unit, role, post, valid_from)
			SELECT DISTINCT ON (n.unit, n.role) $1, n.unit, n.role, n.post, CAST($2 AS date)
			FROM unnest(CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS text[])) AS n (unit, role, post)
			WHERE NOT EXISTS (SELECT FROM memberships m
				WHERE m.person = $1 AND m.unit = n.unit AND m.role = n.role AND (m.valid_to IS NULL OR m.valid_to > $2))
			ON CONFLICT (person, unit, role, valid_from) DO UPDATE SET valid_to = NULL, post = excluded.post`,
			p.ID, today, pq.StringArray(units), pq.StringArray(roles), pq.StringArray(posts)); err != nil {
			return err
		}
		if hash == "" {
			return nil
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO passwords (person, hash, changed_at) VALUES ($1, $2, $3)
			ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at`, p.ID, hash, now)
		return err
	}))
}
