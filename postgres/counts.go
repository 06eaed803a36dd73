package postgres

import (
	"context"
	"time"

	"github.com/fairreview/fairreview/review"
)

// CountFilter chooses what is counted. Empty fields choose nothing away; a period is from the first day to the last.
type CountFilter struct {
	From, To review.Date
	Unit     string // this unit alone, without those below it
	Route    review.Route
	Kind     review.Kind
	AsOf     *time.Time // as it was known then; nil: now
}

// Split is one kind's part of the reviewed.
type Split struct {
	Kept     int `json:"kept"`
	Amended  int `json:"amended"`
	Repealed int `json:"repealed"`
}

// Counts are the figures of a period. Each case counts once, by its last outcome in the period, and
// Reviewed = Kept + Amended + Repealed = the sum over New and Existing. InProgress is at the end of the last day.
type Counts struct {
	From       review.Date `json:"from"`
	To         review.Date `json:"to"`
	Reviewed   int         `json:"reviewed"`
	Kept       int         `json:"kept"`
	Amended    int         `json:"amended"`
	Repealed   int         `json:"repealed"`
	InProgress int         `json:"inProgress"`
	Withdrawn  int         `json:"withdrawn"`
	OutOfScope int         `json:"outOfScope"`
	Lapsed     int         `json:"lapsed"`
	New        Split       `json:"new"`
	Existing   Split       `json:"existing"`
	MadeUp     bool        `json:"madeUp"` // there are made-up cases in the record
}

// countLive adds up the counters. $1 unit (” is the sum over units), $2 from, $3 to, $4 route, $5 kind.
const countLive = `
	SELECT kind, outcome, sum(n) AS n
	FROM counters
	WHERE unit = $1 AND outcome NOT IN ('registered', 'finished')
	  AND day >= coalesce(CAST($2 AS date), '-infinity') AND day <= coalesce(CAST($3 AS date), 'infinity')
	  AND (replaced_on > $3 OR replaced_on = 'infinity')
	  AND ($4 = '' OR route = $4) AND ($5 = '' OR kind = $5)
	GROUP BY kind, outcome
	UNION ALL
	SELECT '', '', coalesce(sum(CASE outcome WHEN 'registered' THEN n ELSE -n END), 0)
	FROM counters
	WHERE unit = $1 AND outcome IN ('registered', 'finished') AND day <= coalesce($3, 'infinity')
	  AND ($4 = '' OR route = $4) AND ($5 = '' OR kind = $5)
	UNION ALL
	SELECT '', 'madeUp', count(*) FROM (SELECT FROM cases WHERE made_up LIMIT 1) m`

// countAsOf goes through the rows that were recorded by $6. The outcome of a case is the last in the period as known then.
const countAsOf = `
	SELECT kind, outcome, count(*) AS n
	FROM (
		SELECT DISTINCT ON (case_id) kind, outcome
		FROM outcomes
		WHERE recorded_at <= $6 AND ($1 = '' OR unit = $1)
		  AND day >= coalesce(CAST($2 AS date), '-infinity') AND day <= coalesce(CAST($3 AS date), 'infinity')
		  AND ($4 = '' OR route = $4) AND ($5 = '' OR kind = $5)
		ORDER BY case_id, seq DESC) o
	GROUP BY kind, outcome
	UNION ALL
	SELECT '', '', count(*)
	FROM cases c
	WHERE c.recorded_at <= $6 AND ($1 = '' OR c.unit = $1) AND c.opened_on <= coalesce($3, 'infinity')
	  AND ($4 = '' OR c.route = $4) AND ($5 = '' OR c.kind = $5)
	  AND NOT EXISTS (SELECT FROM outcomes o
		WHERE o.case_id = c.id AND o.recorded_at <= $6 AND o.day <= coalesce($3, 'infinity'))
	UNION ALL
	SELECT '', 'madeUp', count(*) FROM (SELECT FROM cases WHERE made_up LIMIT 1) m`

// Counts returns the figures of a period: published ones, so nobody need be signed in to see the totals.
func (db *DB) Counts(ctx context.Context, f CountFilter) (Counts, error) {
	from, to, err := period(f.From, f.To)
	if err != nil {
		return Counts{}, err
	}
	for _, s := range []struct{ field, value string }{{"unit", f.Unit}, {"route", string(f.Route)}, {"kind", string(f.Kind)}} {
		if !review.CleanString(s.value) {
			return Counts{}, review.Refuse(review.BadCharacters, "field", s.field)
		}
	}
	query, args := countLive, []any{f.Unit, from, to, string(f.Route), string(f.Kind)}
	if f.AsOf != nil {
		query, args = countAsOf, append(args, *f.AsOf)
	}
	stmt, err := db.stmt(ctx, query)
	if err != nil {
		return Counts{}, err
	}
	var rows []struct {
		Kind    review.Kind `db:"kind"`
		Outcome string      `db:"outcome"`
		N       int         `db:"n"`
	}
	if err := stmt.SelectContext(ctx, &rows, args...); err != nil {
		return Counts{}, refusal(err)
	}
	c := Counts{From: f.From, To: f.To}
	for _, r := range rows {
		split := &c.New
		if r.Kind == review.Existing {
			split = &c.Existing
		}
		switch r.Outcome {
		case string(review.Keep):
			split.Kept += r.N
		case string(review.Amend):
			split.Amended += r.N
		case string(review.Repeal):
			split.Repealed += r.N
		case string(review.Withdrew):
			c.Withdrawn += r.N
		case string(review.NotInScope):
			c.OutOfScope += r.N
		case string(review.LapsedOutcome):
			c.Lapsed += r.N
		case "madeUp":
			c.MadeUp = r.N > 0
		case "":
			c.InProgress = r.N
		}
	}
	c.Kept = c.New.Kept + c.Existing.Kept
	c.Amended = c.New.Amended + c.Existing.Amended
	c.Repealed = c.New.Repealed + c.Existing.Repealed
	c.Reviewed = c.Kept + c.Amended + c.Repealed
	return c, nil
}
