package postgres

import (
	"context"
	"regexp"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// What changes of the organisation add to the log.
const (
	EventUnitMade    EventKind = "unit_made"
	EventUnitChanged EventKind = "unit_changed"
	EventUnitMerged  EventKind = "unit_merged"
)

var unitForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// UnitKinds are what a unit can be.
func UnitKinds() []string {
	return []string{"government", "department", "regulator", "party", "congress", "enterprise", "pool"}
}

// MakeUnit adds a unit. A regulator without one named is its own. Refusals: Invalid (also for an id that is taken), Missing,
// UnitMerged for a parent or regulator that is no longer active.
func (db *DB) MakeUnit(ctx context.Context, by string, u Unit, from string) error {
	if !unitForm.MatchString(u.ID) {
		return review.Refuse(review.Invalid, "field", "id")
	}
	if u.Kind == "regulator" && u.Regulator == "" {
		u.Regulator = u.ID
	}
	if err := checkUnit(&u); err != nil {
		return err
	}
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := activeUnits(ctx, tx, u.ID, u.Parent, u.Regulator); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `
			INSERT INTO units (id, name, name_en, kind, parent, regulator) VALUES ($1, $2, $3, $4, nullif($5, ''), nullif($6, ''))
			ON CONFLICT (id) DO NOTHING`, u.ID, u.Name, u.NameEN, u.Kind, u.Parent, u.Regulator))
		if err != nil {
			return err
		}
		if n == 0 {
			return review.Refuse(review.Invalid, "field", "id")
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventUnitMade, Person: by, Address: from, What: u.ID + " " + u.Name})
	}))
}

func checkUnit(u *Unit) error {
	u.Name, u.NameEN = strings.TrimSpace(u.Name), strings.TrimSpace(u.NameEN)
	known := false
	for _, k := range UnitKinds() {
		known = known || k == u.Kind
	}
	switch {
	case u.Name == "" || len(u.Name) > 600:
		return review.Refuse(review.Missing, "field", "name")
	case !review.CleanString(u.Name) || !review.CleanString(u.NameEN) || len(u.NameEN) > 600:
		return review.Refuse(review.BadCharacters, "field", "name")
	case !known:
		return review.Refuse(review.Invalid, "field", "kind")
	case u.Regulator == "" && u.Kind != "pool":
		return review.Refuse(review.Missing, "field", "regulator")
	}
	return nil
}

// activeUnits refuses a parent or a regulator that is not active, or no regulator. The unit itself may be its own regulator.
func activeUnits(ctx context.Context, tx *sqlx.Tx, id, parent, regulator string) error {
	for field, other := range map[string]string{"parent": parent, "regulator": regulator} {
		if other == "" || other == id && field == "regulator" {
			continue
		}
		var found []Unit
		if err := tx.SelectContext(ctx, &found, `
			SELECT id, kind, active FROM units WHERE id = $1 FOR SHARE`, printable(other)); err != nil {
			return err
		}
		switch {
		case len(found) == 0 || field == "regulator" && found[0].Kind != "regulator":
			return review.Refuse(review.Invalid, "field", field)
		case !found[0].Active:
			return review.Refuse(UnitMerged)
		}
	}
	return nil
}

// ChangeUnit renames a unit, moves it below another, or changes its kind or regulator; cases that are open keep the regulator that
// they opened with. Refusals: those of MakeUnit, NotFound, UnitMerged, UnitCircle.
func (db *DB) ChangeUnit(ctx context.Context, by string, u Unit, from string) error {
	if err := checkUnit(&u); err != nil {
		return err
	}
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		// One change of the tree at a time: two moves at once could make a circle that neither sees.
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('fairreview units'))`); err != nil {
			return err
		}
		var was []Unit
		if err := tx.SelectContext(ctx, &was, `
			SELECT id, name, name_en, kind, coalesce(parent, '') AS parent, coalesce(regulator, '') AS regulator, active
			FROM units WHERE id = $1 FOR UPDATE`, printable(u.ID)); err != nil {
			return err
		}
		switch {
		case len(was) == 0:
			return review.Refuse(review.NotFound)
		case !was[0].Active:
			return review.Refuse(UnitMerged)
		}
		if err := activeUnits(ctx, tx, u.ID, u.Parent, u.Regulator); err != nil {
			return err
		}
		var circle bool
		if err := tx.GetContext(ctx, &circle, `
			WITH RECURSIVE above (id) AS (
				SELECT CAST(nullif($2, '') AS text)
				UNION
				SELECT u.parent FROM units u JOIN above a ON u.id = a.id
			)
			SELECT EXISTS (SELECT FROM above WHERE id = $1)`, u.ID, u.Parent); err != nil {
			return err
		}
		if circle {
			return review.Refuse(UnitCircle)
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE units SET name = $2, name_en = $3, kind = $4, parent = nullif($5, ''), regulator = nullif($6, '')
			WHERE id = $1`, u.ID, u.Name, u.NameEN, u.Kind, u.Parent, u.Regulator); err != nil {
			return err
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventUnitChanged, Person: by, Address: from, What: u.ID + ": " + was[0].words() + " → " + u.words()})
	}))
}

// words say a unit's data in the log.
func (u Unit) words() string {
	return strings.Join([]string{u.Name, u.Kind, "parent " + u.Parent, "regulator " + u.Regulator}, ", ")
}

// MergeUnits ends a unit: it became part of another. Its people hold their posts there from today on; its cases keep its name and
// are carried on by who holds the post in the other (see Standing). Units below it come below the other, and one that it regulated is
// regulated by the other. A regulator becomes part of a regulator only. Refusals: NotFound, Invalid, UnitMerged.
func (db *DB) MergeUnits(ctx context.Context, by, old, into, from string) error {
	old, into = printable(old), printable(into)
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('fairreview units'))`); err != nil {
			return err
		}
		var both []Unit
		if err := tx.SelectContext(ctx, &both, `
			SELECT id, name, kind, coalesce(parent, '') AS parent, active FROM units
			WHERE id IN ($1, $2) ORDER BY id = $2 FOR UPDATE`, old, into); err != nil {
			return err
		}
		switch {
		case len(both) == 0 || both[0].ID != old:
			return review.Refuse(review.NotFound)
		case len(both) == 1 || both[0].Kind != both[1].Kind && (both[0].Kind == "regulator" || both[1].Kind == "regulator" || both[0].Kind == "pool" || both[1].Kind == "pool"):
			return review.Refuse(review.Invalid, "field", "into")
		case !both[0].Active || !both[1].Active:
			return review.Refuse(UnitMerged)
		}
		today := db.today()
		for _, step := range []struct {
			statement string
			args      []any
		}{
			{`UPDATE units SET parent = CASE WHEN id = $2 THEN (SELECT nullif(parent, $2) FROM units WHERE id = $1) ELSE $2 END WHERE parent = $1`, []any{old, into}},
			{`UPDATE units SET regulator = $2 WHERE regulator = $1 AND id <> $1`, []any{old, into}},
			{`INSERT INTO memberships (person, unit, role, post, valid_from, valid_to)
				SELECT DISTINCT ON (m.person, m.role, greatest(m.valid_from, CAST($3 AS date))) m.person, $2, m.role, m.post, greatest(m.valid_from, CAST($3 AS date)), m.valid_to
				FROM memberships m
				WHERE m.unit = $1 AND (m.valid_to IS NULL OR m.valid_to > $3)
				  AND NOT EXISTS (SELECT FROM memberships x WHERE x.person = m.person AND x.unit = $2 AND x.role = m.role AND (x.valid_to IS NULL OR x.valid_to > $3))
				ON CONFLICT (person, unit, role, valid_from) DO UPDATE SET valid_to = excluded.valid_to, post = excluded.post`, []any{old, into, today}},
			{`UPDATE memberships SET valid_to = greatest(valid_from, CAST($2 AS date)) WHERE unit = $1 AND (valid_to IS NULL OR valid_to > $2)`, []any{old, today}},
			{`UPDATE agents SET unit = $2 WHERE unit = $1 AND ended_at IS NULL`, []any{old, into}},
			{`UPDATE units SET active = false, merged_into = $2 WHERE id = $1`, []any{old, into}},
		} {
			if _, err := tx.ExecContext(ctx, step.statement, step.args...); err != nil {
				return err
			}
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventUnitMerged, Person: by, Address: from, What: old + " → " + into})
	}))
}

// Post is a membership with its days: from From on, and before To when there is one.
type Post struct {
	Membership
	From review.Date `db:"valid_from" json:"from"`
	To   review.Date `db:"valid_to" json:"to,omitempty" doc:"The first day on which it is over"`
}

// Posts lists a person's memberships, past and to come as well, the newest first; NotFound when there is no such person.
func (db *DB) Posts(ctx context.Context, person string) ([]Post, error) {
	if _, err := db.identityOf(ctx, person); err != nil {
		return nil, err
	}
	out := []Post{}
	err := db.sql.SelectContext(ctx, &out, `
		SELECT m.unit, u.name AS unit_name, u.kind AS unit_kind, m.role, m.post, to_char(m.valid_from, 'YYYY-MM-DD') AS valid_from,
			coalesce(to_char(m.valid_to, 'YYYY-MM-DD'), '') AS valid_to
		FROM memberships m
		JOIN units u ON u.id = m.unit
		WHERE m.person = $1
		ORDER BY m.valid_from DESC, m.unit, m.role`, printable(person))
	return out, err
}

// GivePost gives a person a post from a day on, today or later, and until a day if one is named. Nobody gives one to themselves.
// Refusals: NotOneself, NotFound, Invalid, UnitMerged, AdminsApart; Invalid role when they hold it already in that time.
func (db *DB) GivePost(ctx context.Context, by, person string, p Post, from string) error {
	switch {
	case by == person:
		return review.Refuse(NotOneself)
	case !p.From.Valid() || p.From < review.Date(db.today()):
		return review.Refuse(review.Invalid, "field", "from")
	case p.To != "" && (!p.To.Valid() || p.To <= p.From):
		return review.Refuse(review.Invalid, "field", "to")
	}
	if _, err := db.identityOf(ctx, person); err != nil {
		return err
	}
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := activeUnits(ctx, tx, "", p.Unit, ""); err != nil {
			if review.CodeOf(err) == review.Invalid {
				return review.Refuse(review.Invalid, "field", "unit")
			}
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `
			INSERT INTO memberships (person, unit, role, post, valid_from, valid_to)
			SELECT $1, $2, $3, $4, CAST($5 AS date), CAST(nullif($6, '') AS date)
			WHERE NOT EXISTS (SELECT FROM memberships m WHERE m.person = $1 AND m.unit = $2 AND m.role = $3
				AND daterange(m.valid_from, m.valid_to) && daterange(CAST($5 AS date), CAST(nullif($6, '') AS date)))
			ON CONFLICT (person, unit, role, valid_from) DO UPDATE SET valid_to = excluded.valid_to, post = excluded.post
				WHERE memberships.valid_to = memberships.valid_from`,
			person, p.Unit, string(p.Role), p.Post, string(p.From), string(p.To)))
		if err != nil {
			return err
		}
		if n == 0 {
			return review.Refuse(review.Invalid, "field", "role")
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventRoleGiven, Person: by, Address: from,
			What: strings.TrimRight(person+" "+string(p.Role)+" "+p.Unit+" "+string(p.From)+" "+string(p.To), " ")})
	}))
}

// EndPost ends a person's post on a day, today or later: on it they no longer hold it. NotFound when they would not hold it then.
func (db *DB) EndPost(ctx context.Context, by, person string, p Post, from string) error {
	switch {
	case by == person:
		return review.Refuse(NotOneself)
	case !p.To.Valid() || p.To < review.Date(db.today()):
		return review.Refuse(review.Invalid, "field", "to")
	}
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE memberships SET valid_to = greatest(valid_from, CAST($4 AS date))
			WHERE person = $1 AND unit = $2 AND role = $3 AND (valid_to IS NULL OR valid_to > CAST($4 AS date))`,
			printable(person), printable(p.Unit), printable(string(p.Role)), string(p.To)))
		if err != nil {
			return err
		}
		if n == 0 {
			return review.Refuse(review.NotFound)
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventRoleTaken, Person: by, Address: from, What: person + " " + string(p.Role) + " " + p.Unit + " " + string(p.To)})
	}))
}
