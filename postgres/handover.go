package postgres

import (
	"context"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// EventHandedOver is what a hand-over adds to the log, beside the account that is closed.
const EventHandedOver EventKind = "handed_over"

// The kinds of what hangs on an account.
const (
	HangsSeat  = "seat"  // an invited expert who has not answered: an officer of the regulator sees the panel through
	HangsRole  = "role"  // cases wait for a role that nobody else holds: a colleague of the unit takes it
	HangsAgent = "agent" // acts for somebody: another colleague does, or the principal again
)

// Hanging is something that hangs on an account and needs a new home before the account is closed.
type Hanging struct {
	Key    string      `db:"key" json:"key" doc:"Name it so in the hand-over"`
	Kind   string      `db:"kind" json:"kind" enum:"seat,role,agent"`
	Case   string      `db:"case_id" json:"case,omitempty"`
	Number string      `db:"number" json:"number,omitempty"`
	Unit   string      `db:"unit" json:"unit,omitempty" doc:"Where the new home must belong"`
	Role   review.Role `db:"role" json:"role,omitempty"`
	Tasks  int         `db:"tasks" json:"tasks,omitempty" doc:"How many cases wait for the role"`
	For    string      `db:"principal" json:"for,omitempty"`
	Agent  string      `db:"agent_id" json:"agent,omitempty"`
}

// Home says who takes over what hangs on an account.
type Home struct {
	Key string `json:"key" maxLength:"200"`
	To  string `json:"to" maxLength:"64" doc:"Person"`
}

// hangs is what hangs on the account $1 on the day $2. A merged unit's tasks wait for those of the unit it became part of.
const hangs = `
	WITH held AS (
		SELECT unit, role FROM memberships
		WHERE person = $1 AND role <> 'expert' AND valid_from <= $2 AND (valid_to IS NULL OR $2 < valid_to)
	), alone AS (
		SELECT h.unit, h.role FROM held h
		WHERE NOT EXISTS (SELECT FROM memberships m JOIN people p ON p.id = m.person AND p.active
			WHERE m.unit = h.unit AND m.role = h.role AND m.person <> $1 AND m.valid_from <= $2 AND (m.valid_to IS NULL OR $2 < m.valid_to))
	), waiting AS (
		SELECT a.unit, a.role, count(*) AS tasks
		FROM alone a
		JOIN tasks t ON t.role = a.role AND t.unit <> '' AND (t.unit = a.unit OR t.unit IN (SELECT units_taken_over(a.unit)))
		GROUP BY a.unit, a.role
	)
	SELECT 'seat:' || t.case_id AS key, 'seat' AS kind, CAST(t.case_id AS text) AS case_id, c.number, c.regulator AS unit, 'officer' AS role, 1 AS tasks,
		'' AS principal, '' AS agent_id
	FROM tasks t
	JOIN cases c ON c.id = t.case_id
	WHERE t.person = $1
	UNION ALL
	SELECT 'role:' || w.unit || '/' || w.role, 'role', '', '', w.unit, w.role, CAST(w.tasks AS integer), '', ''
	FROM waiting w
	UNION ALL
	SELECT 'agent:' || a.id, 'agent', '', '', a.unit, a.role, 0, a.principal, CAST(a.id AS text)
	FROM agents a
	WHERE a.agent = $1 AND a.ended_at IS NULL AND a.last_day >= $2
	ORDER BY 1`

// Hangs lists what hangs on an account: seats of experts, roles that nobody else holds and cases wait for, and whom the person
// acts for. NotFound when there is no such person.
func (db *DB) Hangs(ctx context.Context, person string) ([]Hanging, error) {
	if _, err := db.identityOf(ctx, person); err != nil {
		return nil, err
	}
	out := []Hanging{}
	err := db.sql.SelectContext(ctx, &out, hangs, printable(person), db.today())
	return out, err
}

// CloseAccount hands over what hangs on an account, ends the person's posts and keeps them out, all or nothing. Each thing needs
// a home (HandOverOpen names the first without one): for a role, a person of the unit who then holds it; for whom they act, another person
// of the unit or the principal; for a seat, an officer of the case's regulator, who sees the panel through without this expert: nobody
// gives an expert's opinion for them. A home that does not fit is Invalid under its key.
func (db *DB) CloseAccount(ctx context.Context, by, person string, homes []Home, from string) error {
	if by == person {
		return review.Refuse(NotOneself)
	}
	if _, err := db.identityOf(ctx, person); err != nil {
		return err
	}
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		var active []bool
		if err := tx.SelectContext(ctx, &active, `SELECT active FROM people WHERE id = $1 FOR NO KEY UPDATE`, person); err != nil {
			return err
		}
		if len(active) == 0 || !active[0] {
			return review.Refuse(review.NotFound)
		}
		var all []Hanging
		if err := tx.SelectContext(ctx, &all, hangs, person, db.today()); err != nil {
			return err
		}
		to := map[string]string{}
		for _, h := range homes {
			to[h.Key] = printable(h.To)
		}
		var open []string
		for _, h := range all {
			if to[h.Key] == "" {
				open = append(open, h.Key)
			}
		}
		if len(open) > 0 {
			return review.Refuse(HandOverOpen, "count", strconv.Itoa(len(open)), "first", open[0])
		}
		var done []SecurityEvent
		for _, h := range all {
			if err := db.handOver(ctx, tx, by, person, h, to[h.Key]); err != nil {
				return err
			}
			done = append(done, SecurityEvent{Kind: EventHandedOver, Person: by, Address: from, What: person + " " + h.Key + " → " + to[h.Key]})
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE memberships SET valid_to = greatest(valid_from, CAST($2 AS date))
			WHERE person = $1 AND (valid_to IS NULL OR valid_to > $2)`, person, db.today()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE people SET active = false WHERE id = $1`, person); err != nil {
			return err
		}
		for _, e := range append(done, SecurityEvent{Kind: EventAccountOff, Person: by, Address: from, What: person}) {
			if err := db.noteIn(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	}))
}

// handOver gives one thing its new home.
func (db *DB) handOver(ctx context.Context, tx *sqlx.Tx, by, person string, h Hanging, to string) error {
	today := db.today()
	unfit := review.Refuse(review.Invalid, "field", h.Key)
	if to == person || to == by && h.Kind == HangsRole { // who opens and closes accounts gives no power to themselves
		return unfit
	}
	role := "" // any with a part in cases
	if h.Kind == HangsSeat {
		role = string(review.Officer)
	}
	var fits bool
	if err := tx.GetContext(ctx, &fits, `
		SELECT EXISTS (SELECT FROM memberships m JOIN people p ON p.id = m.person AND p.active
			WHERE m.person = $1 AND m.unit = $2 AND ($3 = '' OR m.role = $3) AND m.role NOT IN ('expert', 'admin', 'security_admin', 'audit_admin')
			  AND m.valid_from <= $4 AND (m.valid_to IS NULL OR $4 < m.valid_to))`, to, h.Unit, role, today); err != nil {
		return err
	}
	if !fits {
		return unfit
	}
	switch h.Kind {
	case HangsRole:
		_, err := tx.ExecContext(ctx, `
			INSERT INTO memberships (person, unit, role, post, valid_from)
			SELECT $1, $2, $3, '', CAST($4 AS date)
			WHERE NOT EXISTS (SELECT FROM memberships m WHERE m.person = $1 AND m.unit = $2 AND m.role = $3
				AND m.valid_from <= $4 AND (m.valid_to IS NULL OR $4 < m.valid_to))
			ON CONFLICT (person, unit, role, valid_from) DO UPDATE SET valid_to = NULL`, to, h.Unit, string(h.Role), today)
		return err
	case HangsAgent:
		if to != h.For {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO agents (principal, agent, unit, role, first_day, last_day, reason, made_by, made_at)
				SELECT principal, $2, unit, role, greatest(first_day, CAST($3 AS date)), last_day, reason, $4, $5
				FROM agents WHERE id = $1
				ON CONFLICT (principal, agent, unit, role, first_day, last_day) WHERE ended_at IS NULL DO NOTHING`, h.Agent, to, today, by, db.now())
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE agents SET ended_at = $2, ended_by = $3 WHERE id = $1`, h.Agent, db.now(), by)
		return err
	}
	return nil
}
