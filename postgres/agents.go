package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// Refusals of agents, units and hand-overs. Their sentences are the server's.
const (
	AgentDays    review.Code = "agent_days"     // an agent acts for at most so many days: days
	AgentRole    review.Code = "agent_role"     // nobody stands in for an expert or an administrator: role
	AgentOutside review.Code = "agent_outside"  // principal and agent must belong to the unit, the principal in the role
	UnitMerged   review.Code = "unit_merged"    // the unit is no longer active
	UnitCircle   review.Code = "unit_circle"    // a unit would stand above itself
	HandOverOpen review.Code = "hand_over_open" // something that hangs on the account has no new home: count, first
)

// EventAgentMade and the like are what agents add to the log.
const (
	EventAgentMade  EventKind = "agent_made"
	EventAgentEnded EventKind = "agent_ended"
)

// AgentDaysMost is how many days an agent acts at most.
const AgentDaysMost = 90

// Agent is one person who acts for another in one of their roles, on the days from First to Last.
type Agent struct {
	ID            string      `db:"id" json:"id"`
	Principal     string      `db:"principal" json:"principal"`
	PrincipalName string      `db:"principal_name" json:"principalName"`
	Agent         string      `db:"agent" json:"agent"`
	AgentName     string      `db:"agent_name" json:"agentName"`
	Unit          string      `db:"unit" json:"unit"`
	UnitName      string      `db:"unit_name" json:"unitName"`
	Role          review.Role `db:"role" json:"role"`
	First         review.Date `db:"first_day" json:"from"`
	Last          review.Date `db:"last_day" json:"to"`
	Reason        string      `db:"reason" json:"reason"`
	MadeBy        string      `db:"made_by" json:"madeBy"`
	Ended         *time.Time  `db:"ended_at" json:"ended,omitempty"`
}

const agentColumns = `a.id, a.principal, p.name AS principal_name, a.agent, g.name AS agent_name, a.unit, u.name AS unit_name, a.role,
	to_char(a.first_day, 'YYYY-MM-DD') AS first_day, to_char(a.last_day, 'YYYY-MM-DD') AS last_day, a.reason, a.made_by, a.ended_at`

const agentsJoined = `
	FROM agents a
	JOIN people p ON p.id = a.principal
	JOIN people g ON g.id = a.agent
	JOIN units u ON u.id = a.unit`

// Agents lists those who act or will act, by whom they are for: of a unit when units are given, and those of a person, whether
// principal or agent.
func (db *DB) Agents(ctx context.Context, person string, units []string) ([]Agent, error) {
	out := []Agent{}
	err := db.sql.SelectContext(ctx, &out, `
		SELECT `+agentColumns+agentsJoined+`
		WHERE a.ended_at IS NULL AND a.last_day >= $1
		  AND (a.principal = $2 OR a.agent = $2 OR a.unit = ANY (CAST($3 AS text[])))
		ORDER BY a.first_day, a.principal, a.id`, db.today(), printable(person), pq.StringArray(units))
	return out, err
}

// MakeAgent lets a.Agent act for a.Principal in the role and unit. Who may ask is the caller's to know. Both must belong to the
// unit today, the principal in that very role: nobody passes on what they hold for another. Refusals: AgentRole, AgentDays,
// AgentOutside, Missing, Invalid. Asked for again, the one that is there is the answer.
func (db *DB) MakeAgent(ctx context.Context, by string, a Agent, from string) (Agent, error) {
	a.Reason = strings.TrimSpace(a.Reason)
	switch {
	case !lendable(a.Role):
		return Agent{}, review.Refuse(AgentRole, "role", string(a.Role))
	case !a.First.Valid() || a.First < review.Date(db.today()):
		return Agent{}, review.Refuse(review.Invalid, "field", "from")
	case !a.Last.Valid() || a.Last < a.First:
		return Agent{}, review.Refuse(review.Invalid, "field", "to")
	case a.Last > a.First.AddDays(AgentDaysMost-1):
		return Agent{}, review.Refuse(AgentDays, "days", "90")
	case a.Reason == "":
		return Agent{}, review.Refuse(review.Missing, "field", "reason")
	case a.Agent == a.Principal:
		return Agent{}, review.Refuse(review.Invalid, "field", "agent")
	}
	var id string
	err := refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		var made []string
		if err := tx.SelectContext(ctx, &made, `
			INSERT INTO agents (principal, agent, unit, role, first_day, last_day, reason, made_by, made_at)
			SELECT p.id, g.id, $3, $4, CAST($5 AS date), CAST($6 AS date), $7, $8, CAST($9 AS timestamptz)
			FROM people p, people g
			WHERE p.id = $1 AND p.active AND g.id = $2 AND g.active
			  AND EXISTS (SELECT FROM memberships m WHERE m.person = p.id AND m.unit = $3 AND m.role = $4
				AND m.valid_from <= $10 AND (m.valid_to IS NULL OR $10 < m.valid_to))
			  AND EXISTS (SELECT FROM memberships m WHERE m.person = g.id AND m.unit = $3 AND m.role NOT IN ('expert', 'admin', 'security_admin', 'audit_admin')
				AND m.valid_from <= $10 AND (m.valid_to IS NULL OR $10 < m.valid_to))
			ON CONFLICT (principal, agent, unit, role, first_day, last_day) WHERE ended_at IS NULL DO NOTHING
			RETURNING id`, printable(a.Principal), printable(a.Agent), printable(a.Unit), string(a.Role), string(a.First), string(a.Last), a.Reason, by,
			db.now(), db.today()); err != nil {
			return err
		}
		if len(made) == 0 {
			if err := tx.SelectContext(ctx, &made, `
				SELECT id FROM agents
				WHERE principal = $1 AND agent = $2 AND unit = $3 AND role = $4 AND first_day = $5 AND last_day = $6 AND ended_at IS NULL`,
				printable(a.Principal), printable(a.Agent), printable(a.Unit), string(a.Role), string(a.First), string(a.Last)); err != nil {
				return err
			}
			if len(made) == 0 {
				return review.Refuse(AgentOutside)
			}
			id = made[0]
			return nil
		}
		id = made[0]
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventAgentMade, Person: by, Address: from,
			What: a.Agent + " for " + a.Principal + " " + string(a.Role) + " " + a.Unit + " " + string(a.First) + " " + string(a.Last)})
	}))
	if err != nil {
		return Agent{}, err
	}
	return db.Agent(ctx, id)
}

// lendable are the roles in which somebody else can act.
func lendable(r review.Role) bool {
	return slices.Contains([]review.Role{review.Handler, review.ReviewBody, review.UnitHead, review.Officer, review.Checker, review.Approver}, r)
}

// Agent returns one agent, over or not; NotFound when there is none.
func (db *DB) Agent(ctx context.Context, id string) (Agent, error) {
	if !isUUID(id) {
		return Agent{}, review.Refuse(review.NotFound)
	}
	var a Agent
	err := db.sql.GetContext(ctx, &a, `
		SELECT `+agentColumns+agentsJoined+`
		WHERE a.id = $1`, id)
	return a, missing(err)
}

// EndAgent ends an agent at once; NotFound when it is over already.
func (db *DB) EndAgent(ctx context.Context, by, id, from string) error {
	if !isUUID(id) {
		return review.Refuse(review.NotFound)
	}
	return db.inTx(ctx, func(tx *sqlx.Tx) error { return db.endAgent(ctx, tx, by, id, from) })
}

func (db *DB) endAgent(ctx context.Context, tx *sqlx.Tx, by, id, from string) error {
	var what []string
	if err := tx.SelectContext(ctx, &what, `
		UPDATE agents SET ended_at = $2, ended_by = $3
		WHERE id = $1 AND ended_at IS NULL AND last_day >= $4
		RETURNING agent || ' for ' || principal || ' ' || role || ' ' || unit`, id, db.now(), by, db.today()); err != nil {
		return err
	}
	if len(what) == 0 {
		return review.Refuse(review.NotFound)
	}
	return db.noteIn(ctx, tx, SecurityEvent{Kind: EventAgentEnded, Person: by, Address: from, What: what[0]})
}

// Lent is a membership of another person in which somebody acts as their agent today.
type Lent struct {
	Membership
	For     string `db:"principal" json:"for"`
	ForName string `db:"principal_name" json:"forName"`
}

// Standing returns what a person can act by today beside their own memberships: those of the people whose agent they are, and for every
// membership, own or lent, the same in the units that its unit took over. Only units among the own memberships lend: an agent
// belongs to the unit, and a token that was made for one unit opens no other.
func (db *DB) Standing(ctx context.Context, p Person) (taken []Membership, lent []Lent, err error) {
	var units, roles, posts []string
	for _, m := range p.Memberships {
		if lendable(m.Role) {
			units, roles, posts = append(units, m.Unit), append(roles, string(m.Role)), append(posts, m.Post)
		}
	}
	if len(units) == 0 {
		return nil, nil, nil
	}
	stmt, err := db.stmt(ctx, `
		WITH own AS (
			SELECT DISTINCT o.unit, o.role, o.post
			FROM unnest(CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS text[])) AS o (unit, role, post)
		), lent AS (
			SELECT DISTINCT m.unit, m.role, m.post, a.principal
			FROM agents a
			JOIN people p ON p.id = a.principal AND p.active
			JOIN memberships m ON m.person = a.principal AND m.unit = a.unit AND m.role = a.role
				AND m.valid_from <= $1 AND (m.valid_to IS NULL OR $1 < m.valid_to)
			WHERE a.agent = $5 AND a.ended_at IS NULL AND $1 BETWEEN a.first_day AND a.last_day AND a.unit IN (SELECT unit FROM own)
		), held AS (
			SELECT unit, role, post, '' AS principal, false AS here FROM own
			UNION ALL
			SELECT unit, role, post, principal, true FROM lent
		)
		SELECT u.id AS unit, u.name AS unit_name, u.kind AS unit_kind, x.role, x.post, x.principal, coalesce(n.name, '') AS principal_name
		FROM (
			SELECT unit, role, post, principal FROM held WHERE here
			UNION
			SELECT t.id, h.role, h.post, h.principal FROM held h CROSS JOIN LATERAL units_taken_over(h.unit) AS t (id)
		) x
		JOIN units u ON u.id = x.unit
		LEFT JOIN people n ON n.id = x.principal
		ORDER BY u.id, x.role, x.principal`)
	if err != nil {
		return nil, nil, err
	}
	var rows []Lent
	if err := stmt.SelectContext(ctx, &rows, db.today(), pq.StringArray(units), pq.StringArray(roles), pq.StringArray(posts), p.ID); err != nil {
		return nil, nil, err
	}
	for _, r := range rows {
		if r.For == "" {
			taken = append(taken, r.Membership)
		} else {
			lent = append(lent, r)
		}
	}
	return taken, lent, nil
}
