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

// Scope is one thing that an API token may be used for.
type Scope string

// Scopes of a token. None implies another.
const (
	ScopeRead  Scope = "read"  // reading
	ScopeAct   Scope = "act"   // acting on cases, storing texts
	ScopeAdmin Scope = "admin" // what the person's administrator's role allows
)

// Scopes are all there are, in the order in which they are listed.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeAct, ScopeAdmin} }

// A token lives a day at least when a person makes it, and a year at most.
const tokenLifeMax = 366 * 24 * time.Hour

// Token is an API token as it is listed. What it is used with is not in it.
type Token struct {
	ID       string         `db:"id" json:"id"`
	Label    string         `db:"label" json:"label"`
	Unit     string         `db:"unit" json:"unit,omitempty" doc:"It acts only with the memberships in this unit"`
	UnitName string         `db:"unit_name" json:"unitName,omitempty"`
	Scopes   pq.StringArray `db:"scopes" json:"scopes" doc:"Empty: everything that the person may do"`
	Created  time.Time      `db:"created_at" json:"created"`
	Expires  time.Time      `db:"expires_at" json:"expires"`
	Used     *time.Time     `db:"used_at" json:"used,omitempty" doc:"Last use, to the minute"`
}

// NewToken is a token to be made.
type NewToken struct {
	Person string
	Label  string
	Unit   string  // "" is all units
	Scopes []Scope // none is everything
	Life   time.Duration
}

// CreateToken makes an API token for everything that a person may do, for the time given. It is shown once and stored hashed.
func (db *DB) CreateToken(ctx context.Context, person, label string, ttl time.Duration) (string, error) {
	var secret string
	err := db.inTx(ctx, func(tx *sqlx.Tx) error {
		var err error
		_, secret, err = db.createToken(ctx, tx, NewToken{Person: person, Label: label, Life: ttl}, "")
		return err
	})
	return secret, refusal(err)
}

// IssueToken makes an API token as its owner wants it; the secret is returned here and never again. A unit that the owner
// is not in today, an unknown scope and a label that is none are Invalid; a life over a year is TokenLife.
func (db *DB) IssueToken(ctx context.Context, n NewToken, from string) (t Token, secret string, err error) {
	err = db.inTx(ctx, func(tx *sqlx.Tx) error {
		t, secret, err = db.issueToken(ctx, tx, n, from)
		return err
	})
	return t, secret, refusal(err)
}

// IssueToken is DB.IssueToken in the transaction of a write that happens once. The secret is not part of what is stored.
func (t *Tx) IssueToken(ctx context.Context, n NewToken, from string) (Token, string, error) {
	return t.db.issueToken(ctx, t.tx, n, from)
}

func (db *DB) issueToken(ctx context.Context, tx *sqlx.Tx, n NewToken, from string) (Token, string, error) {
	n.Label = strings.TrimSpace(n.Label)
	switch {
	case n.Label == "":
		return Token{}, "", review.Refuse(review.Missing, "field", "label")
	case len(n.Label) > 200 || !review.CleanString(n.Label) || strings.ContainsAny(n.Label, "\r\n\t"):
		return Token{}, "", review.Refuse(review.Invalid, "field", "label")
	case n.Life <= 0 || n.Life > tokenLifeMax:
		return Token{}, "", review.Refuse(TokenLife)
	case len(n.Scopes) == 0:
		return Token{}, "", review.Refuse(review.Missing, "field", "scopes")
	}
	for _, s := range n.Scopes {
		if !slices.Contains(Scopes(), s) {
			return Token{}, "", review.Refuse(review.Invalid, "field", "scopes")
		}
	}
	if n.Unit != "" {
		var there bool
		if err := tx.GetContext(ctx, &there, `
			SELECT EXISTS (SELECT FROM memberships
				WHERE person = $1 AND unit = $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3))`,
			n.Person, printable(n.Unit), db.today()); err != nil {
			return Token{}, "", err
		}
		if !there {
			return Token{}, "", review.Refuse(review.Invalid, "field", "unit")
		}
	}
	return db.createToken(ctx, tx, n, from)
}

func (db *DB) createToken(ctx context.Context, tx *sqlx.Tx, n NewToken, from string) (Token, string, error) {
	secret, err := newToken()
	if err != nil {
		return Token{}, "", err
	}
	secret = "fr_" + secret
	now := db.now()
	t := Token{Label: n.Label, Unit: n.Unit, Created: now, Expires: now.Add(n.Life)}
	for _, s := range n.Scopes {
		t.Scopes = append(t.Scopes, string(s))
	}
	if err := tx.GetContext(ctx, &t.ID, `
		INSERT INTO api_tokens (token_hash, person, label, created_at, expires_at, scopes, unit)
		VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''))
		RETURNING id`, tokenHash(secret), n.Person, n.Label, t.Created, t.Expires, t.Scopes, n.Unit); err != nil {
		return Token{}, "", err
	}
	return t, secret, db.noteIn(ctx, tx, SecurityEvent{Kind: EventTokenCreated, Person: n.Person, Address: from, What: n.Person + " " + t.ID})
}

// Tokens lists a person's tokens that are not over, the newest first.
func (db *DB) Tokens(ctx context.Context, person string) ([]Token, error) {
	out := []Token{}
	err := db.sql.SelectContext(ctx, &out, `
		SELECT t.id, t.label, coalesce(t.unit, '') AS unit, coalesce(u.name, '') AS unit_name, t.scopes, t.created_at, t.expires_at, t.used_at
		FROM api_tokens t
		LEFT JOIN units u ON u.id = t.unit
		WHERE t.person = $1 AND t.expires_at > $2
		ORDER BY t.created_at DESC, t.id`, person, db.now())
	return out, err
}

// RevokeToken takes a person's token away at once, or anybody's when person is ""; NotFound when there is none with this id.
// by is who does it.
func (db *DB) RevokeToken(ctx context.Context, by, person, id, from string) error {
	if !isUUID(id) {
		return review.Refuse(review.NotFound)
	}
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		var whose []string
		if err := tx.SelectContext(ctx, &whose, `
			DELETE FROM api_tokens WHERE id = $2 AND ($1 = '' OR person = $1) RETURNING person`, person, id); err != nil {
			return err
		}
		if len(whose) == 0 {
			return review.Refuse(review.NotFound)
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventTokenRevoked, Person: by, Address: from, What: whose[0] + " " + id})
	})
}

// PersonByToken returns who an API token belongs to, with today's memberships, those of its unit alone when it names one,
// and with its scopes; Unauthenticated when it is unknown or over.
func (db *DB) PersonByToken(ctx context.Context, token string) (Person, error) {
	now := db.now()
	return db.bearer(ctx, `
		WITH live AS (
			SELECT token_hash, person, scopes, unit FROM api_tokens
			WHERE token_hash = $2 AND expires_at > $3
		), used AS (
			UPDATE api_tokens t SET used_at = $3 FROM live l
			WHERE t.token_hash = l.token_hash AND (t.used_at IS NULL OR t.used_at < $4)
		)
		SELECT `+personColumns+`, l.scopes, l.unit AS only_unit
		FROM live l
		JOIN people p ON p.id = l.person AND p.active`+membershipsToday+`
		ORDER BY m.unit, m.role`, db.today(), tokenHash(token), now, now.Add(-seenEvery))
}

// bearer makes a person of the rows of a session or a token.
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
	p.SecondFactor = rows[0].Factor
	for _, s := range rows[0].Scopes {
		p.Scopes = append(p.Scopes, Scope(s))
	}
	if only := rows[0].OnlyUnit; only.Valid {
		p.Memberships = slices.DeleteFunc(p.Memberships, func(m Membership) bool { return m.Unit != only.String })
	}
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
