package postgres

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// Receipt returns the answer to a request that was recorded, and whether it was.
func (db *DB) Receipt(ctx context.Context, requestID string) (review.Receipt, bool, error) {
	var row struct {
		Case    string        `db:"case_id"`
		Number  string        `db:"number"`
		Version int           `db:"version"`
		Status  review.Status `db:"to_status"`
		Digest  string        `db:"request_digest"`
	}
	stmt, err := db.stmt(ctx, `
		SELECT e.case_id, c.number, e.version, e.to_status, e.request_digest
		FROM events e
		JOIN cases c ON c.id = e.case_id
		WHERE e.request_id = $1`)
	if err != nil {
		return review.Receipt{}, false, err
	}
	err = stmt.GetContext(ctx, &row, requestID)
	if errors.Is(err, sql.ErrNoRows) {
		return review.Receipt{}, false, nil
	}
	return review.Receipt(row), err == nil, err
}

// Case returns the case as the viewer may see it; NotFound when there is none, or none for them.
func (db *DB) Case(ctx context.Context, id string, v review.Viewer) (review.Case, error) {
	c, err := db.readable(ctx, id, v)
	if err != nil {
		return review.Case{}, err
	}
	return review.View(c, v), nil
}

// readable returns the whole case, unredacted, when the viewer may read it. It must not leave this package.
func (db *DB) readable(ctx context.Context, id string, v review.Viewer) (review.Case, error) {
	if !isUUID(id) {
		return review.Case{}, review.Refuse(review.NotFound)
	}
	stmt, err := db.stmt(ctx, `
		SELECT c.state
		FROM cases c
		WHERE c.id = $1 AND EXISTS (SELECT FROM case_readers r
			WHERE r.case_id = c.id AND (r.unit = ANY ($2) OR r.person = $3 AND r.person <> ''))`)
	if err != nil {
		return review.Case{}, err
	}
	var state []byte
	if err := stmt.GetContext(ctx, &state, id, pq.StringArray(v.Units), v.Person); err != nil {
		return review.Case{}, missing(err)
	}
	var c review.Case
	if err := json.Unmarshal(state, &c); err != nil {
		return review.Case{}, fmt.Errorf("case %s: %w", id, err)
	}
	return c, nil
}

// IssuedCase reports whether the case is a new measure that was issued, by exception or not: what an amendment of an
// existing measure must be linked to.
func (db *DB) IssuedCase(ctx context.Context, id string) (bool, error) {
	if !isUUID(id) {
		return false, nil
	}
	var issued bool
	err := db.sql.GetContext(ctx, &issued, `
		SELECT EXISTS (SELECT FROM cases WHERE id = $1 AND kind = $2 AND status IN ($3, $4))`,
		id, review.New, review.Issued, review.IssuedException)
	return issued, err
}

// StatusCounts returns how many cases stand in each status, for metrics.
func (db *DB) StatusCounts(ctx context.Context) (map[review.Status]int, error) {
	var rows []struct {
		Status review.Status `db:"status"`
		N      int           `db:"n"`
	}
	if err := db.sql.SelectContext(ctx, &rows, `SELECT status, count(*) AS n FROM cases GROUP BY status`); err != nil {
		return nil, err
	}
	out := make(map[review.Status]int, len(rows))
	for _, r := range rows {
		out[r.Status] = r.N
	}
	return out, nil
}

// The groups of CaseFilter: the figures of Counts.
const (
	GroupReviewed   = "reviewed"
	GroupKept       = "kept"
	GroupAmended    = "amended"
	GroupRepealed   = "repealed"
	GroupInProgress = "inProgress"
	GroupWithdrawn  = "withdrawn"
	GroupOutOfScope = "outOfScope"
	GroupLapsed     = "lapsed"
)

// groups says which outcomes a figure counts; GroupInProgress counts none.
var groups = map[string][]string{
	GroupReviewed:   {string(review.Keep), string(review.Amend), string(review.Repeal)},
	GroupKept:       {string(review.Keep)},
	GroupAmended:    {string(review.Amend)},
	GroupRepealed:   {string(review.Repeal)},
	GroupWithdrawn:  {string(review.Withdrew)},
	GroupOutOfScope: {string(review.NotInScope)},
	GroupLapsed:     {string(review.LapsedOutcome)},
}

// CaseFilter chooses cases. Empty fields choose nothing away. With a Group the cases are those that Counts counts under
// the same period, unit, route, kind and AsOf; without one From and To are about the day of the opening, and AsOf leaves
// out what was recorded later. The Outcome is the one shown: the counted one of a Group, else the last.
type CaseFilter struct {
	Viewer   review.Viewer
	Unit     string
	Route    string
	Kind     string
	Status   string
	Outcome  string
	Query    string // part of the title, or of the number
	Group    string
	From, To review.Date
	AsOf     *time.Time
	Cursor   string // Next of the page before
	Limit    int    // 1 to 200; 0 is 50
}

// CaseRow is a case in a list. Outcome and OutcomeOn are those of the period that was asked for.
type CaseRow struct {
	ID             string         `db:"id" json:"id"`
	Number         string         `db:"number" json:"number"`
	Title          string         `db:"title" json:"title"`
	Kind           review.Kind    `db:"kind" json:"kind"`
	Route          review.Route   `db:"route" json:"route"`
	Status         review.Status  `db:"status" json:"status"`
	Unit           string         `db:"unit" json:"unit"`
	UnitName       string         `db:"unit_name" json:"unitName"`
	Outcome        review.Outcome `db:"outcome" json:"outcome"`
	OutcomeOn      review.Date    `db:"outcome_on" json:"outcomeOn"`
	Round          int            `db:"round" json:"round"`
	Version        int            `db:"version" json:"version"`
	OpenedAt       time.Time      `db:"opened_at" json:"openedAt"`
	UpdatedAt      time.Time      `db:"updated_at" json:"updatedAt"`
	Due            *time.Time     `db:"due" json:"due,omitempty"`
	DueProvisional bool           `db:"due_provisional" json:"dueProvisional,omitempty"`
	MadeUp         bool           `db:"made_up" json:"madeUp,omitempty"`
	Imported       bool           `db:"imported" json:"imported,omitempty"`
	Label          string         `db:"label" json:"label,omitempty"`
}

// CasePage is a page of cases, newest first. Next is empty on the last page. Total counts all pages.
type CasePage struct {
	Cases []CaseRow `json:"cases"`
	Next  string    `json:"next,omitempty"`
	Total int       `json:"total"`
}

// chosen is the FROM and WHERE that the page and its total share. Parameters: $1 units and $2 person of the viewer,
// $3 unit, $4 route, $5 kind, $6 status, $7 outcome, $8 query, $9 outcomes of the group, $10 in progress, $11 from,
// $12 to, $13 as of. The lateral join finds the last outcome in the period, as it is or as it was known then.
const chosen = `
	FROM cases c
	JOIN units u ON u.id = c.unit
	LEFT JOIN LATERAL (
		SELECT o.outcome, o.day
		FROM outcomes o
		WHERE o.case_id = c.id
		  AND (cardinality(CAST($9 AS text[])) = 0 AND NOT CAST($10 AS boolean)
		       OR o.day >= coalesce(CAST($11 AS date), '-infinity') AND o.day <= coalesce(CAST($12 AS date), 'infinity'))
		  AND o.recorded_at <= coalesce(CAST($13 AS timestamptz), 'infinity')
		ORDER BY o.seq DESC LIMIT 1) o ON true
	WHERE EXISTS (SELECT FROM case_readers r
		WHERE r.case_id = c.id AND (r.unit = ANY (CAST($1 AS text[])) OR r.person = $2 AND r.person <> ''))
	  AND ($3 = '' OR c.unit = $3) AND ($4 = '' OR c.route = $4) AND ($5 = '' OR c.kind = $5)
	  AND ($6 = '' OR c.status = $6) AND ($7 = '' OR o.outcome = $7)
	  AND ($8 = '' OR strpos(lower(c.title), lower($8)) > 0 OR strpos(c.number, $8) > 0)
	  AND c.recorded_at <= coalesce($13, 'infinity')
	  AND CASE
		WHEN cardinality(CAST($9 AS text[])) > 0 THEN o.outcome = ANY ($9)
		WHEN $10 THEN c.opened_on <= coalesce($12, 'infinity') AND NOT EXISTS (
			SELECT FROM outcomes x
			WHERE x.case_id = c.id AND x.day <= coalesce($12, 'infinity') AND x.recorded_at <= coalesce($13, 'infinity'))
		ELSE coalesce(c.opened_on >= $11, $11 IS NULL) AND coalesce(c.opened_on <= $12, $12 IS NULL)
	  END`

// Cases returns a page of the cases that the viewer may read. Pages hold still while cases are opened: each goes on
// after the last case of the one before.
func (db *DB) Cases(ctx context.Context, f CaseFilter) (CasePage, error) {
	args, err := f.args()
	if err != nil {
		return CasePage{}, err
	}
	at, id, err := readCursor(f.Cursor)
	if err != nil {
		return CasePage{}, err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	page := CasePage{Cases: []CaseRow{}}
	count, err := db.stmt(ctx, `SELECT count(*) `+chosen)
	if err != nil {
		return CasePage{}, err
	}
	if err := count.GetContext(ctx, &page.Total, args...); err != nil {
		return CasePage{}, refusal(err)
	}
	list, err := db.stmt(ctx, `
		SELECT c.id, c.number, c.title, c.kind, c.route, c.status, c.unit, u.name AS unit_name,
			coalesce(o.outcome, '') AS outcome, coalesce(to_char(o.day, 'YYYY-MM-DD'), '') AS outcome_on, c.round, c.version,
			c.opened_at, c.updated_at, c.due, c.due_provisional, c.made_up, c.label, c.imported `+chosen+`
		  AND (CAST($14 AS timestamptz) IS NULL OR (c.opened_at, c.id) < ($14, CAST($15 AS uuid)))
		ORDER BY c.opened_at DESC, c.id DESC
		LIMIT $16`)
	if err != nil {
		return CasePage{}, err
	}
	if err := list.SelectContext(ctx, &page.Cases, append(args, at, id, limit+1)...); err != nil {
		return CasePage{}, refusal(err)
	}
	if len(page.Cases) > limit {
		page.Cases = page.Cases[:limit]
		last := page.Cases[limit-1]
		page.Next = writeCursor(last.OpenedAt, last.ID)
	}
	return page, nil
}

func (f CaseFilter) args() ([]any, error) {
	outcomes, known := groups[f.Group]
	if !known {
		outcomes = []string{} // nil would be NULL
	}
	if f.Group != "" && f.Group != GroupInProgress && !known {
		return nil, review.Refuse(review.Invalid, "field", "group")
	}
	from, to, err := period(f.From, f.To)
	if err != nil {
		return nil, err
	}
	for _, s := range []struct{ field, value string }{{"q", f.Query}, {"unit", f.Unit}, {"route", f.Route}, {"kind", f.Kind},
		{"status", f.Status}, {"outcome", f.Outcome}} {
		if !review.CleanString(s.value) {
			return nil, review.Refuse(review.BadCharacters, "field", s.field)
		}
	}
	return []any{pq.StringArray(f.Viewer.Units), f.Viewer.Person, f.Unit, f.Route, f.Kind, f.Status, f.Outcome,
		strings.TrimSpace(f.Query), pq.StringArray(outcomes), f.Group == GroupInProgress, from, to, f.AsOf}, nil
}

// period checks the days of a filter; "" is open.
func period(from, to review.Date) (first, last *string, err error) {
	if from != "" && !from.Valid() {
		return nil, nil, review.Refuse(review.Invalid, "field", "from")
	}
	if to != "" && (!to.Valid() || to < from) {
		return nil, nil, review.Refuse(review.Invalid, "field", "to")
	}
	return null(string(from)), null(string(to)), nil
}

// A cursor is where a page ended. It means nothing to whoever carries it.
func writeCursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(at.UTC().Format(time.RFC3339Nano) + " " + id))
}

func readCursor(cursor string) (at *time.Time, id *string, err error) {
	if cursor == "" {
		return nil, nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	stamp, last, found := strings.Cut(string(raw), " ")
	t, bad := time.Parse(time.RFC3339Nano, stamp)
	if err != nil || !found || bad != nil || !isUUID(last) {
		return nil, nil, review.Refuse(review.Invalid, "field", "cursor")
	}
	return &t, &last, nil
}

// TaskRow is a case in which it is somebody's turn: what waits, in which role, since when.
type TaskRow struct {
	CaseRow
	What  review.Status `db:"what" json:"what"`
	Role  review.Role   `db:"role" json:"role"`
	Since time.Time     `db:"since" json:"since"`
}

// Tasks returns what waits for a person with these memberships, what is due first first, at most 500.
func (db *DB) Tasks(ctx context.Context, v review.Viewer, roles []Membership) ([]TaskRow, error) {
	var units, as []string
	for _, m := range roles {
		units, as = append(units, m.Unit), append(as, string(m.Role))
	}
	stmt, err := db.stmt(ctx, `
		SELECT c.id, c.number, c.title, c.kind, c.route, c.status, c.unit, u.name AS unit_name, c.outcome,
			coalesce(to_char(c.outcome_on, 'YYYY-MM-DD'), '') AS outcome_on, c.round, c.version, c.opened_at, c.updated_at,
			t.due, t.due_provisional, c.made_up, c.label, c.imported, t.what, t.role, t.since
		FROM tasks t
		JOIN cases c ON c.id = t.case_id
		JOIN units u ON u.id = c.unit
		WHERE ((t.unit, t.role) IN (SELECT unit, role FROM unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS m (unit, role))
		       OR t.person = $3 AND t.person <> '')
		  AND EXISTS (SELECT FROM case_readers r
			WHERE r.case_id = c.id AND (r.unit = ANY ($4) OR r.person = $3 AND r.person <> ''))
		ORDER BY t.due NULLS LAST, t.since, c.id
		LIMIT 500`)
	if err != nil {
		return nil, err
	}
	out := []TaskRow{}
	err = stmt.SelectContext(ctx, &out, pq.StringArray(units), pq.StringArray(as), v.Person, pq.StringArray(v.Units))
	return out, err
}
